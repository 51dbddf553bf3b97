import json

import numpy as np
import pytest

from npkpose.io import read


def test_its_flags_of_visibility_become_cocos(tmp_path):
    row = [10, 20, 1, 30, 40, 2, 0, 0, 3] + [5, 6, 1] * 11
    entry = {"image_id": "abc", "human_annotations": {"human1": [1, 2, 11, 22]},
             "keypoint_annotations": {"human1": row}}  # fmt: skip
    path = tmp_path / "aic.json"
    path.write_text(json.dumps([entry, {"image_id": "def", "keypoint_annotations": {}}]), "utf-8")
    labels = read(path)
    assert labels.visibility[0, :3].tolist() == [2, 1, 0] and len(labels.images) == 2
    assert labels.images[0] == ("abc", "abc.jpg", None, None)
    assert labels.boxes.tolist() == [[1, 2, 10, 20]] and np.isnan(labels.keypoints[0, 2]).all()
    entry["keypoint_annotations"]["human2"] = row[:-1]
    path.write_text(json.dumps([entry]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"aic.json\[0: 'human2'\].keypoints: expected a list"):
        read(path)
