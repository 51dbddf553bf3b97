import json

import pytest

from npkpose.cli.main import main
from npkpose.io import read, write
from tests.io import make


@pytest.fixture
def annotations(tmp_path):
    write(make.labels_for("coco"), tmp_path / "in.json")
    return tmp_path / "in.json"


def convert(*arguments):
    return main(["convert", *map(str, arguments)])


def test_a_file_is_converted_to_another_format_and_skeleton(annotations, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert convert(annotations, out, "--skeleton", "body-25") == 0
    shown = capsys.readouterr()
    assert "3 instances of COCO_17 (person) in 2 images, 2% of keypoints missing" in shown.out
    assert "neck             derived: middle of the shoulders" in shown.out
    assert shown.out.endswith(f"wrote {out}: 3 instances of BODY_25\n")
    assert "npkpose convert: csv does not hold boxes, areas: left out" in shown.err
    assert read(out).skeleton.name == "BODY_25" and len(read(out)) == 3


def test_without_a_target_the_content_is_printed_and_without_files_the_formats(
    annotations, capsys
):
    assert convert(annotations) == 0 and convert() == 0
    shown = capsys.readouterr().out
    assert "3 instances of COCO_17" in shown and "openpose         read and written" in shown
    assert "deeplabcut-h5    read\n" in shown


def test_a_folder_is_written_and_read_again(annotations, tmp_path):
    frames = tmp_path / "frames"
    assert convert(annotations, frames, "--to", "openpose", "--skeleton", "BODY_25") == 0
    assert convert(frames, tmp_path / "again.json") == 0
    assert len(json.loads((tmp_path / "again.json").read_text("utf-8"))["annotations"]) == 3


@pytest.mark.parametrize(("arguments", "message"), [
    (["in.json", "in.json"], "OUT: expected another file than the input"),
    (["in.json", "other.csv"], "OUT: expected a new file or one that npkpose wrote"),
    (["in.json", "out"], "--to: expected a format, since OUT does not end in .json, .csv, .h5"),
    (["in.json", "out.json", "--to", "deeplabcut-h5"], "--to: expected one of wholebody"),
    (["in.json", "out.json", "--skeleton", "dragon"], "--skeleton: expected a skeleton, got"),
    (["in.json", "out.json", "--from", "mpii"], "in.json: expected a list"),
    (["missing.json"], "missing.json: no such file or folder"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_changes_no_file(
    annotations, tmp_path, capsys, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.csv").write_text("mine", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert convert(*arguments) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
