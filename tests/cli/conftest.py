import json

import pytest

from npkpose.cli.main import main

POINTS = [value for k in range(17) for value in (5 + k, 6 + k, 2)]
PERSON = {"id": 1, "image_id": 7, "category_id": 1, "area": 900.5, "bbox": [1, 2, 32, 32],
          "iscrowd": 0, "num_keypoints": 17, "keypoints": POINTS}  # fmt: skip
RESULT = {"image_id": 7, "category_id": 1, "score": 0.5, "keypoints": POINTS}
IMAGE = {"id": 7, "width": 64, "height": 48}


@pytest.fixture
def person():
    """A COCO annotation."""
    return PERSON.copy()


@pytest.fixture
def result():
    """A COCO result, equal to the annotation."""
    return RESULT.copy()


@pytest.fixture
def run_on_coco(tmp_path):
    """Write both files; return a function that runs a command on them and returns its status."""

    def run(command, *flags, person=PERSON, results=(RESULT,)):
        truth = {"images": [IMAGE], "annotations": [person], "categories": [{"id": 1}]}
        for name, data in (("gt.json", truth), ("dt.json", list(results))):
            (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
        return main([command, str(tmp_path / "gt.json"), str(tmp_path / "dt.json"), *flags])

    return run
