import json

import numpy as np
import pytest

from npkpose.data.coco_dataset import CocoDataset
from npkpose.data.coco_writer import write_coco
from npkpose.data.people import SyntheticPeople

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


def test_bad_files_are_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="images: expected a folder"):
        CocoDataset(folder / "annotations.json", tmp_path / "none")
    data = json.loads((folder / "annotations.json").read_text())
    data["images"][2]["file_name"] = "../secret.png"
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(data))
    with pytest.raises(
        ValueError, match=r"bad.json: images\[2\].file_name: expected a file inside"
    ):
        CocoDataset(path, tmp_path)
    data["annotations"][1]["keypoints"] = [1, 2]
    path.write_text(json.dumps(data))
    with pytest.raises(
        ValueError, match=r"bad.json: .*annotations\[1\].keypoints: expected a list"
    ):
        CocoDataset(path, tmp_path)
