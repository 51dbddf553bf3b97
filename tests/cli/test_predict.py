import argparse
import json
import shutil

import numpy as np
import pytest

from npkpose.cli import predict
from npkpose.cli.main import main
from npkpose.cli.predict_run import predict_sources
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
    return predict_sources(options, lambda: network(4, modules=(1, 1, 1), blocks=1))


def test_every_box_of_a_photo_gives_a_coco_result(photo, tmp_path, capsys):
    boxes = [{"image_id": 42, "bbox": [10, 10, 40, 80], "score": 0.5},
             {"image_id": 42, "bbox": [90, 20, 50, 90], "score": 0.9},
             {"image_id": 43, "bbox": [0, 0, 9, 9]}]  # fmt: skip
    (tmp_path / "boxes.json").write_text(json.dumps(boxes), encoding="utf-8")
    out = tmp_path / "out"
    assert run("--boxes", tmp_path / "boxes.json", "--out", out, photo) == 0
    results = json.loads((out / "results.json").read_bytes())
    assert len(results) == 2 and all(r["image_id"] == 42 for r in results)
    assert all(len(r["keypoints"]) == 51 for r in results)
    assert "2 people" in capsys.readouterr().out and (out / "000000000042.png").exists()


def test_without_boxes_the_whole_photo_is_one_person(photo, tmp_path, capsys):
    assert run("--out", tmp_path / "o", photo) == 0
    assert "1 person" in capsys.readouterr().out


def test_ctrl_c_keeps_the_results_of_the_photos_so_far(photo, tmp_path, capsys):
    class Interrupted(HRNet):
        """A network that is interrupted when it sees the second photo."""

        def forward(self, x):
            seen.append(x)
            if len(seen) > 1:
                raise KeyboardInterrupt
            return super().forward(x)

    seen, out = [], tmp_path / "out"
    other = shutil.copy(photo, tmp_path / "43.png")
    assert run("--out", out, photo, other, network=Interrupted) == 130
    assert capsys.readouterr().err == "npkpose predict: interrupted after 1 of 2 photos\n"
    results = json.loads((out / "results.json").read_bytes())
    assert [result["image_id"] for result in results] == [42]


def test_a_bad_photo_is_named_and_the_others_are_used(photo, tmp_path, capsys):
    other = shutil.copy(photo, tmp_path / "43.png")
    (tmp_path / "cut.png").write_bytes(photo.read_bytes()[:900])
    (tmp_path / "text.jpg").write_text("no image", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    bad = [tmp_path / name for name in ("empty", "cut.png", "text.jpg", "none.jpg")]
    out = tmp_path / "o"
    assert run("--out", out, *bad[:2], photo, *bad[2:], other) == 1
    ids = {result["image_id"] for result in json.loads((out / "results.json").read_bytes())}
    assert ids == {42, 43} and (out / "43.png").exists()
    output, errors = capsys.readouterr()
    assert "the people of 2 photos, as" in output
    *lines, last = errors.splitlines()
    for path, line in zip(bad, lines, strict=True):
        assert line.startswith("npkpose predict: ") and str(path) in line
    assert last == f"npkpose predict: failed: 4: {', '.join(map(str, bad))}"


def test_no_results_of_an_earlier_run_survive_a_run_that_fails(photo, tmp_path):
    out = tmp_path / "o"
    assert run("--out", out, photo) == 0
    assert run("--out", out, tmp_path / "none.jpg") == 1
    assert not (out / "results.json").exists()


def test_a_photo_in_two_folders_has_two_ids(photo, tmp_path, capsys):
    photos = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        photos.append(shutil.copy(photo, tmp_path / folder / "1.png"))
    assert run("--out", tmp_path / "o", *photos) == 0
    results = json.loads((tmp_path / "o" / "results.json").read_text(encoding="utf-8"))
    assert [result["image_id"] for result in results] == [str(path) for path in photos]
    assert "2 photos have the id 1" in capsys.readouterr().err


def write_boxes(path, entries, **others):
    content = {"annotations": entries, **others} if others else entries
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_annotations_are_found_by_file_name_and_give_their_image_id(photo, tmp_path):
    boxes = write_boxes(
        tmp_path / "gt.json", [{"image_id": 7, "bbox": [10, 10, 40, 80], "category_id": 3}],
        images=[{"id": 7, "file_name": "val\\000000000042.png"}, {"id": 42, "file_name": "x.png"}],
        categories=[{"id": 1, "name": "cat"}, {"id": 3, "name": "Person"}],
    )  # fmt: skip
    out = tmp_path / "o"
    assert run("--boxes", boxes, "--out", out, photo) == 0
    (result,) = json.loads((out / "results.json").read_bytes())
    assert result["image_id"] == 7


def test_boxes_that_are_no_person_of_the_photo_are_left_out_with_a_word(photo, tmp_path, capsys):
    boxes = write_boxes(tmp_path / "boxes.json", [
        {"image_id": photo.name, "bbox": [10, 10, 40, 80], "category_id": 1, "score": 0.9},
        {"image_id": photo.name, "bbox": [90, 20, 50, 90], "category_id": 17},
        {"image_id": photo.name, "bbox": [1000, 1000, 50, 50], "category_id": 1},
    ])  # fmt: skip
    assert run("--boxes", boxes, "--out", tmp_path / "o", photo) == 0
    output, errors = capsys.readouterr()
    assert "1 person" in output
    assert errors.splitlines() == [
        f"npkpose predict: {boxes}: boxes left out: 1 of category 17",
        f"npkpose predict: {photo}: boxes outside the photo: 1, left out",
    ]


def test_photos_without_boxes_are_named(photo, tmp_path, capsys):
    other = shutil.copy(photo, tmp_path / "43.png")
    boxes = write_boxes(tmp_path / "boxes.json", [{"image_id": 42, "bbox": [10, 10, 40, 80]}])
    assert run("--boxes", boxes, "--out", tmp_path / "o", photo, other) == 0
    assert f"{other}: no box in {boxes}" in capsys.readouterr().err
    with pytest.raises(ValueError, match="boxes.json: expected boxes of .*43.png, got only others"):
        run("--boxes", boxes, "--out", tmp_path / "o", other)


@pytest.mark.parametrize("options, message", [
    (["--model", "hrnet-w32", "--height", "300"], "--height: expected none, since hrnet-w32 sees"),
    (["--boxes", "boxes.json"], "--boxes: expected none, since openpose-mobilenetv2 sees whole"),
    (["--model", "hrnet-w32", "--category", "3"], "--category: expected --boxes beside it"),
])  # fmt: skip
def test_options_that_are_not_used_are_refused(capsys, options, message):
    assert main(["predict", "--weights", "none", *options, "a.png"]) == 1
    assert message in capsys.readouterr().err


def test_a_height_that_is_too_small_is_refused_by_its_option(shared_data, tmp_path, capsys):
    weights = str(shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb")
    command = ["predict", "--weights", weights, "--height", "3", "--out", str(tmp_path / "o")]
    assert main([*command, "a.png"]) == 1
    assert "predict: --height: expected at least 16, got 3" in capsys.readouterr().err


def test_a_large_photo_is_read_without_a_warning_of_pillow(photo, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 10_000)
    assert run("--out", tmp_path / "o", photo) == 0
    assert capfd.readouterr().err == ""
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 5_000)
    assert run("--out", tmp_path / "o", photo) == 1
    assert "42.png: expected an image, got Image size (19200 pixels)" in capfd.readouterr().err


def test_a_second_run_replaces_the_results_of_the_first(photo, tmp_path):
    for _ in range(2):
        assert run("--out", tmp_path / "o", photo) == 0


def test_a_photo_is_not_replaced_by_its_drawing(photo, tmp_path):
    before = photo.read_bytes()
    with pytest.raises(ValueError, match="--out: expected another file than the input, .*42.png"):
        run("--out", tmp_path, photo)
    assert photo.read_bytes() == before and list(tmp_path.iterdir()) == [photo]


@pytest.mark.parametrize("name", ["000000000042.png", "000000000042.json", "results.json"])
def test_no_file_of_another_program_is_replaced(photo, tmp_path, name):
    out = tmp_path / "o"
    out.mkdir()
    (out / name).write_text("of another program", encoding="utf-8")
    with pytest.raises(ValueError, match=f"--out: expected .* npkpose wrote, got .*{name}"):
        run("--out", out, photo)
    assert (out / name).read_bytes() == b"of another program" and len(list(out.iterdir())) == 1


def test_a_file_of_boxes_is_not_replaced_by_the_json_of_its_photo(photo, tmp_path):
    boxes = tmp_path / "000000000042.json"
    boxes.write_text('[{"image_id": 42, "bbox": [1, 1, 50, 50]}]', encoding="utf-8")
    with pytest.raises(ValueError, match="--out: expected another file than the input"):
        run("--out", tmp_path, "--boxes", boxes, photo)


def test_an_unknown_model_is_an_error_of_one_line(photo, capsys):
    assert main(["predict", "--model", "resnet", "--weights", "w.npz", str(photo)]) == 1
    error = capsys.readouterr().err
    assert "`npkpose models` lists, such as hrnet-w48, hrnet-w32, got 'resnet'" in error
    assert error.count("\n") == 1


def test_a_missing_file_of_boxes_is_named(photo, tmp_path):
    with pytest.raises(FileNotFoundError, match="none.json"):
        run("--boxes", tmp_path / "none.json", photo)


def test_json_and_an_image_are_written(shared_data, tmp_path, capsys):
    pytest.importorskip("PIL")
    photo = shared_data / "photos" / "000000000785.jpg"
    weights = shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb"
    status = main(["predict", "--weights", str(weights), "--out", str(tmp_path / "o"), str(photo)])
    assert status == 0 and "1 person" in capsys.readouterr().out
    result = json.loads((tmp_path / "o" / "000000000785.json").read_text(encoding="utf-8"))
    assert result["skeleton"] == "OPENPOSE_18" and len(result["people"][0]["keypoints"]) >= 15
    assert (tmp_path / "o" / "000000000785.png").stat().st_size > 10_000
