"""Which files `npkpose predict` takes from folders, patterns and lists."""

import argparse

import pytest

from npkpose._output import Outputs
from npkpose.cli.predict_inputs import Failures, list_inputs


def listed(source):
    failed = Failures()
    inputs = list_inputs(argparse.Namespace(sources=[str(source)], list=None), failed)
    return [path.replace("\\", "/").rpartition("/")[2] for path in inputs.photos], failed


@pytest.mark.parametrize("pattern", ["", "*.png"])
def test_what_npkpose_drew_into_a_folder_is_no_photo_of_it(pattern, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"mine")
    outputs = Outputs()
    for name in ("a-drawn.png", "b-drawn.png"):
        outputs.write(tmp_path / name, lambda path: path.write_bytes(b"drawn"))
    (tmp_path / "b-drawn.png").write_bytes(b"changed by the user, so it is the user's")
    names, failed = listed(tmp_path / pattern)
    assert (names, list(failed.names)) == (["a.png", "b-drawn.png", "b.png"], [])
    assert listed(tmp_path / "a-drawn.png")[0] == ["a-drawn.png"]  # named, so it is wanted


def test_a_folder_of_nothing_but_drawings_is_said_to_be_one(tmp_path, capsys):
    Outputs().write(tmp_path / "a.png", lambda path: path.write_bytes(b"drawn"))
    names, failed = listed(tmp_path)
    assert names == [] and list(failed.names) == [str(tmp_path)]
    assert "got only what npkpose wrote" in capsys.readouterr().err
