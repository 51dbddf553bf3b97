import json
import math
import os

import numpy as np
import pytest

from npkpose._json import JsonFile
from npkpose.data.coco_dataset import CocoDataset
from npkpose.data.coco_writer import write_coco
from npkpose.data.people import SyntheticPeople
from npkpose.image.files import write_image
from npkpose.metrics.coco import read_json

pytest.importorskip("PIL", reason="images need Pillow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coco")
    write_coco(SyntheticPeople(5, seed=4, size=(48, 64), people=(0, 2)), folder)
    return folder


def read(folder, **options):
    return CocoDataset(folder / "annotations.json", folder / "images", **options)


def test_written_scenes_are_read_back(folder):
    dataset, written = read(folder, labelled_only=False), SyntheticPeople(5, 4, (48, 64), (0, 2))
    assert len(dataset) == 5 and any(len(written[i]) == 0 for i in range(5))
    for i in range(5):
        one, other = dataset[i], written[i]
        assert dataset.image_id(i) == i + 1
        for name in ("image", "visibility", "boxes", "areas", "crowd"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-3)


def test_images_without_labelled_people_are_left_out_by_default(folder):
    whole, useful = read(folder, labelled_only=False), read(folder)
    expected = [i + 1 for i in range(5) if whole[i].labelled.any()]
    assert 0 < len(useful) < 5
    assert [useful.image_id(i) for i in range(len(useful))] == expected
    with pytest.raises(IndexError, match="i: expected 0 to"):
        useful[len(useful)]


def with_categories(folder, path, categories, used):
    """Write the annotations again with other categories; return the path."""
    data = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    for entry in data["annotations"]:
        entry["category_id"] = used
    data["categories"] = [{"id": i, "name": name} for i, name in categories]
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "categories, used",
    [
        ([(0, "person")], 0),
        ([(1, "dog"), (2, "person")], 2),
        ([(1, "human"), (2, "dog")], 1),
        ([(7, "dog")], 7),
        ([], 1),
    ],
)
def test_the_category_is_found_by_its_name_then_by_its_id(folder, tmp_path, categories, used):
    path = with_categories(folder, tmp_path / "a.json", categories, used)
    dataset, original = CocoDataset(path, folder / "images"), read(folder)
    assert len(dataset) == len(original) > 0
    np.testing.assert_array_equal(dataset[0].keypoints, original[0].keypoints)


def test_a_category_may_be_chosen_by_name_or_id(folder, tmp_path):
    path = with_categories(folder, tmp_path / "a.json", [(1, "person"), (2, "dog")], 2)
    for category in (2, "dog"):
        assert len(CocoDataset(path, folder / "images", category=category)) == len(read(folder))
    with pytest.raises(ValueError, match="categories: expected 'cat', got 1 'person', 2 'dog'"):
        CocoDataset(path, folder / "images", category="cat")


def test_annotations_of_which_none_can_be_used_are_refused(folder, tmp_path):
    path = with_categories(folder, tmp_path / "a.json", [(1, "person"), (2, "dog")], 2)
    message = "expected some of category 1 in the listed images, got [0-9]+ of the categories 2"
    for labelled_only in (True, False):
        with pytest.raises(ValueError, match=f"a.json: annotations: {message}"):
            CocoDataset(path, folder / "images", labelled_only=labelled_only)
    path = with_categories(folder, tmp_path / "a.json", [(3, "cat"), (2, "dog")], 2)
    with pytest.raises(ValueError, match="categories: expected 'person' or 1, got 3 'cat', 2"):
        CocoDataset(path, folder / "images")
    data = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    for entry in data["annotations"]:
        entry["keypoints"], entry["num_keypoints"] = [0] * 51, 0
    with pytest.raises(ValueError, match="annotations: expected labelled keypoints, got none in"):
        CocoDataset(data, folder / "images")
    assert len(CocoDataset(data, folder / "images", labelled_only=False)) == 5


def test_no_annotations_are_an_empty_data_set(tmp_path):
    data = {"images": [], "annotations": [], "categories": []}
    assert len(CocoDataset(data, tmp_path)) == 0


def test_a_file_that_is_scanned_gives_the_same_data_set(folder, monkeypatch):
    parsed = read(folder)
    monkeypatch.setattr(read_json, "SCAN_FROM", 0)
    monkeypatch.setattr(JsonFile, "parse", None)
    scanned = read(folder)
    assert scanned.fingerprint == parsed.fingerprint and len(scanned) == len(parsed) > 0
    for name in "keypoints", "visibility", "boxes", "areas", "crowd":
        np.testing.assert_array_equal(getattr(scanned[0], name), getattr(parsed[0], name))


def test_the_fingerprint_tells_annotations_apart(folder):
    data = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    same = CocoDataset(data, folder / "images").fingerprint
    assert same == read(folder).fingerprint and same.startswith("CocoDataset of")
    person = next(entry for entry in data["annotations"] if entry["num_keypoints"])
    person["keypoints"][0] += 1
    assert CocoDataset(data, folder / "images").fingerprint != same


@pytest.mark.parametrize("scan_from", [0, math.inf])
def test_bad_files_are_named(folder, tmp_path, monkeypatch, scan_from):
    monkeypatch.setattr(read_json, "SCAN_FROM", scan_from)
    with pytest.raises(FileNotFoundError, match="images: expected a folder"):
        CocoDataset(folder / "annotations.json", tmp_path / "none")
    data = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    for arguments, message in (
        ({"images": 3}, "images: expected the path of a folder, got 3"),
        ({"skeleton": "COCO_17"}, "skeleton: expected a Skeleton, got 'COCO_17'"),
        ({"labelled_only": 1}, "labelled_only: expected True or False, got 1"),
        ({"category": [1]}, r"category: expected an id or a name, got \[1\]"),
    ):
        with pytest.raises(ValueError, match=message):
            CocoDataset(data, **{"images": folder / "images", **arguments})
    path = tmp_path / "bad.json"
    message = r"bad.json: images\[2\].file_name: expected a file inside"
    for name in "../secret.png", "..\\l\\1.jpg", "/a.png", "C:\\a.png", "\\a.png", "a/..\\b", "":
        data["images"][2]["file_name"] = name
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            CocoDataset(path, tmp_path)
    data["annotations"][1]["keypoints"] = [1, 2]
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"bad.json: .*annotations\[1\].keypoints: expected a list"
    ):
        CocoDataset(path, tmp_path)


@pytest.mark.skipif(os.sep == "\\", reason="no name can have a backslash")
def test_backslashes_separate_folders_unless_a_name_has_them(folder, tmp_path):
    images = [{"id": n, "file_name": name} for n, name in enumerate(("a\\1.png", "a\\2.png"))]
    data = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    dataset = CocoDataset(data, tmp_path, labelled_only=False)
    (tmp_path / "a").mkdir()
    scenes = read(folder, labelled_only=False)
    write_image(tmp_path / "a" / "1.png", scenes[0].image)
    write_image(tmp_path / "a" / "2.png", scenes[0].image)
    write_image(tmp_path / "a\\2.png", scenes[1].image)
    for i in range(2):
        np.testing.assert_array_equal(dataset[i].image, scenes[i].image)


def test_annotations_that_windows_wrote_are_read(folder, tmp_path):
    text = (folder / "annotations.json").read_text(encoding="utf-8")
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "a.json").write_text(text, encoding=encoding)
        assert len(CocoDataset(tmp_path / "a.json", folder / "images")) == len(read(folder))
