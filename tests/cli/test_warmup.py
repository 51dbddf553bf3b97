import os
import subprocess
import sys

import pytest

from npkpose._numba import COMPILES
from npkpose.cli.main import main
from npkpose.cli.warmup import warmup

# A kernel that others call is compiled into them, or read from the cache with them. Others are
# kernels and the functions of jobs; a job is compiled for float32.
COMPILED = """
import pkgutil, importlib, npkpose
from numba.core.dispatcher import Dispatcher
from npkpose.cli.warmup import warmup

seconds = warmup()
assert all(s >= 0 for s in seconds.values())
kernels, called, jobs = {}, set(), {}
for module in pkgutil.walk_packages(npkpose.__path__, "npkpose."):
    if not module.name.endswith("__main__"):
        names = vars(importlib.import_module(module.name))
        for name, value in names.items():
            if isinstance(value, Dispatcher):
                kernels[value.py_func.__module__, name] = value
                called |= set(map(names.get, value.py_func.__code__.co_names))
            elif name.endswith(("_float32", "_float64")) and hasattr(value, "__code__"):
                called |= set(map(names.get, value.__code__.co_names))
            elif name.endswith("_job") and hasattr(value, "cache_info"):
                jobs[value.__module__, name] = value.cache_info().currsize
assert len(kernels) > 20
assert len(jobs) >= 5 and set(jobs.values()) == {1}, jobs
called = {value.py_func for value in called if isinstance(value, Dispatcher)}
print([name for name, value in kernels.items()
       if not value.signatures and value.py_func not in called])
"""


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
def test_after_warming_up_every_kernel_is_compiled():
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
def test_what_a_second_process_leaves_undone_is_done_here(monkeypatch):
    monkeypatch.setattr("npkpose.cli.warmup._compile_for_maps", os.getpid)  # does nothing
    reported = []
    seconds = warmup(lambda name, seconds: reported.append(name))
    assert reported == list(seconds)
    assert {"Conv2d, groups 1", "group_tags", "group_paf optimal"} <= set(seconds)


def test_the_command_says_what_it_compiled(capsys):
    assert main(["warmup"]) == 0
    out = capsys.readouterr().out
    assert "decode_heatmaps dark" in out and out.rstrip().endswith("s  in all")
