import json

import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.data.coco_writer import write_coco
from npkpose.data.people import SyntheticPeople
from npkpose.metrics import evaluate_coco
from npkpose.metrics.coco.doctor import examine

pytest.importorskip("PIL", reason="images need Pillow")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    dataset = SyntheticPeople(6, seed=1, size=96)
    return dataset, write_coco(dataset, tmp_path_factory.mktemp("coco"))


def perfect_results(data):
    """Results that repeat every annotation with keypoints."""
    return [
        {key: a[key] for key in ("image_id", "category_id", "keypoints")} | {"score": 1.0}
        for a in data["annotations"] if a["num_keypoints"]
    ]  # fmt: skip


def test_the_file_contains_every_annotation_of_the_scenes(written):
    dataset, path = written
    data = json.loads(path.read_bytes())
    assert [image["id"] for image in data["images"]] == [1, 2, 3, 4, 5, 6]
    assert data["categories"][0]["keypoints"] == list(COCO_17.keypoints)
    for i in range(6):
        people = [a for a in data["annotations"] if a["image_id"] == i + 1]
        scene = dataset[i]
        assert len(people) == len(scene)
        for p, person in enumerate(people):
            row = np.reshape(person["keypoints"], (17, 3))
            np.testing.assert_array_equal(row[:, 2], scene.visibility[p])
            labelled = scene.visibility[p] > 0
            np.testing.assert_allclose(row[labelled, :2], scene.keypoints[p, labelled], atol=1e-3)
            assert not row[~labelled].any() and person["area"] == scene.areas[p]
            x, y, width, height = person["bbox"]
            assert [x, y, x + width, y + height] == scene.boxes[p].tolist()
    ids = [a["id"] for a in data["annotations"]]
    assert ids == list(range(1, len(ids) + 1))


def test_our_evaluation_finds_nothing_wrong_and_gives_perfect_results_an_ap_of_1(written):
    _, path = written
    assert examine(path) == []
    assert evaluate_coco(path, perfect_results(json.loads(path.read_bytes()))).stats.ap == 1


def test_pycocotools_reads_it_and_gives_perfect_results_an_ap_of_1(written, capsys):
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    _, path = written
    truth = coco.COCO(str(path))
    found = truth.loadRes(perfect_results(json.loads(path.read_bytes())))
    evaluation = cocoeval.COCOeval(truth, found, "keypoints")
    evaluation.evaluate(), evaluation.accumulate(), evaluation.summarize()
    assert evaluation.stats[0] == 1


def test_what_is_no_data_set_of_scenes_is_named(tmp_path):
    scenes = SyntheticPeople(1, size=32)
    for dataset, folder, message in (
        (3, tmp_path, "dataset.skeleton: expected a Skeleton, got None"),
        (scenes, 3, "folder: expected the path of a folder, got 3"),
    ):
        with pytest.raises(ValueError, match=message):
            write_coco(dataset, folder)
    assert list(tmp_path.iterdir()) == []
