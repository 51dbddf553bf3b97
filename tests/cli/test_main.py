import os
import signal
import subprocess
import sys

import pytest

from npkpose.cli.main import main


def test_errors_are_one_line_and_status_1(tmp_path, capsys):
    for name in ("w.pb", "w.onnx"):
        (tmp_path / name).write_bytes(b"no graph")
    wrong = ("w.pb", "w.pb"), ("none.pb", "none.pb"), ("w.onnx", "expected an ONNX model")
    for weights, what in wrong:
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


def start(*arguments, **options):
    """Start a command in a process of its own."""
    command = [sys.executable, "-P", "-u", "-m", "npkpose", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, **options)


def test_a_closed_pipe_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    process = start("models", stdout=writer)
    os.close(writer)
    assert process.communicate(timeout=300)[1] == "" and process.returncode == 141


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_is_one_line_and_status_130(tmp_path):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib")
    pytest.importorskip("PIL", reason="images need Pillow")
    demo = start("demo", "--out", tmp_path, stdout=subprocess.PIPE)
    assert demo.stdout.readline().startswith("1. Four markers")
    demo.send_signal(signal.SIGINT)
    errors = demo.communicate(timeout=300)[1].splitlines()
    assert errors[-1] == "npkpose demo: interrupted" and demo.returncode == 130
    assert not any("Traceback" in line for line in errors)
