import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from npkpose._numba import COMPILES
from npkpose.cli import demo
from npkpose.cli.main import main
from npkpose.data.people import SyntheticPeople
from npkpose.training import recipes
from npkpose.training.cached_dataset import CachedDataset

COMPILED = """
import sys
from numba.core.dispatcher import Dispatcher
from npkpose.cli.demo import compile_finders

compile_finders()
for name, module in list(sys.modules.items()):
    for kernel in vars(module).values() if name.startswith("npkpose.") else ():
        if isinstance(kernel, Dispatcher) and kernel.signatures:
            print(f"{kernel.py_func.__module__}.{kernel.py_func.__name__}")
"""


@pytest.fixture(scope="module")
def scenes():
    return CachedDataset(SyntheticPeople(3, demo.SEED), 3)


@pytest.fixture(scope="module")
def found(scenes):
    finders = demo.make_finders(scenes, ("topdown", "paf", "tags"))
    assert list(finders) == ["topdown", "paf", "tags"]
    return {name: demo.find_people(find, scenes) for name, find in finders.items()}


def test_no_file_of_the_user_is_replaced(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "people.png").write_text("a photograph", encoding="utf-8")
    with pytest.raises(ValueError, match="--out: .* npkpose wrote, got .*people.png"):
        demo.demo(tmp_path)
    assert (tmp_path / "people.png").read_text(encoding="utf-8") == "a photograph"


def test_a_seed_that_is_none_is_refused_at_once(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), "--seed", "-1"]) == 1
    output, error = capsys.readouterr()
    assert output == "" and error == "npkpose demo: --seed: expected at least 0, got -1\n"
    assert not (tmp_path / "demo").exists()


def test_its_scenes_are_not_those_of_any_training():
    seeds = recipes.TRAIN_SEED, recipes.WATCH_SEED, recipes.HELD_OUT_SEED
    assert demo.SEED > max(seeds)


def test_top_down_finds_people_without_true_boxes_and_every_network_is_timed(found, scenes):
    find = demo.make_finders(scenes, ["topdown"])["topdown"]
    nobody = [replace(scenes[i], boxes=np.zeros((0, 4))) for i in range(3)]
    for scene, poses in zip(nobody, found["topdown"][0]):
        assert len(poses) > 0
        np.testing.assert_array_equal(find(scene).keypoints, poses.keypoints)
    assert all(len(poses) == 3 and milliseconds > 0 for poses, milliseconds in found.values())


def test_the_table_has_a_line_for_each_network(found, scenes, capsys):
    demo.print_people(found, scenes)
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    values = np.array([line.split()[-3:] for line in lines], float)  # AP, AP, ms
    assert ((values[:, :2] >= 0) & (values[:, :2] <= 1)).all() and values[0, 0] > 0.3


def test_the_plot_has_a_row_for_each_network(found, scenes, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib")
    image = pytest.importorskip("PIL.Image", reason="images need Pillow")
    demo.draw_people(tmp_path / "people.png", found, scenes, columns=2)
    with image.open(tmp_path / "people.png") as plot:
        assert plot.height > plot.width


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
def test_the_second_process_compiles_the_kernels_that_find_people_but_none_of_a_layer():
    environment = os.environ | {"NPKPOSE_ENGINE": "plain"}
    command = [sys.executable, "-c", COMPILED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    compiled = done.stdout.split()
    assert not [name for name in compiled if name.startswith("npkpose.engine")]
    assert {"npkpose.image.warp.warp_pixels", "npkpose.codec.paf.assemble._merge"} <= set(compiled)
