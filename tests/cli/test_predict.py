import json

import numpy as np
import pytest

from npkpose import weights
from npkpose.cli.main import main
from npkpose.cli.predict import read_boxes
from npkpose.models import HRNet
from npkpose.models import pretrained as published


@pytest.fixture
def photo(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    path = tmp_path / "000000000042.png"
    write_image(path, np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8))
    return path


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The options that name a small HRNet and its weights."""
    row = published.PUBLISHED["hrnet-w32"]
    build = lambda: HRNet(4, modules=(1, 1, 1), blocks=1)  # noqa: E731
    monkeypatch.setitem(published.PUBLISHED, "hrnet-w32", row._replace(build=build))
    weights.save(tmp_path / "small.npz", build().state_dict())
    return ["--model", "hrnet-w32", "--weights", str(tmp_path / "small.npz")]


def test_predict_looks_into_every_box_and_writes_coco_results(photo, small, tmp_path, capsys):
    boxes = [{"image_id": 42, "bbox": [10, 10, 40, 80], "score": 0.5},
             {"image_id": 42, "bbox": [90, 20, 50, 90], "score": 0.9},
             {"image_id": 43, "bbox": [0, 0, 9, 9]}]  # fmt: skip
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    out = tmp_path / "out"
    options = [*small, "--boxes", str(tmp_path / "boxes.json"), "--out", str(out), str(photo)]
    assert main(["predict", *options]) == 0
    results = json.loads((out / "results.json").read_text())
    assert len(results) == 2 and all(r["image_id"] == 42 for r in results)
    assert all(len(r["keypoints"]) == 51 for r in results)
    assert "2 people" in capsys.readouterr().out and (out / "000000000042.png").exists()


def test_without_boxes_the_whole_photo_is_one_person(photo, small, tmp_path, capsys):
    assert main(["predict", *small, "--out", str(tmp_path / "o"), str(photo)]) == 0
    assert "1 person" in capsys.readouterr().out


def test_what_does_not_fit_is_said_in_one_line(photo, small, tmp_path, capsys):
    for options, message in (
        (["--model", "resnet", *small[2:]], "model: expected one of hrnet-w32"),
        ([*small, "--boxes", str(tmp_path / "none.json")], "none.json"),
    ):
        assert main(["predict", *options, str(photo)]) == 1
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1


@pytest.mark.parametrize(
    "content, message",
    [
        ("[", "expected JSON"), ("{}", "expected COCO results or annotations"),
        ("[1]", r"\[0\].bbox: expected"), ('[{"bbox": [1, 2, 3]}]', r"\[0\].bbox: expected"),
        ('[{"bbox": [1, 2, 3, "4"]}]', r"\[0\].bbox"), ('[{"bbox": [1, 2, 3, 4]}]', "an image_id"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": 1, "score": "high"}]', "a number"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": [1]}]', "an image_id"),
        ('[{"bbox": [NaN, 2, 3, 4], "image_id": 1}]', r"\[0\].bbox"),
    ],
)  # fmt: skip
def test_files_that_hold_no_boxes_are_named(tmp_path, content, message):
    path = tmp_path / "boxes.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as refusal:
        read_boxes(path)
    assert str(path) in str(refusal.value)


def test_annotations_hold_boxes_too_and_those_without_area_are_left_out(tmp_path):
    annotations = [{"image_id": 1, "bbox": [1, 2, 3, 4]}, {"image_id": 1, "bbox": [1, 2, 0, 4]}]
    (tmp_path / "a.json").write_text(json.dumps({"annotations": annotations}))
    assert read_boxes(tmp_path / "a.json") == {1: ([(1, 2, 4, 6)], [1.0])}


def test_models_lists_every_network(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in published.PUBLISHED) and "28,536,113" in out
