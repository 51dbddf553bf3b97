import json

import pytest

from npkpose.cli.main import main
from npkpose.cli.terminal import one_line, text_of, with_option

CODES = "\x1b]0;owned\x07\x1b[2K\x9b31m\u202e\nnpkpose predict: all is well"


def test_a_line_has_no_codes_and_an_end():
    assert one_line("a\x1b[2Kb\nc") == r"a\x1b[2Kb\nc"
    assert one_line("走る ä \udcff \u202e") == "走る ä \\udcff \\u202e"
    assert one_line(one_line(CODES)) == one_line(CODES) and one_line(CODES).isprintable()
    assert one_line(ValueError("x" * 1000)) == "x" * 1000
    line = one_line("y" * 60_000)
    assert len(line) <= 1000 and line.endswith("yyy... (60,000 characters)")


@pytest.mark.parametrize("text, expected", [
    ("save_every: expected", "--save-every: expected"), ("size[0]: got", "--size[0]: got"),
    ("keypoints[:, 3][1]: got", "KEYPOINTS[:, 3][1]: got"), ("save: got", "save: got"),
    ("f.npz: size: got", "f.npz: size: got"), ("size of it: got", "size of it: got"),
    ("photos: got", "photos: got"), ("--size: got", "--size: got"), ("", ""),
])  # fmt: skip
def test_a_message_names_the_option_of_an_argument(text, expected):
    usage = "usage: npkpose x [--save-every STEPS] [--size W H] [--out FILE] KEYPOINTS [PHOTOS.png]"
    assert with_option(ValueError(text), usage) == expected
    assert with_option(text, usage, [text.split(":")[0].split("[")[0]]) == text  # a file's name


def test_an_error_of_the_system_says_what_was_expected(tmp_path):
    for path, end in ((tmp_path / "none", "expected a file that exists, got none"),
                      (tmp_path, "expected a file, got a folder")):  # fmt: skip
        with pytest.raises(OSError) as caught:
            open(path, "rb")
        assert text_of(caught.value) == f"{path}: {end}"
    assert text_of(OSError("no server")) == "no server"


@pytest.mark.parametrize("command", [
    ["predict", "--weights", f"{CODES}.npz", "a.png"], ["eval", f"{CODES}.json", "a.json"],
])  # fmt: skip
def test_a_name_does_not_act_on_the_terminal(command, capsys):
    assert main(command) == 1
    error = capsys.readouterr().err
    assert error.endswith("\n") and error[:-1].isprintable() and "owned" in error


def test_a_text_out_of_a_file_does_not_act_on_the_terminal(tmp_path, capsys):
    pytest.importorskip("PIL")
    boxes = [{"image_id": CODES * 100, "bbox": [1, 1, 5, 5]}]
    (tmp_path / "boxes.json").write_text(json.dumps(boxes), encoding="utf-8")
    command = ["predict", "--model", "hrnet-w32", "--weights", "w.npz", "--boxes"]
    assert main([*command, str(tmp_path / "boxes.json"), "a.png"]) == 1
    error = capsys.readouterr().err
    assert "expected boxes of a.png" in error and error[:-1].isprintable() and len(error) < 300
