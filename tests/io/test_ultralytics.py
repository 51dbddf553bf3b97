import pytest

from npkpose import COCO_17
from npkpose.io import read

pytest.importorskip("PIL")
SETTINGS = "# a comment\npath: .\nkpt_shape: [2, 3]  # K, numbers\nnames:\n  0: worm\n  1: eel\n"


def folder_of(path, rows, settings=SETTINGS):
    from PIL import Image

    (path / "images" / "train").mkdir(parents=True)
    (path / "labels" / "train").mkdir(parents=True)
    (path / "data.yaml").write_text(settings, encoding="utf-8")
    (path / "labels" / "train" / "a.txt").write_text(rows, encoding="utf-8")
    Image.new("RGB", (64, 32)).save(path / "images" / "train" / "a.png")
    return path


def test_shares_of_the_image_become_pixels(tmp_path):
    rows = "0 0.5 0.5 0.25 0.5 0.125 0.25 2 0 0 0\n1 0.5 0.5 0.25 0.5 0.5 0.5 1 1 1 2 0.75\n"
    labels = read(folder_of(tmp_path, rows))
    assert labels.images[0] == (0, "images/train/a.png", 64, 32)
    assert labels.keypoints[0, 0].tolist() == [8, 8]
    assert labels.visibility.tolist() == [[2, 0], [1, 2]]
    assert labels.boxes[0].tolist() == [24, 8, 16, 16] and labels.instance_scores[1] == 0.75
    assert labels.categories == {0: "worm", 1: "eel"}
    assert labels.fields["category_ids"].tolist() == [0, 1]


def test_two_numbers_for_each_keypoint_are_visible_ones(tmp_path):
    settings = "kpt_shape: [2, 2]\nnames: [worm]\nkpt_names:\n  0:\n    - head\n    - tail\n"
    labels = read(folder_of(tmp_path, "0 0.5 0.5 0.25 0.5 0.125 0.25 0 0", settings))
    assert labels.visibility.tolist() == [[2, 0]] and labels.category == "worm"
    assert labels.skeleton.keypoints == ("head", "tail")


@pytest.mark.parametrize(("rows", "settings", "message"), [
    ("0 0.5 0.5", SETTINGS, "a.txt: line 1: expected 11 numbers, got 3"),
    ("\n0 0.5 0.5 0.25 0.5 x 0.25 2 0 0 0", SETTINGS, "a.txt: line 2: expected numbers"),
    ("0.5 0.5 0.5 0.25 0.5 1 0.25 2 0 0 0", SETTINGS, "a.txt: line 1: expected a class and finite"),
    ("", "names: [a]", r"data.yaml: kpt_shape: expected \[keypoints, 2 or 3\], got None"),
    ("", "kpt_shape: [2, 3]\n???\n", r"data.yaml: line 2: expected key: value, got '\?\?\?'"),
])  # fmt: skip
def test_an_error_names_file_and_line(tmp_path, rows, settings, message):
    with pytest.raises(ValueError, match=message):
        read(folder_of(tmp_path, rows, settings))


def test_an_image_without_a_file_and_another_skeleton_are_named(tmp_path):
    folder_of(tmp_path, "")
    with pytest.raises(ValueError, match="kpt_shape: expected 17 keypoints of COCO_17, got 2"):
        read(tmp_path, skeleton=COCO_17)
    (tmp_path / "images" / "train" / "a.png").unlink()
    with pytest.raises(ValueError, match="a.txt: expected an image of this name, whose size is"):
        read(tmp_path)
