import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from npkpose.metrics.coco import extents as module
from npkpose.metrics.coco.extents import extents
from npkpose.reference.metrics.coco import extents as reference


def test_the_box_around_three_points():
    assert extents(np.array([[(1.0, 9.0), (-2.0, 4.0), (0.0, 5.0)]])).tolist() == [15.0]
    assert extents(np.zeros((2, 0, 2))).tolist() == [0, 0]
    assert extents(np.zeros((0, 3, 2))).tolist() == []


@given(st.integers(0, 2**32 - 1))
def test_extents_equal_the_reference_also_with_nan_and_infinity(seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(-9, 9, (5, rng.integers(1, 6), 2)) / 8
    odd = rng.random(points.shape) < 0.1
    points[odd] = rng.choice([np.nan, np.inf, -np.inf, 1e200, -1e200], odd.sum())
    np.testing.assert_array_equal(extents(points), reference.extents(points))


def test_one_specialisation_serves_every_input():
    extents(np.ones((2, 3, 2)))
    assert len(getattr(module._extents, "signatures", [None])) == 1
