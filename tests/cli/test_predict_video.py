"""`npkpose predict` with videos, folders and lists, in all formats; the network is a stub."""

import argparse
import json
import os
import pathlib
import weakref

import numpy as np
import pytest

from npkpose import io
from npkpose.cli import predict
from npkpose.cli.main import main
from npkpose.cli.predict_run import predict_sources
from npkpose.sources import Video
from npkpose.sources import video as video_module
from tests.stubs import BrightNet
from tests.videos import cut, damage, write_video


@pytest.fixture
def film(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_video(pathlib.Path("film.mp4"), gap=3)


def run(*arguments, network=BrightNet):
    """Run the command with a stub instead of loading a network; return its status."""
    parser = argparse.ArgumentParser()
    predict.add_command(parser.add_subparsers())
    options = parser.parse_args(["predict", "--weights", "none", "--out", "o", *arguments])
    return predict_sources(options, network)


def read_json(name):
    return json.loads(pathlib.Path("o", name).read_bytes())


def written():
    return sorted(name for name in os.listdir("o") if name[0] != ".")


def write_photo(path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    image = np.zeros((48, 64, 3), np.uint8)
    image[:16, :16] = 255
    pathlib.Path(path).parent.mkdir(exist_ok=True)
    write_image(path, image)
    return str(path)


def test_a_video_gives_a_drawn_video_with_its_time_stamps_and_results(film, capsys):
    assert run("film.mp4") == 0
    assert written() == ["film-results.json", "film.json", "film.mp4"]
    with Video(film) as before, Video("o/film.mp4") as after:
        pairs = list(zip(before, after, strict=True))
    assert [a.time for a, _ in pairs] == pytest.approx([b.time for _, b in pairs], abs=1e-9)
    assert abs(pairs[0][0].image - pairs[0][1].image.astype(int)).max() > 50  # drawn on
    people = read_json("film.json")
    assert [frame["index"] for frame in people["frames"]] == list(range(10))
    assert [len(frame["people"]) for frame in people["frames"]] == [1] * 10
    assert [entry["image_id"] for entry in read_json("film-results.json")] == list(range(10))
    output = capsys.readouterr()
    assert output.out.startswith("film.mp4: 10 frames, 1.0 people in each, ") and not output.err


def test_all_formats_hold_the_same_people(film):
    assert run("film.mp4", "--no-drawings", "--format", "csv", "npz", "openpose", "coco") == 0
    assert written() == ["film-openpose", "film-results.csv", "film-results.json",
                         "film-results.npz"]  # fmt: skip
    expected = np.load("o/film-results.npz")["keypoints"]
    nose = expected[:, 0]
    assert expected.shape == (10, 18, 2)
    for name in ("film-results.csv", "film-results.json", "film-openpose"):
        labels = io.read(pathlib.Path("o", name))
        np.testing.assert_allclose(labels.keypoints[:, 0], nose)
        assert labels.image_index.tolist() == list(range(10))


def test_tracked_people_have_one_identity_in_all_frames(film):
    assert run("film.mp4", "--no-drawings", "--smooth") == 0
    assert {entry["track_id"] for entry in read_json("film-results.json")} == {1}


def test_a_damaged_video_gives_its_other_frames_and_a_failure(film, capsys):
    damage(write_video(pathlib.Path("bad.avi"), codec="mjpeg"), 6)
    cut(write_video(pathlib.Path("short.mp4")), 0.5)
    assert run("bad.avi", "short.mp4", "none.mp4", "film.mp4") == 1
    assert [frame["index"] for frame in read_json("bad.json")["frames"]] == [
        0, 1, 2, 3, 4, 5, 7, 8, 9
    ]  # fmt: skip
    errors = capsys.readouterr().err.splitlines()
    assert errors == [
        "npkpose predict: bad.avi: frames that cannot be decoded: 1, left out",
        "npkpose predict: short.mp4: expected a video, got another file, or one whose end is "
        "missing",
        "npkpose predict: none.mp4: expected a file that exists, got none",
        "npkpose predict: failed: 3: bad.avi, short.mp4, none.mp4",
    ]
    assert "film.mp4" in written() and "short.json" not in written()


def test_ctrl_c_leaves_a_video_that_can_be_played_and_the_results_so_far(film, capsys):
    class Interrupted(BrightNet):
        def __call__(self, x):
            seen.append(x)
            if len(seen) > 5:
                raise KeyboardInterrupt
            return super().__call__(x)

    seen = []
    assert run("film.mp4", "--format", "json", "csv", network=Interrupted) == 130
    with Video("o/film.mp4") as video:
        assert len(list(video)) == 5
    assert len(read_json("film.json")["frames"]) == 5
    assert len(io.read("o/film-results.csv").images) == 5
    assert "film.mp4: interrupted after 5 frames" in capsys.readouterr().err
    assert [name for name in os.listdir("o") if name[0] == "."] == [".npkpose-written"]


def test_memory_does_not_grow_with_the_number_of_frames(film, monkeypatch):
    """Frames that are alive at once: one in each queue, and one or two in the hands of a stage."""
    alive, most = set(), []

    def counted(frame):
        image = upright(frame)
        alive.add(id(image))
        weakref.finalize(image, alive.discard, id(image))
        most.append(len(alive))
        return image

    upright = video_module.upright
    monkeypatch.setattr(video_module, "upright", counted)
    write_video(film, 60)
    assert run("film.mp4") == 0
    assert len(most) == 60 and max(most) <= 12


def test_results_of_an_earlier_run_do_not_survive_and_others_are_not_replaced(film):
    assert run("film.mp4", "--format", "openpose") == 0
    write_video(film, 3)
    assert run("film.mp4", "--format", "openpose") == 0
    assert len(list(pathlib.Path("o/film-openpose").glob("*.json"))) == 3
    for name in ("film.mp4", "film-openpose/film_000000000001_keypoints.json"):
        before = pathlib.Path("o", name).read_bytes()
        pathlib.Path("o", name).write_bytes(b"of the user")
        with pytest.raises(ValueError, match=f"--out: expected a new file .* got .*{name}"):
            run("film.mp4", "--format", "openpose")
        assert pathlib.Path("o", name).read_bytes() == b"of the user"
        pathlib.Path("o", name).write_bytes(before)


def test_a_camera_is_read_until_ctrl_c_and_sound_is_left_out(film, monkeypatch, capsys):
    from npkpose.sources import camera
    from tests.videos import av

    path = write_video(pathlib.Path("device.mkv"), first=50_000, sound=True)
    device = argparse.Namespace(open=lambda name, format: av.open(str(path)), error=av.error)
    monkeypatch.setattr(camera, "require_av", lambda: device)
    assert run("webcam") == 0
    assert written() == ["webcam-results.json", "webcam.json", "webcam.mp4"]
    assert read_json("webcam.json")["frames"][0]["time"] == 0
    assert "webcam: the sound is left out of the drawn video" in capsys.readouterr().err


def test_a_video_is_not_replaced_by_its_drawing(film):
    before = film.read_bytes()
    with pytest.raises(ValueError, match="--out: expected another file than the input"):
        run("film.mp4", "--out", ".")
    assert film.read_bytes() == before


def test_files_of_one_name_in_folders_of_their_own_are_all_written(film, capsys):
    for path in ("a/film.png", "b/film.png", "b/film.jpg"):
        write_photo(path)
    pathlib.Path("a/film.mp4").write_bytes(film.read_bytes())
    assert run("a", "b", "film.mp4", "--no-drawings", "--format", "json", "coco", "npz") == 0
    assert {f"film{end}.json" for end in ("", "-2", "-3", "-4", "-5")} <= set(written())
    ids = [entry["image_id"] for entry in read_json("results.json")]
    assert ids == ["a/film.png", "b/film.jpg", "b/film.png"]
    assert np.load("o/results.npz")["image_ids"].tolist() == ids
    assert len(read_json("film-4-results.json")) == len(read_json("film-5-results.json")) == 10


def test_photos_in_a_list_are_written_in_every_format(film, capsys):
    photo = write_photo("photos/1.png")
    pathlib.Path("photos/list.txt").write_text("1.png\n\nnone.png\n", encoding="utf-8")
    assert run("--list", "photos/list.txt", "--format", "csv", "openpose", "json", "--track") == 1
    assert written() == ["1.json", "1.png", "openpose", "results.csv"]
    assert io.read("o/results.csv").images[0].id == 1
    output, errors = capsys.readouterr()
    assert output.splitlines()[0] == f"{photo}: 1 person, o/1.json, o/1.png"
    assert errors.splitlines()[-1] == "npkpose predict: failed: 1: none.png"


def test_the_bar_counts_the_frames(film, monkeypatch):
    tqdm = pytest.importorskip("tqdm")
    bars = []

    class Bar(tqdm.tqdm):
        def __init__(self, **options):
            bars.append(self)
            super().__init__(**options)

    monkeypatch.setattr("tqdm.tqdm", Bar)
    assert run("film.mp4", "--no-drawings") == 0
    assert [bar.total for bar in bars] == [10]


@pytest.mark.parametrize("arguments, message", [
    ([], "SOURCE: expected a photo, video or folder, or --list, got none"),
    (["film.mp4", "--boxes", "b.json", "--model", "hrnet-w32"],
     "--boxes: expected photos only, got the video film.mp4"),
    (["--list", "none.txt"], "none.txt"),
])  # fmt: skip
def test_sources_that_cannot_be_used_are_named(film, arguments, message, capsys):
    assert main(["predict", "--weights", "none.pth", *arguments]) == 1
    assert message in capsys.readouterr().err
