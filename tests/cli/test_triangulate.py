import json
import os
import subprocess
import sys

import numpy as np
import pytest

from npkpose.cli.main import main
from npkpose.poses import Poses
from npkpose.space import Camera


@pytest.fixture
def rig(tmp_path):
    """Three cameras in metres around the origin, as a Human3.6M calibration."""
    entries, cameras = {}, []
    for angle in (0.0, 1.5, 3.0):
        forward, right = [-np.cos(angle), -np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0]
        R = np.stack([right, np.cross(forward, right), forward])
        entry = {"R": R.T, "T": [4 * np.cos(angle), 4 * np.sin(angle), 0], "f": [1000, 1000],
                 "c": [500, 500], "k": [-0.2, 0.2, 0], "p": [0.001, 0.002]}  # fmt: skip
        cameras.append(Camera.from_h36m({key: np.array(value) for key, value in entry.items()}))
        entries[f"cam{len(cameras)}"] = {
            k: np.asarray(value).tolist() for k, value in entry.items()
        }
    (tmp_path / "rig.json").write_text(json.dumps(entries), encoding="utf-8")
    return cameras, str(tmp_path / "rig.json")


def test_no_input_and_no_file_of_the_user_is_replaced(rig, tmp_path, capsys):
    cameras, calibration = rig
    files = [str(tmp_path / f"{v}.npy") for v in range(3)]
    for path, camera in zip(files, cameras):
        np.save(path, camera.project(np.zeros((1, 4, 3))))
    np.savez(tmp_path / "mine.npz", a=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for out, message in (
        (calibration, "another file than the input"), (files[1], "a file ending in .npz or .json"),
        (tmp_path / "mine.npz", "a new file or one that npkpose wrote"),
    ):  # fmt: skip
        assert main(["triangulate", calibration, *files, "--out", str(out)]) == 1
        assert f"--out: expected {message}" in capsys.readouterr().err
    assert main(["triangulate", calibration, *files, "--out", "points.txt"]) == 1
    assert "--out: expected a file ending in .npz or .json, got po" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_points_are_triangulated_despite_wrong_and_missing_views(rig, tmp_path, capsys):
    cameras, calibration = rig
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (6, 4, 3))
    views = np.stack([camera.project(points) for camera in cameras])
    views[2, 3] += [300, 200]
    views[:2, 5, 0] = np.nan
    for v, view in enumerate(views):
        np.save(tmp_path / f"{v}.npy", view)
    files, out = [str(tmp_path / f"{v}.npy") for v in range(3)], str(tmp_path / "points.npz")
    assert main(["triangulate", calibration, *files, "--out", out]) == 0
    assert "6 x 4 keypoints, 23 of them triangulated, in m" in capsys.readouterr().out
    with np.load(out) as stored:
        assert np.isnan(stored["points"][5, 0]).all() and stored["status"][5, 0] == 1
        assert (stored["num_views"][3] == 2).all() and str(stored["unit"]) == "m"
        points[5, 0] = np.nan
        np.testing.assert_allclose(stored["points"], points, rtol=0, atol=1e-9)
    options = ["--cameras", "cam3,cam2,cam1", "--all-views", "--out", out]
    assert main(["triangulate", calibration, *files[::-1], *options]) == 0
    with np.load(out) as stored:
        assert (stored["num_views"][3] == 3).all() and (stored["errors"][3] > 20).all()
        np.testing.assert_allclose(stored["points"][:3], points[:3], rtol=0, atol=1e-9)


def test_people_of_coco_results_are_matched_and_triangulated(rig, tmp_path, capsys):
    cameras, calibration = rig
    rng = np.random.default_rng(1)
    people = rng.normal(0, 0.3, (2, 2, 17, 3)) + [[[[0.6, 0, 0]], [[-0.6, 0.3, 0]]]]  # (F, P, K, 3)
    order = [[0, 1], [1, 0], [1, 0]]
    files = []
    for v, camera in enumerate(cameras):
        pixels = camera.project(people[:, order[v]])
        entries = [entry for f in (0, 1) for entry in Poses(pixels[f]).to_coco(f"{f:03d}")]
        files.append(tmp_path / f"{v}.json")
        files[-1].write_text(json.dumps(entries), encoding="utf-8")
    out = tmp_path / "people.json"
    arguments = [calibration, *map(str, files), "--min-views", "3", "--out", str(out)]
    assert main(["triangulate", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "4 people at 2 times, 4 x 17 keypoints, 68 of them triangulated" in printed
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["image_id"] == ["000", "000", "001", "001"]
    for image_id, members, points in zip(found["image_id"], found["members"], found["points"]):
        expected = people[int(image_id), members[0]]
        assert [order[v][m] for v, m in enumerate(members)] == [members[0]] * 3
        np.testing.assert_allclose(points, expected, rtol=0, atol=1e-6)


def test_the_shelf_scene_has_three_people_at_each_time(shared_data, tmp_path):
    shelf = shared_data / "shelf"
    found = json.loads((shelf / "detections_hrnet_coco17.json").read_text(encoding="utf-8"))
    files = []
    for v in range(5):
        triples = {f: np.array([p["pred"] for p in found[f"{v}_{f}"]]) for f in range(3)}
        entries = [e for f, t in triples.items() for e in Poses(t[..., :2], t[..., 2]).to_coco(f)]
        files.append(str(tmp_path / f"{v}.json"))
        (tmp_path / f"{v}.json").write_text(json.dumps(entries), encoding="utf-8")
    out = str(tmp_path / "o.npz")
    calibration = str(shelf / "calibration.json")
    assert main(["triangulate", calibration, *files, "--min-views", "4", "--out", out]) == 0
    with np.load(out) as stored:
        assert stored["image_id"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        assert max(np.nanmedian(stored["errors"][stored["image_id"] == f]) for f in range(3)) < 6.5


def test_input_that_cannot_be_triangulated_is_one_line_and_status_1(rig, tmp_path, capsys):
    _, calibration = rig
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 2)))
    np.save(tmp_path / "b.npy", np.zeros((2, 4, 2)))
    (tmp_path / "c.json").write_text("[]", encoding="utf-8")
    a, b, c = (str(tmp_path / name) for name in ("a.npy", "b.npy", "c.json"))
    for message, arguments in {
        "KEYPOINTS: expected 3 files, one per camera (see --cameras; without files, ": [a, a],
        "b.npy: expected (2, 3, 2), the first view's shape, got (2, 4, 2)": [a, a, b],
        "KEYPOINTS: expected COCO results of every view or of none": [a, a, c],
        "KEYPOINTS: expected at least one person, got none": [c, c, c],
        "--cameras: expected some of cam1, cam2, cam3, got 'cam4'": [
            a,
            a,
            "--cameras",
            "cam1,cam4",
        ],
        "--out: expected a file ending in .npz or .json": [a, a, a, "--out", "points.txt"],
        "KEYPOINTS: expected at least 2 views, got 1": [a, "--cameras", "cam2"],
        "--cameras: expected different cameras": [a, a, "--cameras", "cam1,cam1"],
        "--threshold: expected more than 0, got -1": [a, a, a, "--threshold", "-1"],
        "--min-views: expected none, since": [a, a, a, "--min-views", "2"],
        "--min-views: expected 1 to 3, got 4": [c, c, c, "--min-views", "4"],
        "--all-views: expected none, since": [c, c, c, "--all-views"],
    }.items():
        assert main(["triangulate", calibration, *arguments]) == 1
        error = capsys.readouterr().err
        assert error.startswith("npkpose triangulate: ") and error.count("\n") == 1
        assert message in error


def test_without_keypoints_the_names_of_the_cameras_are_printed(rig, capsys):
    assert main(["triangulate", rig[1]]) == 0
    assert capsys.readouterr().out == "cam1\ncam2\ncam3\n"


def test_views_that_agree_nowhere_are_said_to(rig, tmp_path, capsys):
    rng, files = np.random.default_rng(0), []
    for v in range(3):
        files.append(str(tmp_path / f"{v}.npy"))
        np.save(files[-1], rng.uniform(0, 1000, (2, 4, 2)))
    options = ["--threshold", "0.001", "--out", str(tmp_path / "o.npz")]
    assert main(["triangulate", rig[1], *files, *options]) == 0
    output, error = capsys.readouterr()
    assert "0 of them triangulated" in output
    assert "npkpose triangulate: nothing is triangulated: no two views agree" in error


def test_a_name_that_the_terminal_cannot_show_is_escaped(rig, tmp_path):
    cameras, calibration = rig
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 4, 3))
    for v, camera in enumerate(cameras):
        np.save(tmp_path / f"{v}.npy", camera.project(points))
    files, out = [tmp_path / f"{v}.npy" for v in range(3)], tmp_path / "\u8d70.npz"
    command = [sys.executable, "-m", "npkpose", "triangulate", calibration, *files, "--out", out]
    done = subprocess.run(command, capture_output=True, env=os.environ | {
        "PYTHONIOENCODING": "cp1252", "PYTHONPATH": os.pathsep.join(sys.path),
    })  # fmt: skip
    assert done.returncode == 0 and out.exists()
    assert rb"\u8d70.npz: points" in done.stdout


def test_help_says_which_files_are_read(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["triangulate", "--help"])
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "COCO results" in text and ".npy" in text


def test_views_that_never_meet_and_other_units_are_named(rig, tmp_path, capsys):
    cameras, calibration = rig
    files = []
    for v, camera in enumerate(cameras):
        pixels = camera.project(np.random.default_rng(0).normal(0, 0.3, (1, 17, 3)))
        files.append(tmp_path / f"{v}.json")
        files[-1].write_text(json.dumps(Poses(pixels).to_coco(f"cam{v}_000")), encoding="utf-8")
    out = str(tmp_path / "o.npz")
    assert main(["triangulate", calibration, *map(str, files), "--out", out]) == 1
    assert "image_id: expected one that is in two files" in capsys.readouterr().err
    for v, camera in enumerate(cameras):
        np.save(tmp_path / f"{v}.npy", camera.project(np.zeros((1, 3))))
    arrays = [str(tmp_path / f"{v}.npy") for v in range(3)]
    assert main(["triangulate", calibration, *arrays, "--out", out, "--unit", "cm"]) == 0
    with np.load(out) as stored:
        assert str(stored["unit"]) == "cm"
