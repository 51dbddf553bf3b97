"""Every example runs, prints its numbers and writes its plot; with few steps if it trains."""

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest

from npkpose._numba import COMPILES, config

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
PRINTED = {
    "01_heatmap": ([], "log_parabola  mean 0.000 px"),
    "02_train_markers": (["--seeds", "1", "--steps", "12"], "median mean L2: argmax"),
    "03_identical_markers": (["--steps", "6"], "the ink lies [-0.5 -0.5] px off its label"),
    "04_affinity_fields": ([], "the first limb alone in the image: 1.000000"),
    "05_two_figures": (["--steps", "4"], "nearest keypoint"),
    "07_top_down_or_bottom_up": (["--width", "4", "--most", "2"], "top-down is faster up to"),
    "06_photograph": (["graph_opt.pb", "photo.jpg"], "nose"),
    "08_train_top_down": (["--steps", "2", "--scenes", "2"], "step     2: loss"),
    "09_single_person_or_crowd": (["--most", "2"], "grouping all"),
    "10_triangulate_rig": (["calibration.json", "bodies.json"], "one of 8 cameras 150 px off"),
    "11_shelf": (["calibration.json", "detections.json"], "detections are 3 people"),
    "12_lift_motion": (["--seeds", "1", "--steps", "8"], "27 frames against 1: MPJVE"),
    "13_mhformer": (["--steps", "3"], "first frame of a window"),
    "14_mesh_alignment": (["--steps", "3"], "looking at the mesh: 170 mm"),
    "15_decode_on_a_cluster": (["--people", "40"], "0 of 2040 numbers differ"),
    "16_score_on_a_cluster": (["--people", "400"], "0 points of curves and 0 matches differ"),
    "18_labelled_images": (["annotations.json"], "instances of HAND_21, drawn on 9.jpg, 33.jpg"),
    "19_any_network": (["photo.jpg"], "astronaut.png: 1 MEDIAPIPE_468"),
    "20_smooth_wrist": (["--seconds", "10"], "as in PoseSmoother"),
    "17_train_on_a_cluster": (["--steps", "4"], "differ by at most 0.000 %"),
}

# Without a cache, as where bounds are checked, each example would compile the engine again.
ENGINE = {"NPKPOSE_ENGINE": "plain"} if config.BOUNDSCHECK else {}

NEED_DATA = {
    "06_photograph", "10_triangulate_rig", "11_shelf", "18_labelled_images", "19_any_network",
}  # fmt: skip
NEED_DASK = {"15_decode_on_a_cluster", "16_score_on_a_cluster", "17_train_on_a_cluster"}
SLOW_UNCOMPILED = {"13_mhformer"}  # its GELU, number by number


def run(name, arguments, folder):
    """Run an example in ``folder``; return what it printed."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("PIL")
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=os.environ | ENGINE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_listed_here_and_short():
    files = {path.stem: path for path in EXAMPLES.glob("*.py")}
    assert files.keys() == PRINTED.keys()
    for path in files.values():
        source = path.read_text(encoding="utf-8")
        docstring = ast.parse(source).body[0].end_lineno
        lines = [line.strip() for line in source.splitlines()[docstring:]]
        code = [line for line in lines if line and not line.startswith("#")]
        assert len(code) <= 80, path.name


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_an_example_explains_its_code_and_all_readers_see_its_colours(name):
    script = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    blocks = script.split("\n# %%\n")[1:]
    assert blocks and all(block.startswith("# ") for block in blocks)
    if "matplotlib" in script:
        assert 'layout="constrained"' in script and "tight_layout" not in script
        assert not re.search(r"\bC[0-9]\b|tab:", script), "colours that all readers tell apart"


@pytest.mark.parametrize("name", sorted(set(PRINTED) - NEED_DATA))
def test_an_example_prints_its_numbers_and_writes_its_plot(name, tmp_path):
    if name in NEED_DASK:
        pytest.importorskip("distributed", reason="needs Dask: the scale extra")
        pytest.importorskip("dask.array", reason="needs Dask: the scale extra")
    if not COMPILES and name in SLOW_UNCOMPILED:
        pytest.skip("uncompiled, it takes minutes")
    arguments, wanted = PRINTED[name]
    assert wanted in run(name, arguments, tmp_path)
    assert (tmp_path / f"{name}.png").stat().st_size > 5_000


def test_the_photograph_example_finds_its_skier(shared_data, tmp_path):
    weights = shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb"
    photo = shared_data / "photos" / "000000000785.jpg"
    assert "nose" in run("06_photograph", [str(weights), str(photo)], tmp_path)
    assert (tmp_path / "06_photograph.png").stat().st_size > 10_000


def test_the_examples_of_several_cameras_find_their_people(shared_data, tmp_path):
    panoptic, shelf = shared_data / "panoptic", shared_data / "shelf"
    files = {
        "10_triangulate_rig": [panoptic / "calibration_160906_band1.json",
                               panoptic / "hdPose3d_stage1_coco19" / "body3DScene_00000168.json"],
        "11_shelf": [shelf / "calibration.json", shelf / "detections_hrnet_coco17.json"],
    }  # fmt: skip
    for name, paths in files.items():
        assert PRINTED[name][1] in run(name, [str(path) for path in paths], tmp_path)
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_labelled_images_are_drawn_from_files_of_several_data_sets(shared_data, tmp_path):
    samples = shared_data / "samples"
    names = "onehand10k_test_onehand10k", "aic_test_aic", "mpii_test_mpii"
    files = [str(samples / "annotations" / f"{name}.json") for name in names]
    arguments = [*files, "--images", str(samples / "photos")]
    shown = run("18_labelled_images", arguments, tmp_path)
    assert PRINTED["18_labelled_images"][1] in shown
    assert "5 instances of MPII_16, drawn on 005808361.jpg, 004645041.jpg" in shown
    assert (tmp_path / "18_labelled_images.png").stat().st_size > 100_000


def test_networks_from_files_find_a_face(shared_data, tmp_path):
    names = "astronaut.png", "face_detection_front_128x128_barracuda.onnx", "facemesh_tfjs.onnx"
    photo, *pair = (str(shared_data / "pretrained" / name) for name in names)
    found = run("19_any_network", [photo, "--pair", *pair], tmp_path)
    assert PRINTED["19_any_network"][1] in found
    assert (tmp_path / "19_any_network.png").stat().st_size > 50_000


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_an_example_never_replaces_a_file_of_the_user(name, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("PIL")
    if name in NEED_DASK:
        pytest.importorskip("distributed", reason="needs Dask: the scale extra")
    (tmp_path / f"{name}.png").write_text("mine", encoding="utf-8")
    command = [sys.executable, str(EXAMPLES / f"{name}.py")]
    command += ["nowhere.bin", "nowhere.json"] * (name in NEED_DATA)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    message = f"--out: expected a new file or one that npkpose wrote, got {name}.png\n"
    assert done.stderr.endswith(f"error: argument {message}")
    assert (tmp_path / f"{name}.png").read_text(encoding="utf-8") == "mine"


def test_an_example_replaces_its_own_plot(tmp_path):
    for _ in range(2):
        assert run("04_affinity_fields", [], tmp_path).endswith("wrote 04_affinity_fields.png\n")


@pytest.mark.parametrize("name", sorted(NEED_DATA))
def test_an_example_names_a_missing_file(name, tmp_path):
    pytest.importorskip("matplotlib")
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), "nowhere.bin", "nowhere.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith("error: expected a file, got nowhere.bin\n")


@pytest.mark.parametrize("name", sorted(NEED_DASK))
def test_an_example_without_dask_names_the_extra(name, tmp_path):
    pytest.importorskip("matplotlib")
    path = str(EXAMPLES / f"{name}.py")
    code = (
        "import runpy, sys; sys.modules['distributed'] = sys.modules['dask'] = None\n"
        f"runpy.run_path({path!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == 'this example needs Dask: pip install "npkpose[scale]"\n'
