import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.io import formats, read, write
from tests.io import make


def test_the_list_of_formats_says_which_are_written():
    assert formats()["coco"] == (True, True) and formats()["deeplabcut-h5"] == (True, False)
    assert len(formats()) >= 14


@pytest.mark.parametrize(("format", "suffix"), [
    ("coco", ".json"), ("coco-results", ".json"), ("wholebody", ".json"), ("posetrack", ".json"),
    ("mpii", ".json"), ("aic", ".json"), ("openpose", ""), ("mediapipe", ".json"), ("pts", ""),
    ("deeplabcut", ".csv"), ("csv", ".csv"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*does not hold")
def test_a_file_is_recognised_by_its_content(tmp_path, format, suffix):
    labels = make.labels_for(format)
    labels = labels.at([0, 2]) if format == "pts" else labels
    write(labels, tmp_path / f"x{suffix}", format)
    again = read(tmp_path / f"x{suffix}")
    np.testing.assert_array_equal(again.keypoints, labels.keypoints)
    assert again.skeleton.name == labels.skeleton.name


@pytest.mark.parametrize(("content", "got"), [
    ('[{"bbox": [1, 2, 3, 4], "image_id": 1}]', "boxes without keypoints"),
    ('{"cam": {"R": [], "T": []}}', "a camera calibration"),
    ('{"images": []}', "images without annotations"), ("{}", "another"),
    ("text", "text that begins with 'text'"), ("", "an empty file"), ("\xff\xfe\x00", "another"),
])  # fmt: skip
def test_another_file_is_refused_with_the_formats_and_what_it_is(tmp_path, content, got):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"x.json: expected a file of keypoints \(.*, got {got}"):
        read(path)


def test_an_empty_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ValueError, match="got a folder without such files"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing.json: no such file"):
        read(tmp_path / "missing.json")


def test_wrong_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="format: expected one of auto, wholebody"):
        read(tmp_path, "COCO")
    with pytest.raises(ValueError, match="skeleton: expected a Skeleton"):
        read(tmp_path, skeleton="COCO_17")
    with pytest.raises(ValueError, match="category: expected an id or a name"):
        read(tmp_path, category=1.5)
    with pytest.raises(ValueError, match="format: expected one of wholebody"):
        write(make.labels_for("coco"), tmp_path / "x", "deeplabcut-h5")


def test_labels_of_another_skeleton_are_not_written_in_a_format_of_one(tmp_path):
    with pytest.raises(ValueError, match="expected the 16 keypoints of MPII_16 .*, got COCO_17"):
        write(make.labels_for("coco"), tmp_path / "x", "mpii")
    assert list(tmp_path.iterdir()) == [] and make.labels_for("coco").skeleton is COCO_17
