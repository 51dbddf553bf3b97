import numpy as np

from npkpose import Grid, Skeleton, gaussian_heatmaps
from npkpose.codec.paf.nearest_baseline import group_nearest

CHAIN = Skeleton("CHAIN", ("a", "b", "c"), ((0, 1), (1, 2)))
PEOPLE = np.array([[(4, 4), (7, 6), (6, 9)], [(24, 5), (20, 7), (22, 10)]], float)


def test_people_who_stand_apart_are_found():
    poses = group_nearest(gaussian_heatmaps(PEOPLE, (14, 30), 1.0).max(axis=0), CHAIN)
    order = np.argsort(poses.keypoints[:, 0, 0])
    np.testing.assert_allclose(poses.keypoints[order], PEOPLE, atol=0.1)
    np.testing.assert_allclose(poses.scores, 1, atol=1e-6)


def test_two_people_may_take_the_same_peak_and_a_keypoint_without_a_peak_is_missing():
    heatmaps = gaussian_heatmaps(PEOPLE, (14, 30), 1.0)
    heatmaps[1, 1], heatmaps[:, 2] = 0.0, 0.0
    poses = group_nearest(heatmaps.max(axis=0), CHAIN)
    np.testing.assert_allclose(poses.keypoints[:, 1], PEOPLE[[0, 0], 1], atol=0.1)
    assert poses.present.tolist() == [[True, True, False]] * 2


def test_with_a_grid_people_are_in_image_pixels():
    grid = Grid(4, "centre")
    heatmaps = gaussian_heatmaps(PEOPLE, (14, 30), 1.0).max(axis=0)
    plain, on_image = group_nearest(heatmaps, CHAIN), group_nearest(heatmaps, CHAIN, grid)
    np.testing.assert_array_equal(on_image.keypoints, 4 * (plain.keypoints + 0.5) - 0.5)


def test_no_peaks_give_an_empty_poses_of_the_right_shape():
    assert group_nearest(np.zeros((3, 8, 8)), CHAIN).keypoints.shape == (0, 3, 2)
