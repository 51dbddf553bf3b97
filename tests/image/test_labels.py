import numpy as np
import pytest

from npkpose import Poses, Skeleton
from npkpose.image.draw_style import DrawStyle
from npkpose.image.labels import _free_box, write_labels
from npkpose.image.text import text_masks

pytest.importorskip("PIL", reason="text needs Pillow")

ROW = Skeleton("ROW", ("a_b", "c", "dd"), ())


def written(keypoints, skeleton=ROW, **style):
    """Return which pixels of a canvas of 60 x 90 text with limbs of 2 pixels changes."""
    canvas = np.full((60, 90, 3), 99, np.uint8)
    looks = np.full(len(keypoints), 2.0), np.full((len(keypoints), 3), 50.0)
    write_labels(canvas, Poses(keypoints), skeleton, looks, DrawStyle(**style))
    return (canvas != 99).any(axis=2)


def test_names_lie_on_the_outer_side_of_their_keypoints():
    y, x = np.nonzero(written([[(40, 20), (50, 40), (np.nan, np.nan)]], labels="names"))
    left, right = x[y < 30], x[y > 30]
    assert left.max() < 40 and right.min() > 50
    high, wide = text_masks("a b", 8)[0].shape
    assert np.ptp(left) < wide and np.ptp(y[y < 30]) < high and abs(y[y > 30].mean() - 40) < 3


def test_a_name_moves_by_a_line_where_another_one_is():
    taken = np.array([[0.0, 0.0, 20.0, 10.0], [0.0, 10.0, 9.0, 20.0]])
    for box, expected in (
        ([30, 5, 40, 15], [30, 5, 40, 15]), ([15, 2, 25, 12], [15, 12, 25, 22]),
        ([5, 5, 15, 15], [5, 25, 15, 35]),  # one line down or up is taken too
    ):  # fmt: skip
        assert _free_box(np.array(box, float), taken).tolist() == expected
    everywhere = np.array([[-100.0, -100.0, 100.0, 100.0]])
    assert _free_box(np.array([0.0, 0, 5, 5]), everywhere).tolist() == [0, 0, 5, 5]


def test_the_id_is_above_the_highest_keypoint_and_inside_the_image():
    rows = np.flatnonzero(written([[(40, 40), (50, 50), (45, 55)]], ids=True).any(axis=1))
    assert rows.max() < 40 and rows.min() > 15
    corner = written([[(0, 0), (2, 3), (1, 1)]], ids=True, scores=True)
    assert corner[0, 0] and not corner[:, 70:].any()
    assert not written([[(-5, 5), (95, 5), (np.nan, np.nan)]], ids=True, labels="numbers").any()
