import argparse
import json

import numpy as np
import pytest

from npkpose.cli import predict
from npkpose.cli.main import main
from npkpose.cli.predict import read_boxes
from npkpose.models import HRNet


@pytest.fixture
def photo(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    path = tmp_path / "000000000042.png"
    write_image(path, np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8))
    return path


def run(*arguments, network=HRNet):
    """Run the command with a small HRNet instead of loading one; return its status."""
    parser = argparse.ArgumentParser()
    predict.add_command(parser.add_subparsers())
    options = parser.parse_args(["predict", "--weights", "none", *map(str, arguments)])
    outputs = predict._check_outputs(options)
    return predict.predict_photos(network(4, modules=(1, 1, 1), blocks=1), options, outputs)


def test_every_box_of_a_photo_gives_a_coco_result(photo, tmp_path, capsys):
    boxes = [{"image_id": 42, "bbox": [10, 10, 40, 80], "score": 0.5},
             {"image_id": 42, "bbox": [90, 20, 50, 90], "score": 0.9},
             {"image_id": 43, "bbox": [0, 0, 9, 9]}]  # fmt: skip
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    out = tmp_path / "out"
    assert run("--boxes", tmp_path / "boxes.json", "--out", out, photo) == 0
    results = json.loads((out / "results.json").read_text())
    assert len(results) == 2 and all(r["image_id"] == 42 for r in results)
    assert all(len(r["keypoints"]) == 51 for r in results)
    assert "2 people" in capsys.readouterr().out and (out / "000000000042.png").exists()


def test_without_boxes_the_whole_photo_is_one_person(photo, tmp_path, capsys):
    assert run("--out", tmp_path / "o", photo) == 0
    assert "1 person" in capsys.readouterr().out


def test_ctrl_c_keeps_the_results_of_the_photos_so_far(photo, tmp_path):
    class Interrupted(HRNet):
        """A network that is interrupted when it sees the second photo."""

        def forward(self, x):
            seen.append(x)
            if len(seen) > 1:
                raise KeyboardInterrupt
            return super().forward(x)

    seen, out = [], tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run("--out", out, photo, photo, network=Interrupted)
    assert [result["image_id"] for result in json.loads((out / "results.json").read_text())] == [42]


def test_a_second_run_replaces_the_results_of_the_first(photo, tmp_path):
    for _ in range(2):
        assert run("--out", tmp_path / "o", photo) == 0


@pytest.mark.parametrize("name", ["000000000042.png", "000000000042.json", "results.json"])
def test_no_file_of_the_user_is_replaced(photo, tmp_path, name):
    if name != photo.name:
        (tmp_path / name).write_text("of another program")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=f"--out: expected .*{name}"):
        run("--out", tmp_path, photo)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_of_boxes_is_not_replaced_by_the_json_of_its_photo(photo, tmp_path):
    boxes = tmp_path / "000000000042.json"
    boxes.write_text('[{"image_id": 42, "bbox": [1, 1, 50, 50]}]')
    with pytest.raises(ValueError, match="--out: expected another file than the input"):
        run("--out", tmp_path, "--boxes", boxes, photo)


def test_an_unknown_model_is_an_error_of_one_line(photo, capsys):
    assert main(["predict", "--model", "resnet", "--weights", "w.npz", str(photo)]) == 1
    error = capsys.readouterr().err
    assert "model: expected one of hrnet-w32" in error and error.count("\n") == 1


def test_a_missing_file_of_boxes_is_named(photo, tmp_path):
    with pytest.raises(FileNotFoundError, match="none.json"):
        run("--boxes", tmp_path / "none.json", photo)


@pytest.mark.parametrize(
    "content, message",
    [
        ("[", "expected JSON"), ("{}", "expected COCO results or annotations"),
        ("[1]", r"\[0\].bbox: expected"), ('[{"bbox": [1, 2, 3]}]', r"\[0\].bbox: expected"),
        ('[{"bbox": [1, 2, 3, "4"]}]', r"\[0\].bbox"),
        ('[{"bbox": [1, 2, 3, 4]}]', r"\[0\].image_id: expected"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": 1, "score": "high"}]', r"\[0\].score: expected"),
        ('[{"bbox": [1, 2, 3, 4], "image_id": [1]}]', r"\[0\].image_id: expected"),
        ('[{"bbox": [NaN, 2, 3, 4], "image_id": 1}]', r"\[0\].bbox"),
    ],
)  # fmt: skip
def test_files_without_boxes_are_named(tmp_path, content, message):
    path = tmp_path / "boxes.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as refusal:
        read_boxes(path)
    assert str(path) in str(refusal.value)


def test_boxes_that_windows_wrote_are_read(tmp_path):
    text = '[{"image_id": 1, "bbox": [1, 2, 3, 4]}]'
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "boxes.json").write_text(text, encoding=encoding)
        assert read_boxes(tmp_path / "boxes.json") == {1: ([(1, 2, 4, 6)], [1.0])}


def test_boxes_of_annotations_are_read_and_empty_ones_left_out(tmp_path):
    annotations = [{"image_id": 1, "bbox": [1, 2, 3, 4]}, {"image_id": 1, "bbox": [1, 2, 0, 4]}]
    (tmp_path / "a.json").write_text(json.dumps({"annotations": annotations}))
    assert read_boxes(tmp_path / "a.json") == {1: ([(1, 2, 4, 6)], [1.0])}


def test_json_and_an_image_are_written(shared_data, tmp_path, capsys):
    pytest.importorskip("PIL")
    photo = shared_data / "photos" / "000000000785.jpg"
    weights = shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb"
    status = main(["predict", "--weights", str(weights), "--out", str(tmp_path / "o"), str(photo)])
    assert status == 0 and "1 person" in capsys.readouterr().out
    result = json.loads((tmp_path / "o" / "000000000785.json").read_text())
    assert result["skeleton"] == "OPENPOSE_18" and len(result["people"][0]["keypoints"]) >= 15
    assert (tmp_path / "o" / "000000000785.png").stat().st_size > 10_000


def test_two_photos_of_one_name_do_not_overwrite_each_other():
    photos = ["a/x.jpg", "b/x.jpg", "x-2.jpg", "y.png", "results.png"]
    names = [name for name, _ in predict._unique_names(photos)]
    assert names == ["x", "x-2", "x-2-2", "y", "results-2"]
