import numpy as np
import pytest

from npkpose import Poses
from npkpose.space import epipolar
from npkpose.space.camera import Camera
from npkpose.space.epipolar import compare, epipolar_distances, fundamental_matrix, median


def test_an_epipolar_line_worked_by_hand():
    # Side by side, focal length 100, no rotation: epipolar lines are rows; 50 and 53 are 3 apart.
    cameras = [Camera(np.eye(3), (-x, 0, 0), (100, 100), (50, 50)) for x in (0, 2)]
    F = fundamental_matrix(*cameras)
    a, b = np.array([[70.0, 50], [70, 50], [np.nan, 50]]), np.array([[20.0, 50], [90, 53], [1, 1]])
    np.testing.assert_allclose(epipolar_distances(a, b, F), [0, 3, np.nan], atol=1e-12)
    assert np.isnan(epipolar_distances(a, b, 0 * F)).all()  # two cameras at one position: no line


def test_every_point_lies_on_its_epipolar_line_which_is_opencvs(ring):
    cv2 = pytest.importorskip("cv2")
    first, second = ring("opencv", 2)
    points = np.random.default_rng(1).uniform(-900, 900, (30, 3))
    a, b = (camera.undistort(camera.project(points)) for camera in (first, second))
    F = fundamental_matrix(first, second)
    np.testing.assert_allclose(epipolar_distances(a, b, F), 0, atol=1e-7)
    lines = cv2.computeCorrespondEpilines(a[:, None], 1, F)[:, 0]
    b, homogeneous = b + [3, 40], np.column_stack([b + [3, 40], np.ones(30)])
    back = cv2.computeCorrespondEpilines(b[:, None], 2, F)[:, 0]
    expected = abs((homogeneous * lines).sum(axis=1))
    expected += abs((np.column_stack([a, np.ones(30)]) * back).sum(axis=1))
    np.testing.assert_allclose(epipolar_distances(a, b, F), expected / 2, rtol=1e-6)


def test_distance_and_support_worked_by_hand():
    # As above: rows 3, 6 and 30 apart, of scores .5, 1 and 1; the fourth is below the least score.
    cameras = [Camera(np.eye(3), (-x, 0, 0), (100, 100), (50, 50)) for x in (0, 2)]
    a = Poses([[(70, 50), (20, 50), (30, 50), (40, 50)]], [[0.5, 1, 1, 0.2]])
    b = Poses([[(20, 53), (10, 56), (90, 80), (40, 50)], [(1, 1)] * 4], [[1] * 4, [0.1] * 4])
    D, S = compare([a, b], cameras, 15, 0.3)
    np.testing.assert_allclose(D[0], [np.nan, 6, np.nan])
    np.testing.assert_allclose(S[0, 1], 0.5 * (1 - 3 / 15) + 1 * (1 - 6 / 15))
    np.testing.assert_array_equal(D, D.T)
    exact = [Poses(a.keypoints, a.scores)] * 2
    assert compare(exact, cameras, 0, 0.3)[1][0, 1] == 2.5  # all on their lines


def test_blocks_of_rows_change_nothing(ring, monkeypatch):
    cameras, rng = ring("opencv", 3), np.random.default_rng(0)
    people = [Poses(camera.project(rng.uniform(-500, 500, (7, 5, 3)))) for camera in cameras]
    expected = compare(people, cameras, 100, 0)
    monkeypatch.setattr(epipolar, "_BLOCK", 60)
    np.testing.assert_array_equal(compare(people, cameras, 100, 0), expected)


def test_the_median_passes_over_nan():
    values = np.array([[3, np.nan, 1, 2], [np.nan] * 4, [4, 1, np.nan, np.nan]])
    np.testing.assert_array_equal(median(values), [2, np.nan, 2.5])
    assert median(np.empty((3, 0))).shape == (3,)


@pytest.mark.filterwarnings("error")
def test_nothing_far_from_a_line_of_no_width_supports_a_pair():
    d, scores = np.array([[0.0, 1e10, np.nan]]), np.array([[0.5, 0.0, 1.0]])
    np.testing.assert_array_equal(epipolar._support(d, scores, 0.0), [0.5])
