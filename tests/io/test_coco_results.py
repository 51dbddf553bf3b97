import json

import numpy as np
import pytest

from npkpose import COCO_17
from npkpose.io import read, write
from tests.io import make


def results(path, *entries):
    path = path / "results.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_scores_are_kept_and_zeros_are_missing(tmp_path):
    one = {"image_id": 5, "category_id": 1, "keypoints": [1, 2, 0.5, 0, 0, 0] + [3, 4, 1] * 15,
           "score": 0.75}  # fmt: skip
    labels = read(results(tmp_path, one))
    assert labels.skeleton is COCO_17 and labels.images[0].id == 5 and labels.is_results
    assert labels.scores[0, :2].tolist() == [0.5, 0] and np.isnan(labels.keypoints[0, 1]).all()
    assert labels.instance_scores.tolist() == [0.75]


def test_ids_of_alphapose_are_names_and_tracks(tmp_path):
    one = {"image_id": "3.jpg", "keypoints": [1, 2, 0.5] * 17, "score": 2.5, "idx": 4}
    labels = read(results(tmp_path, one, {**one, "image_id": "4.jpg"}))
    assert [image.id for image in labels.images] == ["3.jpg", "4.jpg"]
    assert labels.fields["track_ids"].tolist() == [4, 4]


def test_an_error_names_the_entry(tmp_path):
    one = {"image_id": 5, "keypoints": [1, 2, 0.5] * 17, "score": 1}
    with pytest.raises(ValueError, match=r"results.json\[1\].keypoints: expected a list of 51"):
        read(results(tmp_path, one, {**one, "keypoints": [1, 2, 3]}))
    with pytest.raises(ValueError, match=r"results.json\[1\].score: expected a number"):
        read(results(tmp_path, one, {**one, "score": "high"}))


def test_an_instance_without_a_score_is_written_with_the_mean_of_its_keypoints(tmp_path):
    labels = make.labels_for("coco")
    labels.scores[0, 0] = 0.5
    with pytest.warns(UserWarning, match="does not hold"):
        write(labels, tmp_path / "x.json", "coco-results")
    assert read(tmp_path / "x.json").instance_scores[0] == pytest.approx(16.5 / 17)
