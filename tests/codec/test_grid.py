import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import Grid
from npkpose.codec.grid import CONVENTIONS


def test_the_three_conventions_at_hand_worked_points():
    for convention, first, last in (("index", 0, 28), ("centre", 1.5, 29.5), ("corner", 0, 31)):
        grid = Grid(4, convention)
        np.testing.assert_allclose(
            grid.to_image([(0, 0), (7, 7)], 8), [(first, first), (last, last)], atol=1e-12
        )


@given(
    st.sampled_from(CONVENTIONS),
    st.tuples(st.integers(1, 64), st.integers(1, 64)).map(lambda s: (s[0] / 4, s[1] / 4)),
    st.tuples(st.integers(-100, 1000), st.integers(-100, 1000)).map(lambda p: np.array(p) / 8),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_a_round_trip_is_exact(convention, stride, point, size):
    if convention == "corner":
        stride = (stride[0] + 1, stride[1] + 1)  # corners need an image of two pixels
    grid = Grid(stride, convention)
    back = grid.to_image(grid.to_map(point, size), size)
    np.testing.assert_allclose(back, point, rtol=0, atol=1e-6)


def test_nan_stays_nan_and_empty_stays_empty():
    assert np.isnan(Grid(8).to_image([np.nan, np.nan])).all()
    assert Grid(8, "centre").to_map(np.empty((0, 17, 2))).shape == (0, 17, 2)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Grid(0), "stride: expected more than 0"),
        (lambda: Grid((4, np.nan)), "stride: expected a finite number"),
        (lambda: Grid((4, 4, 4)), "stride: expected one or two numbers"),
        (lambda: Grid("4"), "stride: expected a finite number"),
        (lambda: Grid(4, "center"), "convention: expected one of index, centre, corner"),
        (lambda: Grid(4, "corner").to_image((1, 2)), "map_size: expected an int or"),
        (lambda: Grid(4).to_image((1, 2, 3)), "points: expected shape"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
