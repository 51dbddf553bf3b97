import json

import numpy as np
import pytest

from npkpose import weights
from npkpose.cli.lift import read_normalisation
from npkpose.cli.main import main
from npkpose.data.motion import SIZE, synthetic_motion
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.simple_baseline_3d import Normalisation, Simple3D
from npkpose.models.lifting.videopose3d import VideoPose3D
from npkpose.poses import Poses
from npkpose.skeletons import COCO_17
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


def write(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def notes(capsys):
    """The lines on stderr, without that of a first run's compilation."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if "compiling kernels" not in line]


def two_people(rng, frames=6):
    """Keypoints (2, F, 17, 2) of two people, 400 px apart, who move."""
    start = rng.uniform(-60, 60, (2, 1, 17, 2)) + [[[[200, 300]]], [[[600, 300]]]]
    return start + np.arange(frames)[:, None, None] * [4.0, 0.0]


def results(people, scores, ids):
    """COCO results of people (P, F, K, 2); scores (P, F)."""
    return [
        entry
        for f, image_id in enumerate(ids)
        for entry in Poses(people[:, f], person_scores=scores[:, f]).to_coco(image_id)
    ]


def test_mhformer_lifts_one_person_of_coco_results_into_json(tmp_path, capsys, rng):
    people = two_people(rng, 3)
    scores = np.array([[0.5, 0.5, 0.5], [0.25, 0.75, 0.25]])  # the best of an image alternates
    path = write(tmp_path / "r.json", results(people, scores, [2, 1, 0]))
    net, options = saved(tmp_path, MHFormer(9, 17, 1, (8, 8)))
    out = tmp_path / "poses.json"
    for number, flags in ((1, []), (1, ["--from-coco"]), (2, ["--person", "2"])):
        assert main(["lift", path, *options, *flags, "--out", str(out)]) == 0
        expected = net.lift(coco_to_h36m(people[number - 1, ::-1]), SIZE)
        written = json.loads(out.read_text(encoding="utf-8"))
        np.testing.assert_allclose(written["poses"], expected, atol=1e-5)
        assert written["image_id"] == [0, 1, 2] and written["filled"] == [False] * 3
        note = f"2 people, of whom person {number} is lifted (see --person), found in 3 of 3 frames"
        [line] = notes(capsys)
        assert note in line
    assert main(["lift", path, *options, "--person", "3", "--out", str(out)]) == 1
    assert "--person: expected one of 1 to 2, got 3" in capsys.readouterr().err


def test_frames_without_a_person_are_filled_in_and_named(tmp_path, capsys, rng):
    people = two_people(rng, 12)[:1]
    net, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    out = tmp_path / "poses.npz"
    found = [0, 1, 2, 3, 8, 9, 11]
    expected = people[0].copy()
    expected[4:8] = expected[10] = np.nan
    expected = net.lift(coco_to_h36m(fill_gaps(expected)), SIZE)
    for name, row in (("{}", int), ("walk_{:04}.jpg", str)):
        ids = [row(name.format(f + 95)) for f in range(12)]
        entries = results(people[:, found], np.ones((1, 7)), [ids[f] for f in found])
        path = write(tmp_path / "r.json", entries)
        assert main(["lift", path, *options, "--out", str(out)]) == 0
        with np.load(out) as stored:
            np.testing.assert_allclose(stored["poses"], expected, atol=1e-6)
            assert stored["image_id"].tolist() == ids
            assert stored["filled"].nonzero()[0].tolist() == [4, 5, 6, 7, 10]
        note = f"5 of 12 frames, which are filled in: {ids[4]} to {ids[7]}, {ids[10]}"
        [line] = notes(capsys)
        assert line.endswith(note)


def test_a_missing_frame_of_an_array_is_named_by_its_index(sequence, tmp_path, capsys):
    keypoints, path = sequence
    keypoints[[0, 9]] = np.nan
    np.save(path, keypoints)
    _, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    assert main(["lift", path, *options, "--out", str(tmp_path / "poses.npz")]) == 0
    [line] = notes(capsys)
    assert line.endswith("nobody to lift in 2 of 20 frames, which are filled in: 0, 9")
    with np.load(tmp_path / "poses.npz") as stored:
        assert stored["filled"].nonzero()[0].tolist() == [0, 9]
        assert sorted(stored.files) == ["filled", "poses"]


def test_ids_that_are_no_frame_numbers_are_said_to_be_none(tmp_path, capsys, rng):
    people = two_people(rng, 3)[:1]
    path = write(tmp_path / "r.json", results(people, np.ones((1, 3)), [139, 785, 581929]))
    _, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    assert main(["lift", path, *options, "--out", str(tmp_path / "poses.npz")]) == 0
    printed = capsys.readouterr()
    note = "image ids are no frame numbers, or too far apart: taken as 3 frames in a row"
    assert note in printed.err
    assert "3 frames of 17 joints" in printed.out


def test_files_of_predict_are_lifted_like_its_results(tmp_path, capsys, rng):
    people = two_people(rng, 12)[:1]
    net, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    out = tmp_path / "poses.npz"
    options += ["--out", str(out)]
    paths = []
    for f in range(12):
        poses = Poses(people[:, f]) if f != 5 else Poses.empty(17)
        paths.append(write(tmp_path / f"{f}.json", poses.to_dict(COCO_17)))
    del paths[7]  # a photo that could not be read
    expected = people[0].copy()
    expected[[5, 7]] = np.nan
    assert main(["lift", *sorted(paths), *options]) == 0
    [line] = notes(capsys)
    assert line.endswith("nobody to lift in 2 of 12 frames, which are filled in: 5, 7")
    with np.load(out) as stored:
        expected = net.lift(coco_to_h36m(fill_gaps(expected)), SIZE)
        np.testing.assert_allclose(stored["poses"], expected, atol=1e-6)
        assert stored["image_id"].tolist() == list(range(12))
    together = write(tmp_path / "results.json", results(people, np.ones((1, 12)), range(12)))
    assert main(["lift", *paths, together, *options]) == 1
    [line] = notes(capsys)
    assert "results.json: expected the people of one photo" in line
    assert main(["lift", paths[0], *options]) == 0  # a sequence of one frame


def test_coco_results_are_converted_unless_the_network_was_trained_on_them(tmp_path, capsys, rng):
    people = two_people(rng)[:1]
    path = write(tmp_path / "r.json", results(people, np.ones((1, 6)), range(6)))
    np.save(tmp_path / "k.npy", people[0])
    net, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    for flags, array_flags in (([], ["--from-coco"]), (["--keep-joints"], [])):
        poses = []
        for source, more in ((path, flags), (str(tmp_path / "k.npy"), array_flags)):
            out = str(tmp_path / "poses.npz")
            assert main(["lift", source, *options, *more, "--out", out]) == 0
            with np.load(out) as stored:
                poses.append(stored["poses"])
        np.testing.assert_array_equal(*poses)
    hands = results(rng.uniform(0, 99, (1, 6, 21, 2)), np.ones((1, 6)), range(6))
    assert main(["lift", write(tmp_path / "r.json", hands), *options]) == 1
    assert "r.json: expected COCO's 17 keypoints, got 21; use --keep" in capsys.readouterr().err
    _, options = saved(tmp_path, VideoPose3D((3, 3), 8, (21, 17)))
    assert main(["lift", path, *options, "--keep-joints", "--out", out]) == 0


def test_the_simple_baseline_lifts_through_its_normalisation(sequence, tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    keypoints, path = sequence
    numbers = Normalisation.of(rng.normal(500, 200, (9, 17, 2)), rng.normal(0, 300, (9, 16, 3)))
    np.savez("n.npz", **numbers._asdict())
    net, options = saved(tmp_path, Simple3D((17, 16), 8, 1))
    assert main(["lift", path, *options[:2], "--normalisation", "n.npz"]) == 0
    with np.load("sequence-3d.npz") as stored:
        expected = net.lift(fill_gaps(keypoints), numbers)
        np.testing.assert_allclose(stored["poses"], expected, rtol=1e-5)


def test_a_file_that_holds_no_normalisation_is_named(tmp_path):
    path = tmp_path / "n.npz"
    np.savez(path, mean_2d=np.array([None], dtype=object))
    for content, message in (
        (path.read_bytes(), "expected an .npz archive, got member 'mean_2d'"),
        (path.read_bytes()[:-30], "expected an .npz archive, got the first"),
        (b"text", "expected an .npz archive, got text"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"n.npz: {message}"):
            read_normalisation(path)
    np.savez(path, mean_2d=np.zeros((17, 2)))
    with pytest.raises(ValueError, match="n.npz: expected the array std_2d, got none"):
        read_normalisation(path)


def test_a_keypoint_that_is_missing_throughout_is_named(tmp_path, capsys, rng):
    people = two_people(rng)[:1]
    people[..., [3, 4], :] = np.nan
    path = write(tmp_path / "r.json", results(people, np.ones((1, 6)), range(6)))
    _, options = saved(tmp_path, VideoPose3D((3, 3), 8))
    assert main(["lift", path, *options]) == 1
    message = "r.json: expected each keypoint in some frame, got none of left_ear, right_ear"
    assert message in capsys.readouterr().err


def test_options_that_the_network_does_not_use_are_refused(sequence, tmp_path, capsys):
    _, path = sequence
    _, size = saved(tmp_path, Simple3D((17, 16), 8, 1))
    np.savez(tmp_path / "n.npz", x=1)
    normalisation = ["--normalisation", str(tmp_path / "n.npz")]
    for net, arguments, option in (
        (Simple3D((17, 16), 8, 1), size, "--size"),
        (Simple3D((17, 16), 8, 1), [*size[:2], "--causal"], "--causal"),
        (VideoPose3D((3, 3), 8), [*size, *normalisation], "--normalisation"),
        (MHFormer(9, 17, 1, (8, 8)), [*size, "--causal"], "--causal"),
    ):
        saved(tmp_path, net)
        assert main(["lift", path, *arguments]) == 1
        [line] = notes(capsys)
        name = type(net).__name__
        assert line.endswith(f"{option}: expected none, since the network is {name}")
    assert main(["lift", path, *size, "--person", "1"]) == 1
    assert "--person: expected none, since" in capsys.readouterr().err


def test_input_that_cannot_be_lifted_is_one_line_and_status_1(sequence, tmp_path, capsys):
    _, path = sequence
    _, options = saved(tmp_path, VideoPose3D((3,), 8, (16, 17)))
    np.save(tmp_path / "two.npy", np.zeros((2, 5, 17, 2)))
    (tmp_path / "nobody.json").write_text("[]", encoding="utf-8")
    cases = {
        "KEYPOINTS: expected shape (F, 16, 2)": [path, *options],
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


def test_a_published_simple_baseline_lifts_in_metres_without_a_file_of_statistics(
    sequence, tmp_path, capsys
):
    weights.save(tmp_path / "w.npz", Simple3D((17, 16), 8).state_dict())
    command = ["lift", sequence[1], "--weights", str(tmp_path / "w.npz")]
    out = ["--out", str(tmp_path / "o.npz")]
    assert main([*command, "--model", "simple3d", *out]) == 0
    assert "Simple3D: 20 frames of 16 joints, m, " in capsys.readouterr().out
    assert main([*command, *out]) == 1
    assert "--normalisation: expected a file" in capsys.readouterr().err


@pytest.mark.parametrize("options, message", [
    ([], "--model: expected it or --weights, got neither"),
    (["--model", "vitpose-b"], "--model: expected a network that lifts, got vitpose-b"),
    (["--model", "videopose3d-27-gt", "--causal"], "--causal: expected none beside --model"),
    (["--model", "mhformer"], "mhformer: programs cannot download this file: open https://drive."),
])  # fmt: skip
def test_a_name_that_does_not_lift_or_cannot_be_fetched_says_so(
    sequence, tmp_path, capsys, monkeypatch, options, message
):
    monkeypatch.setenv("NPKPOSE_CACHE", str(tmp_path))
    assert main(["lift", sequence[1], *options, "--out", str(tmp_path / "o.npz")]) == 1
    assert message in capsys.readouterr().err
