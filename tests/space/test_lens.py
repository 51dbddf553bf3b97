import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.reference.space import lens as reference
from npkpose.space import lens as module
from npkpose.space.lens import Lens, distort, distortion_derivative, undistort

BARREL = Lens(-0.28, 0.17, -2e-3, 1e-3, -0.037, 2.0)
H36M = Lens(-0.2, 0.24, -1e-3, -3e-3, -0.002, 1.0)
PINCUSHION = Lens(0.3, 0.1, 5e-3, -5e-3, 0.0, 2.0)
RATIONAL = Lens(0.5, -0.1, 1e-3, -1e-3, 0.01, 2.0, 0.8, 0.05, -0.01)
PRISM = BARREL._replace(s1=4e-3, s2=-2e-3, s3=-3e-3, s4=1e-3)
LENSES = [Lens(), BARREL, H36M, PINCUSHION, RATIONAL, PRISM]
places = arrays(np.float64, (4, 2), elements=st.integers(-8, 8).map(lambda n: n / 16))


def test_a_point_worked_by_hand():
    # r^2 = 5/4, s = 1 + .1 * 5/4 + 2 (.02 * .5 + .03 * 1) = 1.205
    lens = Lens(k1=0.1, p1=0.02, p2=0.03, m=2.0)
    np.testing.assert_allclose(distort(np.array([1, 0.5]), lens), [1.2425, 0.6275], rtol=1e-14)
    # a divisor of 1 + .2 * 5/4 halves nothing but the radial part: s = 1.125 / 1.25 + .08 = .98
    rational = lens._replace(k4=0.2)
    np.testing.assert_allclose(distort(np.array([1, 0.5]), rational), [1.0175, 0.515], rtol=1e-14)
    # a prism adds .1 * 5/4 to x, and .2 * 25/16 to y
    prism = lens._replace(s1=0.1, s4=0.2)
    np.testing.assert_allclose(distort(np.array([1, 0.5]), prism), [1.3675, 0.94], rtol=1e-14)
    # in the other model p contributes half as much to s: s = 1.165
    h36m = lens._replace(m=1.0)
    np.testing.assert_allclose(distort(np.array([1, 0.5]), h36m), [1.2025, 0.6075], rtol=1e-14)


def test_a_pinhole_moves_nothing():
    points = np.array([[3.0, -2.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(distort(points, Lens()), [[3, -2], [np.nan, np.nan]])
    np.testing.assert_array_equal(undistort(points, Lens()), points)


def test_opencv_distorts_in_the_same_way():
    cv2 = pytest.importorskip("cv2")
    points = np.random.default_rng(0).uniform(-0.8, 0.8, (200, 2))
    solid = np.column_stack([points, np.ones(200)])
    for lens in (BARREL, PINCUSHION, RATIONAL, PRISM):
        given = np.array(lens.coefficients)
        expected, _ = cv2.projectPoints(solid, *np.zeros((2, 3)), np.eye(3), given)
        np.testing.assert_allclose(distort(points, lens), expected[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("lens", LENSES)
@given(places)
def test_undistorting_undoes_distorting(lens, points):
    np.testing.assert_allclose(undistort(distort(points, lens), lens), points, rtol=0, atol=1e-9)


@pytest.mark.parametrize("lens", [*LENSES[1:], Lens(k1=-1.0, m=2.0)])
def test_undistorting_matches_the_reference_up_to_the_corners_of_a_wide_image(lens):
    points = 0.8 * np.moveaxis(np.mgrid[-1:1:21j, -1:1:21j], 0, -1)  # (21, 21, 2)
    expected = reference.undistort(points.reshape(-1, 2), lens).reshape(points.shape)
    np.testing.assert_allclose(undistort(points, lens), expected, rtol=0, atol=1e-11)
    assert len(getattr(module._undistort, "signatures", [None])) == 1


@pytest.mark.parametrize("lens", LENSES)
@given(places)
def test_the_derivative_is_that_of_central_differences(lens, points):
    exact, eps = distortion_derivative(points, lens), 1e-6
    for axis in range(2):
        step = eps * np.eye(2)[axis]
        change = distort(points + step, lens) - distort(points - step, lens)
        np.testing.assert_allclose(exact[..., axis], change / (2 * eps), rtol=0, atol=1e-8)


def test_a_point_without_a_ray_is_nan_and_the_others_are_unaffected():
    # x' = x (1 - x^2) has its maximum 0.385 on the axis at x = 0.577 and then decreases
    lens = Lens(k1=-1.0, m=2.0)
    ideal = undistort(np.array([[0.38, 0.0], [0.39, 0.0], [5, 5], [np.nan, 0], [0.1, 0]]), lens)
    np.testing.assert_array_equal(np.isnan(ideal).any(axis=1), [False, True, True, True, False])
    assert 0.5 < ideal[0, 0] < 0.577
    assert undistort(np.array([0.39, 0.0]), lens).shape == (2,)
    assert undistort(np.empty((0, 2)), lens).shape == (0, 2)
