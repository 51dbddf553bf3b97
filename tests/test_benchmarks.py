"""The scenes that benchmarks draw are what they say, and nothing there is timed here."""

import argparse
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from npkpose import nn
from npkpose._numba import COMPILES
from npkpose.engine import use_threads

paf = pytest.importorskip("benchmarks.paf", reason="benchmarks/ is not beside the package")
decode = pytest.importorskip("benchmarks.decode")
tags = pytest.importorskip("benchmarks.tags")
space = pytest.importorskip("benchmarks.space")
timing = pytest.importorskip("benchmarks.timing")
numbers = pytest.importorskip("benchmarks.numbers")
networks = pytest.importorskip("benchmarks.networks")
tile_peak = pytest.importorskip("benchmarks.tile_peak")


def test_the_ratio_of_the_table_is_our_time_over_the_peers(capsys):
    timing.print_rows([timing.Row("ours", "1", 0.0, 2.0, "a peer", 8.0)])
    assert capsys.readouterr().out.split()[-2:] == ["8.000", "0.250"]


ALONE = sorted(
    path.stem
    for path in pathlib.Path(timing.__file__).parent.glob("*.py")
    if "__name__ == " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", ALONE)
def test_help_runs_no_benchmark_and_leaves_no_file(name, tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = [sys.executable, "-m", f"benchmarks.{name}".removesuffix(".__main__"), "--help"]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("usage: ")
    assert "first s" not in done.stdout and list(tmp_path.iterdir()) == []


def test_a_plot_of_a_benchmark_replaces_no_file_of_the_user(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "people.png"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit):
        paf.main(["--plot", str(path)])
    assert path.read_text(encoding="utf-8") == "mine"


def test_few_people_of_a_drawn_scene_are_all_found():
    scene = paf.draw_scene(3, (46, 82), np.random.default_rng(1))
    assert paf.found(paf.group(scene), scene).tolist() == [3, 3, 0]
    assert paf.found(scene.truth, scene).tolist() == [3, 3, 0]


def test_most_of_a_drawn_crowd_is_found_and_few_are_spurious():
    scene = paf.draw_scene(100, (46, 82), np.random.default_rng(0))
    loose, strict, spurious = paf.found(paf.group(scene), scene)
    assert loose >= 80 and strict >= 70 and spurious <= 15


def test_everybody_with_tags_is_found_and_nobody_else():
    case = tags.scene(np.random.default_rng(0), 256, 30, 1)
    assert tags.found(tags.group(case), case[2]).tolist() == [30, 30, 0]


@pytest.mark.parametrize("refine, bar", [("argmax", 0.41), ("log_parabola", 0.04), ("dark", 0.024)])
def test_noisy_heatmaps_are_decoded_as_closely_as_the_table_says(refine, bar):
    case = decode.noisy_heatmaps((64, 48), 2.0, np.random.default_rng(0))
    errors = decode.errors([case], lambda maps: decode.decode_heatmaps(maps, refine)[0])
    assert errors.mean() < bar


@pytest.mark.parametrize("lens", space.LENSES)
def test_every_peer_triangulates_the_same_exact_points(lens, monkeypatch):
    monkeypatch.setattr(space, "NOISE", 0.0)
    cameras = space.ring(space.LENSES[lens])
    pixels = space.views_of(cameras, 50)
    points = np.random.default_rng(0).uniform(-800, 800, (50, 3))
    np.testing.assert_allclose(space.svd_loop(pixels, cameras), points, rtol=0, atol=1e-6)
    pytest.importorskip("cv2")
    found = space.opencv_points(pixels[:2], cameras[:2])
    np.testing.assert_allclose(found, points, rtol=0, atol=0.1)  # its undistortion stops early


@pytest.mark.parametrize("name", space.NETWORKS)
def test_the_lifting_networks_race_their_equals(name):
    pytest.importorskip("torch")
    network, argument, frames = space.NETWORKS[name]
    model = network(argument).eval()
    x = np.random.default_rng(0).standard_normal((1, frames, 17, 2), dtype=np.float32)
    y = model(x)
    np.testing.assert_allclose(space.torch_twin(model, argument)[1](x), y, atol=1e-5 * abs(y).max())


@pytest.mark.parametrize("name", ["tiny-64", "tiny-step-64", "videopose3d-243", "vitpose-s"])
def test_the_networks_race_their_equals(name):
    pytest.importorskip("torch")
    work = networks.WORKS[name]._replace(step=False)
    model, x = work.network(*work.arguments).eval(), networks.picture(work.shape)
    twin = networks.torch_twin(work, model.state_dict())
    y = model(x)
    np.testing.assert_allclose(twin(x), y, rtol=0, atol=1e-4 * abs(y).max())


@pytest.mark.parametrize("inputs", [1, 3])
def test_products_are_counted_by_hand(inputs):
    layers = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 5, 1))
    x = np.ones((inputs, 2, 3, 3), np.float32)
    assert networks.multiply_adds(layers, x) == inputs * (2 * 3 * 9 + 3 * 5)


def test_numbers_of_threads_beyond_the_machines_are_left_out():
    with use_threads(4):
        assert networks.thread_counts("1,2,4,8,16") == [1, 2, 4]
    for bad in ("0", "1,,2", "two", "", "-1"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected numbers like"):
            networks.thread_counts(bad)


def test_without_a_twin_the_row_of_ratios_says_why(monkeypatch):
    monkeypatch.setattr(networks, "onnx_twin", lambda *_: (None, "it is not installed"))
    lines = list(networks.thread_table(["tiny-64"], [1, 2], ["onnxruntime"], 0))
    assert lines[0].endswith("| 1 thread | 2 threads |\n")
    assert lines[2] == "| tiny-64 | onnxruntime | it is not installed |\n"


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_peak_is_that_of_tiles_that_sum_all_terms(dtype):
    lanes = tile_peak.VECTOR_BYTES // np.dtype(dtype).itemsize
    *arrays, sums, ones = tile_peak._arrays(lanes, dtype)
    tile_peak._sum_often(*arrays, sums, ones, 2)
    assert (sums == tile_peak.TERMS).all()


@pytest.mark.parametrize("kind", numbers.KINDS)
def test_scanned_numbers_of_every_kind_are_those_of_float(kind):
    texts = list(numbers.KINDS[kind](np.random.default_rng(1), 300))
    assert len(texts) == 300 and numbers.compare(texts)[2] == 0  # none is left to json


def test_a_number_that_is_not_decided_is_left_to_json_alone():
    undecided = "9007199254740993.0000000000000000000001"
    assert numbers.compare(["1", "2.5", undecided, "3"])[2] == 1


def test_an_unknown_suite_is_refused(capsys):
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["speed"])
    assert "expected some of decode, one_crop, paf" in capsys.readouterr().err
