import json

import numpy as np
import pytest

from npkpose import COCO_17, Poses
from npkpose.cli.main import main
from npkpose.cli.sequences import read_sequence

BODY = np.random.default_rng(0).uniform(0, 100, (17, 2))


def people(f, *persons, scores=None):
    """Return persons, 300 px apart, who walk to the right."""
    keypoints = np.reshape([BODY + (300 * p + 2 * f, 50) for p in persons], (-1, 17, 2))
    return Poses(keypoints, np.full((len(persons), 17), 0.8), scores)


def frames(count=12):
    """Person 0 is missing in frames 4 and 5, person 1 comes in frame 3; the order changes."""
    here = [[p for p, there in ((0, f not in (4, 5)), (1, f >= 3)) if there] for f in range(count)]
    return [people(f, *(each if f % 2 else each[::-1])) for f, each in enumerate(here)]


@pytest.fixture
def video(tmp_path):
    """The file of a video, as predict writes it."""
    path = tmp_path / "walk.json"
    found = [
        {"index": f, "time": f / 25, "people": poses.to_dict(COCO_17)["people"]}
        for f, poses in enumerate(frames())
    ]
    content = {"video": "walk.mp4", "skeleton": "COCO_17", "frames": found}
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def results(tmp_path):
    """COCO results with another field; image ids begin at 100."""
    path = tmp_path / "results.json"
    entries = [e for f, poses in enumerate(frames()) for e in poses.to_coco(100 + f)]
    entries = [{**entry, "bbox": [1, 2, 3, 4], "note": "x"} for entry in entries]
    path.write_text(json.dumps(entries), "utf-8")
    return path


def track(path, *options):
    out = path.with_name("out.json")
    assert main(["track", str(path), "--out", str(out), *options]) == 0
    return json.loads(out.read_bytes())


def test_the_json_of_a_video_gets_identities_from_the_first_sight_on(video, capsys):
    content = track(video)
    assert content["tracked"] is True and content["video"] == "walk.mp4"
    ids = [sorted(p["id"] for p in frame["people"]) for frame in content["frames"]]
    assert ids == [[1]] * 3 + [[1, 2]] + [[2]] * 2 + [[1, 2]] * 6
    assert "2 people in 12 frames; 0 of 19 detections left out" in capsys.readouterr().out
    before = json.loads(video.read_bytes())["frames"]
    for old, new in zip(before, content["frames"]):
        keypoints = [[p["keypoints"] for p in frame["people"]] for frame in (old, new)]
        assert keypoints[0] == keypoints[1] and old["time"] == new["time"]


def test_gaps_of_a_video_are_filled_in_and_said_to_be(video):
    content = track(video, "--fill", "--smooth", "--cutoff", "6")
    filled = [[p["filled"] for p in frame["people"]] for frame in content["frames"]]
    assert filled[4] == [[], list(COCO_17.keypoints)] and filled[3] == [[], []]
    person = content["frames"][4]["people"][1]
    x, y, score = person["keypoints"]["nose"]
    assert abs(x - BODY[0, 0] - 8) < 1 and abs(y - BODY[0, 1] - 50) < 1 and score == 0.8


def test_coco_results_keep_their_fields_and_get_track_ids(results):
    entries = track(results)
    before = json.loads(results.read_bytes())
    assert [e["track_id"] for e in entries if e["image_id"] == 107] == [1, 2]
    assert len(entries) == len(before)
    for old, new in zip(before, entries):
        assert {name: value for name, value in new.items() if name != "track_id"} == old


def test_filled_people_of_coco_results_have_no_box_and_are_marked(results):
    entries = track(results, "--fill")
    [new] = [e for e in entries if e["image_id"] == 104 and e["track_id"] == 1]
    assert new["filled"] == [1] * 17 and "bbox" not in new
    others = [e for e in entries if e["image_id"] not in (104, 105)]
    assert all(e["filled"] == [0] * 17 and e["bbox"] == [1, 2, 3, 4] for e in others)


def test_lift_follows_one_identity_of_a_tracked_video(video, results):
    track(video)
    sequence = read_sequence([str(video.with_name("out.json"))], person=1)
    expected = np.stack([BODY + (2 * f, 50) for f in range(12)])
    expected[4:6] = np.nan
    np.testing.assert_allclose(sequence.keypoints, expected)


def test_a_detection_without_identity_is_left_out_and_counted(tmp_path, capsys):
    path = tmp_path / "results.json"
    found = [people(f, 0, *([2] if f == 5 else [])) for f in range(9)]
    path.write_text(json.dumps([e for f, p in enumerate(found) for e in p.to_coco(f)]), "utf-8")
    assert len(track(path)) == 9
    assert "1 people in 9 frames; 1 of 10 detections left out" in capsys.readouterr().out


def test_what_the_written_form_cannot_hold_is_a_note_of_one_line(tmp_path, capsys):
    path, folder = tmp_path / "results.json", tmp_path / "openpose"
    path.write_text(json.dumps([e for f in range(3) for e in people(f, 0).to_coco(f)]), "utf-8")
    assert main(["convert", str(path), str(folder), "--to", "openpose"]) == 0
    capsys.readouterr()
    assert len(track(folder)) == 3
    notes = capsys.readouterr().err.splitlines()
    assert any("track does not write openpose: written as COCO results" in note for note in notes)
    assert any("coco-results does not hold" in note for note in notes)
    assert all(note.startswith("npkpose track: ") for note in notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"skeleton": "COCO_17", "frames": [{"people": 3}]}, r"frames[0].people: expected a list"),
        ({"frames": [{"people": [{}]}]}, "people[0].keypoints: expected keypoints by name"),
        ({"frames": [{"people": [{"keypoints": {"a": [1]}}]}]}, "people[0].keypoints.a: expected"),
        ({"x": 1}, "expected a file of keypoints"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, capsys, content, message):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), "utf-8")
    assert main(["track", str(path), "--out", str(tmp_path / "b.json")]) == 1
    error = capsys.readouterr().err
    assert message in error and "a.json" in error
