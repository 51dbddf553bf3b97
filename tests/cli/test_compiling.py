import gc
import importlib
import os
import subprocess
import sys

import pytest

from npkpose._numba import COMPILES, config
from npkpose.cli import compiling

# A module whose kernel compiles, and functions for a second process.
MODULE = """
import threading
from npkpose import nn
from npkpose._jit import kernel
from npkpose.cli.compiling import note_compilation, second_process

@kernel
def add(a, b):
    return a + b

def add_twice():
    with note_compilation("demo"):
        add(1, 2), add(1, 2), add(1.0, 2.0)

def print_engine():
    print(nn.current_engine(), flush=True)

def wait_for_ever():
    print("waiting", flush=True)
    threading.Event().wait()

def start_and_wait():
    with second_process(wait_for_ever):
        threading.Event().wait()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The module, on the path of this process."""
    (tmp_path / "compiling_case.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("compiling_case")
    del sys.modules["compiling_case"]


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a process which calls a function of the module."""
    (tmp_path / "compiling_case.py").write_text(MODULE, encoding="utf-8")

    def start(function):
        command = [sys.executable, "-P", "-c", f"import compiling_case as c; c.{function}()"]
        path = os.pathsep.join([str(tmp_path), *sys.path])
        environment = os.environ | {"PYTHONPATH": path}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, text=True, stdout=pipe, stderr=pipe
        )

    return start


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
@pytest.mark.skipif(config.BOUNDSCHECK, reason="bounds-checked kernels are not cached")
def test_the_first_kernel_that_compiles_gives_one_line_and_cached_ones_none(start):
    for expected in (f"npkpose demo: {compiling.NOTE}\n", ""):
        _, errors = start("add_twice").communicate(timeout=300)
        assert errors == expected


def test_the_second_process_runs_plain_layers(module, capfd):
    with compiling.second_process(module.print_engine) as process:
        assert process.wait(300) == 0
    assert capfd.readouterr().out == "plain\n"


def test_the_second_process_imports_nothing_from_the_folder_of_the_user(
    module, tmp_path, monkeypatch
):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "numpy.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(folder)
    with compiling.second_process(module.print_engine) as process:
        assert process.wait(300) == 0


def test_the_second_process_ends_with_the_block(module):
    with pytest.raises(KeyboardInterrupt):
        with compiling.second_process(module.wait_for_ever) as process:
            raise KeyboardInterrupt
    assert process.returncode not in (None, 0)


def test_the_second_process_ends_when_the_first_is_killed(start):
    first = start("start_and_wait")
    assert first.stdout.readline() == "waiting\n"
    first.kill()
    first.communicate(timeout=300)  # returns when both processes have closed the pipe


def test_garbage_is_collected_as_before_after_a_block_that_fails():
    before = gc.get_threshold()
    with pytest.raises(KeyboardInterrupt):
        with compiling.rare_garbage_collection():
            assert gc.get_threshold() > before
            raise KeyboardInterrupt
    assert gc.get_threshold() == before
