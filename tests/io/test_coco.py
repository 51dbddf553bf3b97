import json

import numpy as np
import pytest

from npkpose import BODY_25, COCO_17
from npkpose.io import read, write

NAMES = ["left_end", "right_end", "tip"]


def annotation(**changes):
    whole = {
        "id": 5, "image_id": 7, "category_id": 1, "keypoints": [1, 2, 2, 3.5, 4, 1, 0, 0, 0],
        "bbox": [0, 1, 5, 6], "area": 12.5, "iscrowd": 0, "num_keypoints": 2,
    }  # fmt: skip
    return {name: value for name, value in {**whole, **changes}.items() if value is not ...}


def file_of(path, *annotations, images=None, categories=None, encoding="utf-8"):
    """Write a file of these annotations; return its path."""
    usual = [{"id": 7, "file_name": "a\\b.png", "width": 64, "height": 48}]
    category = {"id": 1, "name": "worm", "keypoints": NAMES, "skeleton": [[1, 2], [2, 3]]}
    data = {
        "images": images or usual, "annotations": list(annotations),
        "categories": [category] if categories is None else categories,
    }  # fmt: skip
    path = path / "labels.json"
    path.write_text(json.dumps(data), encoding)
    return path


def test_a_small_file_is_read_as_it_stands(tmp_path):
    labels = read(file_of(tmp_path, annotation(), annotation(id=6, iscrowd=1)))
    np.testing.assert_array_equal(labels.keypoints[0], [[1, 2], [3.5, 4], [np.nan, np.nan]])
    assert labels.visibility[0].tolist() == [2, 1, 0] and labels.ignored.tolist() == [False, True]
    assert labels.boxes[0].tolist() == [0, 1, 5, 6] and labels.areas.tolist() == [12.5, 12.5]
    assert labels.skeleton.keypoints == tuple(NAMES) and labels.skeleton.pairs == ((0, 1),)
    assert labels.skeleton.limbs == ((0, 1), (1, 2)) and labels.skeleton.name == "worm"
    assert labels.images[0] == (7, "a\\b.png", 64, 48) and labels.fields["ids"].tolist() == [5, 6]


@pytest.mark.parametrize("keypoints", [
    [[1, 2, 2], [3.5, 4, 1], [0, 0, 0]], [1.0, 2.0, 2.0, 3.5, 4, 1.0, 0.0, 0, 0.0],
    [1, 2, 2, 3.5, 4, 1, float("nan"), float("nan"), float("nan")], [1, 2, 2, 3.5, 4, 1, -1, -1, 0],
])  # fmt: skip
def test_spellings_of_keypoints_that_tools_write_mean_the_same(tmp_path, keypoints):
    usual = read(file_of(tmp_path, annotation()))
    assert read(file_of(tmp_path, annotation(keypoints=keypoints))) == usual


def test_two_numbers_for_each_keypoint_are_visible_ones(tmp_path):
    flat = read(file_of(tmp_path, annotation(keypoints=[1, 2, 3, 4, 0, 0])))
    nested = read(file_of(tmp_path, annotation(keypoints=[[1, 2], [3, 4], [0, 0]])))
    assert flat == nested and flat.visibility.tolist() == [[2, 2, 0]]


def test_fields_that_are_missing_are_filled_in(tmp_path):
    missing = dict.fromkeys(("bbox", "area", "iscrowd", "num_keypoints", "id"), ...)
    labels = read(file_of(tmp_path, annotation(**missing), annotation(keypoints=[]),
                          annotation(keypoints=...)))  # fmt: skip
    assert np.isnan(labels.areas[0]) and np.isnan(labels.boxes[0]).all() and not labels.ignored[0]
    assert labels.visibility.tolist() == [[2, 1, 0], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_windows_tools_are_read(tmp_path, encoding):
    assert len(read(file_of(tmp_path, annotation(), encoding=encoding))) == 1


def test_ids_may_be_text(tmp_path):
    images = [{"id": "x", "file_name": "x.png"}]
    labels = read(file_of(tmp_path, annotation(image_id="x", id="p"), images=images))
    assert labels.images[0].id == "x" and labels.fields["ids"].tolist() == ["p"]


def test_a_fraction_in_place_of_the_visibility_is_a_score_that_is_written_back(tmp_path):
    labels = read(file_of(tmp_path, annotation(keypoints=[1, 2, 0.25, 3, 4, 2, 5, 6, 0])))
    assert labels.visibility.tolist() == [[2, 2, 0]] and labels.scores.tolist() == [[0.25, 1, 0]]
    write(labels, tmp_path / "again.json")
    assert read(tmp_path / "again.json") == labels


def test_categories_of_the_same_keypoints_are_read_together(tmp_path):
    worm = {"id": 1, "name": "worm", "keypoints": NAMES}
    listed = [worm, {**worm, "id": 2, "name": "eel"}, {"id": 3, "name": "stone"}]
    path = file_of(tmp_path, annotation(), annotation(category_id=2), categories=listed)
    labels = read(path)
    assert labels.categories == {1: "worm", 2: "eel"}
    assert labels.fields["category_ids"].tolist() == [1, 2]
    assert len(read(path, category="eel")) == len(read(path, category=2)) == 1
    with pytest.raises(ValueError, match="expected 'snake', got 1 'worm', 2 'eel', 3 'stone'"):
        read(path, category="snake")


def test_of_categories_with_other_keypoints_people_are_read(tmp_path):
    people = {"id": 4, "name": "Person", "keypoints": NAMES}
    listed = [{"id": 1, "name": "chair"}, people]
    path = file_of(tmp_path, annotation(), annotation(category_id=4), categories=listed)
    assert read(path).categories == {4: "Person"} and len(read(path)) == 1


def test_a_category_without_names_has_the_skeleton_of_its_number_of_keypoints(tmp_path):
    row = annotation(keypoints=[1, 2, 2] * 17)
    assert read(file_of(tmp_path, row, categories=[])).skeleton is COCO_17
    other = read(file_of(tmp_path, annotation(), categories=[]))
    assert other.skeleton.keypoints == ("0", "1", "2")
    with pytest.raises(ValueError, match="expected 25 keypoints of BODY_25, got 17"):
        read(file_of(tmp_path, row), skeleton=BODY_25)


def test_annotations_of_unknown_images_are_left_out_with_a_warning(tmp_path):
    path = file_of(tmp_path, annotation(), annotation(image_id=8))
    with pytest.warns(UserWarning, match=r"left out 1 of images that are not .*\[1\]"):
        assert len(read(path)) == 1


@pytest.mark.parametrize(("changes", "message"), [
    ({"keypoints": [1, 2, 2]}, r"annotations\[1\].keypoints: expected a list of 9 numbers"),
    ({"keypoints": [1, 2, 3] * 3}, r"annotations\[1\].keypoints\[2\]: expected a visibility"),
    ({"keypoints": [1, float("nan"), 2] * 3}, r"annotations\[1\].keypoints\[1\]: expected a fin"),
    ({"keypoints": "text"}, r"annotations\[1\].keypoints: expected a list of 9 numbers"),
    ({"image_id": ...}, r"annotations\[1\].image_id: expected an id, got nothing"),
    ({"bbox": [1, 2]}, r"annotations\[1\].bbox: expected a list of 4 numbers"),
    ({"area": "large"}, r"annotations\[1\].area: expected a number"),
    ({"iscrowd": []}, r"annotations\[1\].iscrowd: expected a number"),
])  # fmt: skip
def test_an_error_names_file_entry_and_field(tmp_path, changes, message):
    with pytest.raises(ValueError, match=rf"labels.json: {message}"):
        read(file_of(tmp_path, annotation(), annotation(**changes)))


def test_boxes_without_keypoints_are_refused_by_name(tmp_path):
    path = file_of(tmp_path, annotation(keypoints=...))
    with pytest.raises(ValueError, match="expected keypoints, got only id, image_id, category_id"):
        read(path)


def test_writing_never_replaces_a_file(tmp_path):
    path = file_of(tmp_path, annotation())
    with pytest.raises(FileExistsError, match="expected a new file"):
        write(read(path), path)
