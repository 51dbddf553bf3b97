import json

import numpy as np
import pytest

from npkpose import weights
from npkpose.cli.main import main
from npkpose.data.motion import SIZE, synthetic_motion
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.simple_baseline_3d import Normalisation, Simple3D
from npkpose.models.lifting.videopose3d import VideoPose3D
from npkpose.poses import Poses
from npkpose.space.sequence import coco_to_h36m, fill_gaps


@pytest.fixture
def sequence(tmp_path):
    """Keypoints (20, 17, 2) with a gap, and their file."""
    keypoints = synthetic_motion(np.random.default_rng(0), 1, 20)[0][0].astype(float)
    keypoints[4:6, 3] = np.nan
    np.save(tmp_path / "sequence.npy", keypoints)
    return keypoints, str(tmp_path / "sequence.npy")


def saved(tmp_path, net):
    """A network in evaluation mode, and the options that name its file."""
    weights.save(tmp_path / "w.npz", net.state_dict())
    return net.eval(), ["--weights", str(tmp_path / "w.npz"), "--size", *map(str, SIZE)]


@pytest.mark.parametrize("causal", [False, True])
def test_a_sequence_is_lifted_by_the_network_of_the_file(sequence, tmp_path, capsys, causal):
    keypoints, path = sequence
    net, options = saved(tmp_path, VideoPose3D((3, 3), 8, causal=causal))
    out = tmp_path / "poses.npz"
    options += ["--causal"] * causal + ["--out", str(out)]
    assert main(["lift", path, *options]) == 0
    printed = capsys.readouterr().out
    assert "VideoPose3D: 20 frames of 17 joints, m, 2 missing keypoints filled in" in printed
    with np.load(out) as stored:
        np.testing.assert_allclose(stored["poses"], net.lift(fill_gaps(keypoints), SIZE), atol=1e-6)


def test_no_input_and_no_file_of_the_user_is_replaced(sequence, tmp_path, capsys):
    path = tmp_path / "kp.npz"
    np.savez(path, keypoints=sequence[0])
    before = path.read_bytes()
    _, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    for out in (path, tmp_path / "w.npz"):
        assert main(["lift", str(path), *options, "--out", str(out)]) == 1
        assert "--out: expected another file than the input" in capsys.readouterr().err
    assert main(["lift", sequence[1], *options, "--out", str(path)]) == 1
    assert "--out: expected a new file or one that npkpose wrote" in capsys.readouterr().err
    assert main(["lift", sequence[1], *options, "--out", "poses.txt"]) == 1
    assert "--out: expected a file ending in .npz or .json, got po" in capsys.readouterr().err
    assert path.read_bytes() == before
    for _ in range(2):
        assert main(["lift", str(path), *options, "--out", str(tmp_path / "poses.npz")]) == 0


def test_mhformer_lifts_the_best_person_of_coco_results_into_json(tmp_path, rng):
    people = rng.uniform(100, 900, (3, 2, 17, 2))
    entries = []
    for image_id, pair in enumerate(people):
        best = image_id % 2
        found = Poses(pair, person_scores=np.eye(2)[best])
        entries = found.to_coco(image_id) + entries  # images in reverse
    (tmp_path / "r.json").write_text(json.dumps(entries))
    net, options = saved(tmp_path, MHFormer(9, 17, 1, (8, 8)))
    out = tmp_path / "poses.json"
    options += ["--from-coco", "--out", str(out)]
    assert main(["lift", str(tmp_path / "r.json"), *options]) == 0
    expected = net.lift(coco_to_h36m(people[[0, 1, 2], [0, 1, 0]]), SIZE)
    np.testing.assert_allclose(json.loads(out.read_text())["poses"], expected, atol=1e-5)


def test_the_simple_baseline_lifts_through_its_normalisation(sequence, tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    keypoints, path = sequence
    numbers = Normalisation.of(rng.normal(500, 200, (9, 17, 2)), rng.normal(0, 300, (9, 16, 3)))
    np.savez("n.npz", **numbers._asdict())
    net, options = saved(tmp_path, Simple3D((17, 16), 8, 1))
    assert main(["lift", path, *options, "--normalisation", "n.npz"]) == 0
    with np.load("sequence-3d.npz") as stored:
        expected = net.lift(fill_gaps(keypoints), numbers)
        np.testing.assert_allclose(stored["poses"], expected, rtol=1e-5)


def test_input_that_cannot_be_lifted_is_one_line_and_status_1(sequence, tmp_path, capsys):
    _, path = sequence
    _, options = saved(tmp_path, VideoPose3D((3,), 8, (16, 17)))
    np.save(tmp_path / "two.npy", np.zeros((2, 5, 17, 2)))
    (tmp_path / "nobody.json").write_text("[]")
    cases = {
        "keypoints: expected shape (F, 16, 2)": [path, *options],
        "--size: expected": [path, *options[:2]],
        "expected one person's (F, K, 2 or 3), got (2, 5, 17, 2)": [str(tmp_path / "two.npy")],
        "expected at least one person": [str(tmp_path / "nobody.json")],
        "none.npy": ["none.npy"],
    }
    for message, arguments in cases.items():
        arguments += options[:2] if len(arguments) == 1 else []
        assert main(["lift", *arguments]) == 1
        error = capsys.readouterr().err
        assert error.startswith("npkpose lift: ") and message in error and error.count("\n") == 1


def test_help_says_which_files_are_read(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["lift", "--help"])
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "COCO results" in text and ".npy" in text
