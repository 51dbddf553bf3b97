import numpy as np
import pytest

from npkpose import Poses, Skeleton
from npkpose.image.draw import draw_poses


def test_limbs_are_drawn_between_their_keypoints_and_missing_ones_are_not():
    pytest.importorskip("PIL")
    skeleton = Skeleton("ARM", ("a", "b", "c"), ((0, 1), (1, 2)))
    image = np.full((40, 60, 3), 100, np.uint8)
    poses = Poses([[(10, 20), (50, 20), (np.nan, np.nan)]])
    drawn = draw_poses(image, poses, skeleton, width=2)
    changed = (drawn != image).any(axis=2)
    assert changed[20, 12:48].all() and not changed[:15].any() and not changed[26:].any()
    assert (image == 100).all()
    np.testing.assert_array_equal(draw_poses(image, Poses.empty(3), skeleton), image)
