import copy
import json

import numpy as np
import pytest

from npkpose import skeletons
from npkpose.metrics import evaluate_coco

K = skeletons.CROWDPOSE_14.num_keypoints


def crowd(indices, found):
    """Return annotations of one person per image, and a result that is right where ``found``."""
    points = np.c_[np.arange(K), np.arange(K) * 2.0, np.full(K, 2)].ravel().tolist()
    far = np.c_[np.full((K, 2), 900.0), np.ones(K)].ravel().tolist()
    images = [{"id": i, "crowdIndex": index} for i, index in enumerate(indices)]
    person = {"category_id": 1, "iscrowd": 0, "bbox": [0, 0, 20, 40], "num_keypoints": K}
    truth = [person | {"id": i, "image_id": i, "keypoints": points} for i in range(len(indices))]
    results = [
        {"image_id": i, "category_id": 1, "score": 0.5, "keypoints": points if right else far}
        for i, right in enumerate(found)
    ]
    return {"images": images, "annotations": truth, "categories": [{"id": 1}]}, results


def test_levels_worked_by_hand():
    """Of two easy images one person is found first: precision 1 up to recall 1/2."""
    right = [True, False, True, True, False, False]
    truth, results = crowd([0, 0.1999, 0.2, 0.7999, 0.8, 1], right)
    stats = evaluate_coco(truth, results, protocol="crowdpose").stats
    assert stats.ap_easy == round(51 / 101, 4) and stats.ap_medium == 1 and stats.ap_hard == 0
    assert stats.ar == 0.5 and len(stats) == 9


def test_a_level_without_images_is_minus_1_as_are_all_without_crowd_indices():
    truth, results = crowd([0.9, 0.95], [True, True])
    stats = evaluate_coco(truth, results, protocol="crowdpose").stats
    assert stats[6:] == (-1, -1, 1)
    for image in truth["images"]:
        del image["crowdIndex"]
    with pytest.warns(UserWarning, match="images: no crowdIndex, so AP of easy, medium and hard"):
        stats = evaluate_coco(truth, results, protocol="crowdpose").stats
    assert stats.ap == 1 and stats[6:] == (-1, -1, -1)


def test_an_image_without_its_crowd_index_is_named(tmp_path):
    truth, results = crowd([0.9, 0.95], [True, True])
    del truth["images"][1]["crowdIndex"]
    path = tmp_path / "crowd.json"
    path.write_text(json.dumps(truth), encoding="utf-8")
    with pytest.raises(ValueError, match=r"crowd.json: images\[1\].crowdIndex: expected a number"):
        evaluate_coco(path, results, protocol="crowdpose")


def test_the_table_has_a_line_for_each_level():
    text = str(evaluate_coco(*crowd([0, 0.5, 1], [True] * 3), protocol="crowdpose"))
    assert [line.split("type=")[1].split()[0] for line in text.splitlines()[6:]] == [
        "easy", "medium", "hard",
    ]  # fmt: skip


def test_num_keypoints_is_read_and_the_area_is_0_53_of_the_box():
    truth, results = crowd([0], [True])
    ignored = copy.deepcopy(truth)
    ignored["annotations"][0]["num_keypoints"] = 0
    with pytest.warns(UserWarning, match="nobody to find"):
        assert evaluate_coco(ignored, results, protocol="crowdpose").stats.ap == -1
    result = evaluate_coco(truth, results, protocol="crowdpose")
    assert result.truth.area.tolist() == [20 * 40 * 0.53]
