import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.io import read

HEADER = "image_id,image,width,height,instance,keypoint,x,y,visibility,score\n"


def test_a_table_written_by_hand_is_read(tmp_path):
    (tmp_path / "x.csv").write_text(
        "keypoint,x,y,instance,image\ntail,1,2,a,1.png\nhead,3,4,a,1.png\nhead,5,6,b,2.png\n"
    , encoding="utf-8")
    labels = read(tmp_path / "x.csv")
    assert labels.skeleton.keypoints == ("tail", "head") and len(labels.images) == 2
    assert labels.images[0] == ("1.png", "1.png", None, None)
    np.testing.assert_array_equal(labels.keypoints[1], [[np.nan, np.nan], [5, 6]])


def test_keypoints_of_a_published_skeleton_may_stand_in_any_order(tmp_path):
    rows = [f"0,a.png,,,0,{name},{k},1,,\n" for k, name in enumerate(COCO_17.keypoints)]
    (tmp_path / "x.csv").write_text(HEADER + "".join(reversed(rows)), encoding="utf-8")
    labels = read(tmp_path / "x.csv")
    assert labels.skeleton is COCO_17 and labels.keypoints[0, :, 0].tolist() == list(range(17))


@pytest.mark.parametrize(("row", "message"), [
    ("1,a.png,,,0,head,x,2,,", "x.csv: line 3: x: expected a number, got 'x'"),
    ("1,a.png,,,0,head,1,2,3,", "x.csv: line 3: visibility: expected 0, 1 or 2, got '3'"),
    ("1,a.png,0,,0,head,1,2,,", "x.csv: line 3: width: expected a whole number of pixels"),
    ("2,b.png,,,0,head,1,2,,", "x.csv: line 3: instance: expected one of its own in each image"),
    ("1,a.png", "x.csv: line 3: expected 10 cells, got 2"),
])  # fmt: skip
def test_an_error_names_line_and_column(tmp_path, row, message):
    (tmp_path / "x.csv").write_text(f"{HEADER}1,a.png,,,0,head,1,2,,\n{row}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "x.csv")


def test_a_keypoint_of_another_skeleton_is_named(tmp_path):
    (tmp_path / "x.csv").write_text(f"{HEADER}1,a.png,,,0,wing,1,2,,\n", encoding="utf-8")
    with pytest.raises(ValueError, match="keypoint: expected one of COCO_17, got 'wing'"):
        read(tmp_path / "x.csv", skeleton=COCO_17)
