"""Functions that get what a framework gives, and the terminal."""

import os
import subprocess
import sys

import pytest


def _script(case, name):
    """Run a script of the case, which fails; return the last line."""
    done = case.run_apart(name)
    assert done.status == 1
    return done.err.splitlines()[-1]


def check_f70(case):
    pytest.importorskip("torch", reason="a tensor that requires grad")
    error = _script(case, "grad.py")
    assert error.startswith("ValueError: heatmaps: expected") and "requires grad" in error


def check_f71(case):
    assert _script(case, "grid.py") == "ValueError: grid: expected a Grid, got 4"


def check_f72(case):
    done = case.run_apart("masked.py")
    assert done.status == 0 and done.out == "(array([[[6., 6.]]]), array([[0.5]]))\n"


def check_f75(case):
    """``npkpose models | head -1``: the reader of the pipe is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "npkpose", "models"]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writer)
    assert done.stderr == b"" and done.returncode == 141
