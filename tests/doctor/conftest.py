import copy
import json

import pytest

POINTS = [[10.0 + 3 * k, 12.0 + 2 * k] for k in range(17)]


def person(i, image, shift):
    """An annotation in COCO's form, moved by ``shift`` in x and by half of it in y."""
    points = [[x + shift, y + shift / 2] for x, y in POINTS]
    return {
        "id": i, "image_id": image, "category_id": 1, "iscrowd": 0, "num_keypoints": 17,
        "keypoints": [value for x, y in points for value in (x, y, 2)],
        "bbox": [8.0 + shift, 10.0 + shift / 2, 54.0, 38.0], "area": 1500.0, "mine": {"a": [i]},
    }  # fmt: skip


TRUTH = {
    "info": {"year": 2017},
    "images": [
        {"id": i, "file_name": f"{i}.png", "width": 170, "height": 120, "licence": 3}
        for i in (7, 8, 9)
    ],
    "annotations": [person(n + 1, 7 + n // 2, 20 * n) for n in range(6)],
    "categories": [{"id": 1, "name": "person"}],
}


@pytest.fixture
def truth():
    """Well-formed annotations of six people in three images."""
    return copy.deepcopy(TRUTH)


@pytest.fixture
def results():
    """Results a pixel beside the annotations, half of the keypoints left and half right."""

    def beside(row, first):
        return [value + (i % 3 == 0) * (-1) ** (i + first) for i, value in enumerate(row)]

    return [
        {"image_id": one["image_id"], "category_id": 1, "score": 0.9 - one["id"] / 10,
         "keypoints": beside(one["keypoints"], one["id"])}
        for one in TRUTH["annotations"]
    ]  # fmt: skip


@pytest.fixture
def save(tmp_path):
    """Return a function that writes JSON into a file and returns its path."""

    def write(data, name="gt.json"):
        (tmp_path / name).write_text(json.dumps(data), encoding="utf-8")
        return tmp_path / name

    return write
