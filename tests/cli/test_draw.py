import json

import numpy as np
import pytest

from npkpose import COCO_17, DrawStyle, Poses, draw_poses
from npkpose.cli.drawing_options import MIN_SCORE
from npkpose.cli.main import main

STYLE = DrawStyle(min_score=MIN_SCORE)


@pytest.fixture
def people():
    """Two people of 17 keypoints in an image of 64 x 48."""
    return Poses(np.random.default_rng(0).uniform(4, 44, (2, 17, 2)), ids=[3, 5])


def write_results(path, entries):
    path.write_text(json.dumps(entries), encoding="utf-8")
    return str(path)


def test_people_are_drawn_on_the_photos_of_their_names(tmp_path, people, capsys):
    pytest.importorskip("PIL")
    from npkpose.image.files import read_image, write_image

    image, names = np.full((48, 64, 3), 90, np.uint8), ["000000000007", "an image ü"]
    for name in names:
        write_image(tmp_path / f"{name}.png", image)
    twice = people[0].to_coco("a/an image ü.jpg") + people.to_coco("b/an image ü.jpg")
    results = write_results(tmp_path / "r.json", twice)
    photos, out = [str(tmp_path / f"{name}.png") for name in names], tmp_path / "o"
    for photo, got in zip(photos, ("the images 'a/an image ü.jpg', 'b/an image ü.jpg'", "2")):
        assert main(["draw", results, photo, "--out", str(out)]) == 1
        assert capsys.readouterr().err.endswith(f"{photo}, got {got}\n")
    entries = people[0].to_coco("a/an image ü.jpg") + people.to_coco("000000000007")
    results = write_results(tmp_path / "s.json", entries)
    assert main(["draw", results, *photos, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "000000000007.png: 2 people, " in printed and "an image ü.png: 1 person, " in printed
    for name, poses in zip(names, (people, people[0])):
        expected = draw_poses(image, Poses(poses.keypoints), COCO_17, style=STYLE)
        np.testing.assert_array_equal(read_image(out / f"{name}.png"), expected)


def test_the_frames_of_a_video_have_their_people_and_trails(tmp_path, people, capsys):
    pytest.importorskip("av")
    from npkpose.sources import Video
    from tests.videos import write_video

    film, out = write_video(tmp_path / "film.mp4", count=4), tmp_path / "o"
    entries = people.to_coco(0) + people.with_keypoints(people.keypoints + [9, 0]).to_coco(2)
    untracked = write_results(tmp_path / "u.json", entries)
    tracked = write_results(
        tmp_path / "t.json", [{**each, "track_id": n % 2} for n, each in enumerate(entries)])
    trails = "--trails", "3"
    assert main(["draw", untracked, str(film), "--out", str(out), *trails]) == 1
    assert "--trails: expected RESULTS with track ids" in capsys.readouterr().err
    assert main(["draw", tracked, str(film), "--out", str(out), *trails]) == 0
    with Video(film) as before, Video(out / "film.mp4") as after:
        changes = [abs(a.image.astype(int) - b.image).max() for a, b in zip(before, after)]
    assert changes[0] > 100 and changes[2] > 100
    names = write_results(tmp_path / "n.json", people.to_coco("frame 0"))
    assert main(["draw", names, str(film), "--out", str(out)]) == 1
    assert "n.json: expected people of" in capsys.readouterr().err
