import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import Grid, decode_heatmaps, gaussian_heatmaps
from npkpose.grid import CONVENTIONS


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
        stride = (stride[0] + 1, stride[1] + 1)  # corner pixels need an image of two pixels
    grid = Grid(stride, convention)
    back = grid.to_image(grid.to_map(point, size), size)
    np.testing.assert_allclose(back, point, rtol=0, atol=1e-6)


def test_nan_stays_nan_and_empty_stays_empty():
    assert np.isnan(Grid(8).to_image([np.nan, np.nan])).all()
    assert Grid(8, "centre").to_map(np.empty((0, 17, 2))).shape == (0, 17, 2)


@given(
    st.sampled_from(CONVENTIONS),
    st.tuples(st.integers(2, 12), st.integers(2, 12)),
    st.tuples(st.integers(0, 64), st.integers(0, 64)),
)
def test_a_flipped_images_map_agrees_once_flipped_back_and_moved(convention, stride, where):
    grid, height, width = Grid(stride, convention), 20, 24
    image_width, image_height = stride[0] * width, stride[1] * height
    point = np.array(where) / 64 * (image_width - stride[0], image_height - stride[1])
    flipped = (image_width - 1 - point[0], point[1])
    maps = gaussian_heatmaps([[point], [flipped]], (height, width), grid=grid, dtype=np.float64)
    there, back = decode_heatmaps(np.stack([maps[0], maps[1, ..., ::-1]]))[0][:, 0]
    np.testing.assert_allclose(back + (grid.flip_shift(), 0), there, rtol=0, atol=1e-6)


def test_the_flip_shift_is_nearly_one_pixel_for_index_and_none_for_the_others():
    assert Grid(4).flip_shift() == 0.75
    assert Grid((8, 2)).flip_shift() == 0.875
    assert Grid(4, "centre").flip_shift() == Grid(4, "corner").flip_shift() == 0


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Grid(0), "stride: expected more than 0"),
        (lambda: Grid((4, np.nan)), "stride: expected a finite number"),
        (lambda: Grid((4, 4, 4)), "stride: expected one or two numbers"),
        (lambda: Grid("4"), "stride: expected a finite number"),
        (lambda: Grid(4, "center"), "convention: expected one of index, centre, corner"),
        (lambda: Grid(4, "corner").to_image((1, 2)), "map_size: expected an int or"),
        (lambda: Grid(4).to_image((1, 2), 1j), "map_size: expected an integer, got 1j"),
        (lambda: Grid(4, "centre").to_map((1, 2), 10**400), "map_size: expected at most 1000000"),
        (lambda: Grid(4).to_image((1, 2, 3)), "points: expected shape"),
        (lambda: Grid(4).to_image((1, 2), "8"), "map_size: expected an integer, got '8'"),
        (lambda: Grid(4, "centre").to_map((1, 2), -1), "map_size: expected at least 0, got -1"),
        (lambda: Grid([[4, 4], [4, 4]]), "stride: expected a finite number"),
        (lambda: Grid([4, [4, 4]]), "stride: expected a finite number"),
        (lambda: Grid(10**400), "stride: expected a finite number, got 1000"),
        (lambda: Grid(1e300).to_image((1e300, 0)), "points: expected a place within .* got 1e.300"),
        (lambda: Grid(1e-300).to_map((1e300, 0)), "points: expected a place within .* got 1e.300"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("stride, size", [(0.5, 2), (0.25, 3), ((4, 0.5), (2, 9)), (0.2, 5)])
def test_a_corner_map_without_extent_or_mirrored_is_refused(stride, size):
    for convert in (Grid(stride, "corner").to_map, Grid(stride, "corner").to_image):
        with pytest.raises(ValueError, match="map_size: expected a map on more than one image"):
            convert([[1.0, 1.0]], size)


def test_a_corner_map_of_one_pixel_or_of_little_more_keeps_the_order_of_points():
    for grid, size in ((Grid(0.25, "corner"), 1), (Grid(0.51, "corner"), 2)):
        low, high = grid.to_map([(0, 0), (1, 1)], size)
        assert (low < high).all()
