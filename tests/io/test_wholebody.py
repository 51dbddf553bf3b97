import json

import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import read, write
from npkpose.io.wholebody import PARTS
from tests.io import make


def test_parts_are_joined_in_the_order_of_the_skeleton(tmp_path):
    path = tmp_path / "x.json"
    parts = {part: [n, n, 2] * count for n, (part, count) in enumerate(PARTS.items(), 1)}
    entry = {"id": 1, "image_id": 1, "category_id": 1, "foot_valid": True, **parts}
    path.write_text(json.dumps({"images": [{"id": 1}], "annotations": [entry]}), encoding="utf-8")
    labels = read(path)
    assert labels.skeleton is skeletons.COCO_WHOLEBODY_133
    expected = np.repeat([1, 2, 3, 4, 5], list(PARTS.values()))
    np.testing.assert_array_equal(labels.keypoints[0, :, 0], expected)
    assert labels.fields["foot_valid"].tolist() == [True]
    entry["face_kpts"] = [1, 2, 3]
    path.write_text(json.dumps({"images": [{"id": 1}], "annotations": [entry]}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"annotations\[0\].face_kpts: expected a list of 204"):
        read(path)


def test_a_written_file_has_cocos_body_and_four_parts(tmp_path):
    write(make.labels_for("wholebody"), tmp_path / "x.json", "wholebody")
    content = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    one = content["annotations"][1]
    assert [len(one[part]) for part in PARTS] == [51, 18, 204, 63, 63]
    assert one["num_keypoints"] == 16 and one["face_valid"] is True
    assert len(content["categories"][0]["keypoints"]) == 17
