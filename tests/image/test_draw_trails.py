import numpy as np
import pytest

from npkpose import Poses
from npkpose.image.draw_trails import draw_trails
from npkpose.image.palettes import id_colours


def frame(*places, ids):
    return Poses([[(x, y), (x + 4, y)] for x, y in places], ids=ids)


def test_a_trail_follows_the_id_and_grows_opaque_towards_the_newest_frame():
    image = np.zeros((30, 60, 3), np.uint8)
    frames = [
        frame((10, 8), (10, 22), ids=[3, 8]), frame((30, 22), (25, 8), ids=[8, 3]),
        frame((40, 8), (50, 22), ids=[3, 8]),
    ]  # fmt: skip
    drawn = draw_trails(image, frames, keypoint=0, width=3, opacity=1)
    for y, id_ in ((8, 3), (22, 8)):
        colour = id_colours([id_])[0]
        np.testing.assert_allclose(drawn[y, 15], 0.5 * colour, atol=1)  # between frames 0 and 1
        np.testing.assert_allclose(drawn[y, 38], colour, atol=1)
    assert not drawn[12:18].any() and not drawn[:, :7].any()
    mean = draw_trails(image, frames, width=3, opacity=1)  # of both keypoints: 2 pixels on
    np.testing.assert_array_equal(mean[:, 8:], drawn[:, 6:-2])


def test_a_missing_person_leaves_a_gap():
    image, ids = np.zeros((20, 60, 3), np.uint8), [1]
    frames = [frame((5, 9), ids=ids), frame((20, 9), ids=ids), Poses.empty(2),
              frame((40, 9), ids=ids), frame((55, 9), ids=ids)]  # fmt: skip
    shown = draw_trails(image, frames, keypoint=0, width=2)[9].any(axis=1)
    assert shown[6:20].all() and not shown[23:38].any() and shown[42:55].all()
    assert not draw_trails(image, frames[:1]).any() and not draw_trails(image, []).any()


def test_what_is_no_sequence_of_poses_is_refused():
    image = np.zeros((4, 4, 3), np.uint8)
    for name, arguments in (
        ("frames", (3,)), (r"frames\[0\]", ([1],)), ("keypoint", ([Poses.empty(2)], 2)),
        ("width", ([], None, 0)), ("opacity", ([], None, None, 2)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            draw_trails(image, *arguments)
