import sys
from types import SimpleNamespace

import pytest

from npkpose.sources import Video, camera, frames
from tests.videos import av, write_video


def with_device(monkeypatch, open, platform="linux"):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(camera, "require_av", lambda: SimpleNamespace(open=open, error=av.error))


@pytest.mark.parametrize("platform, source, device", [
    ("linux", "webcam", ("/dev/video0", "v4l2")), ("linux", "webcam:2", ("/dev/video2", "v4l2")),
    ("darwin", "webcam:1", ("1:none", "avfoundation")),
    ("win32", "webcam:Front Camera", ("video=Front Camera", "dshow")),
])  # fmt: skip
def test_a_camera_is_the_device_of_the_system(monkeypatch, platform, source, device):
    opened = []
    with_device(monkeypatch, lambda name, format: opened.append((name, format)), platform)
    camera.open_camera(source)
    assert opened == [device]


def test_a_camera_that_is_not_there_is_named(monkeypatch):
    def fail(name, format):
        raise av.error.FileNotFoundError(2, "No such file", name)

    with_device(monkeypatch, fail)
    with pytest.raises(OSError, match="webcam:7: expected a camera, got no /dev/video7"):
        Video("webcam:7")


def test_a_cameras_frames_are_read_until_the_reader_stops(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", first=50_000)
    with_device(monkeypatch, lambda name, format: av.open(str(path)))
    found = frames("webcam")
    first = next(found)
    assert first.source == "webcam" and first.image.shape == (48, 64, 3) and first.time == 0
    found.close()


def test_a_file_called_webcam_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert camera.is_camera("webcam") and not camera.is_camera("webcam.jpg")
    (tmp_path / "webcam").write_bytes(b"")
    assert not camera.is_camera("webcam")
