"""The public names have type hints, and mypy agrees with how they are used."""

import inspect
import subprocess
import sys

import pytest

import npkpose

USE = """
import numpy as np
import npkpose
from npkpose import Grid, Poses, decode_heatmaps, evaluate_coco, group_paf, oks

maps = np.zeros((1, 18, 8, 8), np.float32)
coords, scores = decode_heatmaps(maps, "dark", Grid(4, "centre"))
people: Poses = group_paf(maps[0], np.zeros((38, 8, 8)), npkpose.OPENPOSE_18)
shape: tuple[int, ...] = oks(people.keypoints, people.keypoints, [1.0], [0.1]).shape
text: str = npkpose.WFLW_98.name
number: float = evaluate_coco("a.json", "b.json").stats.ap
"""
WRONG = """
import npkpose
npkpose.decode_heatmaps([[[[0.0]]]], refine=3)
npkpose.Poses.empty("many")
"""


def callables():
    """Yield (name, function) of every public function, and method of a public class."""
    for name in npkpose.__all__:
        value = getattr(npkpose, name)
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value) and not issubclass(value, tuple):
            for each, method in vars(value).items():
                method = getattr(method, "__func__", getattr(method, "fget", method))
                public = not each.startswith("_") or each in ("__init__", "__call__")
                if inspect.isfunction(method) and public and method.__doc__:
                    yield f"{name}.{each}", method


CALLABLES = [pytest.param(*each, id=each[0]) for each in callables()]


@pytest.mark.parametrize("name, function", CALLABLES)
def test_every_argument_and_the_result_have_a_type(name, function):
    signature = inspect.signature(function)
    kinds = [each.annotation for each in signature.parameters.values()
             if each.name not in ("self", "cls")]  # fmt: skip
    assert inspect.Parameter.empty not in [*kinds, signature.return_annotation]


def mypy(code, folder):
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(folder), "--follow-imports=silent",
               "--disallow-untyped-calls", "-c", code]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True)


def test_mypy_accepts_a_use_of_the_names_and_refuses_a_wrong_one(tmp_path):
    pytest.importorskip("mypy")
    done = mypy(USE, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = mypy(WRONG, tmp_path)
    assert done.returncode == 1 and done.stdout.count("[arg-type]") == 2, done.stdout
