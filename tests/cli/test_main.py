import sys

import pytest

from npkpose.cli.main import main


def test_errors_are_one_line_and_status_1(tmp_path, capsys):
    (tmp_path / "w.pb").write_bytes(b"no graph")
    for weights, what in (("w.pb", "w.pb"), ("none.pb", "none.pb"), ("w.onnx", "expected a file")):
        assert main(["predict", "--weights", str(tmp_path / weights), "photo.jpg"]) == 1
        error = capsys.readouterr().err
        assert error.startswith("npkpose predict: ") and what in error and error.count("\n") == 1


def test_without_matplotlib_the_demo_says_which_extra_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["demo", "--out", str(tmp_path)]) == 1
    assert 'pip install "npkpose[examples]"' in capsys.readouterr().err


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["dance"])
    assert stop.value.code == 2
