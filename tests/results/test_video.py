from fractions import Fraction

import numpy as np
import pytest

from npkpose.results.video import VideoFile
from npkpose.sources import Video
from tests.videos import av

LEFT, RIGHT = (200, 30, 60), (10, 200, 90)


def image(height, width):
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = LEFT, RIGHT
    return image


def write_and_read(path, images, times, rate=Fraction(30000, 1001), base=Fraction(1, 30000)):
    video = VideoFile(path, rate, base)
    for each, time in zip(images, times):
        video.add(each, time)
    video.close()
    with Video(path) as video:
        return list(video)


def test_colours_sizes_and_time_stamps_come_back(tmp_path):
    times = [1001 * i / 30000 for i in (0, 1, 2, 5, 6)]  # two frames are missing
    frames = write_and_read(tmp_path / "a.mp4", [image(48, 64)] * 5, times)
    np.testing.assert_allclose([frame.time for frame in frames], times, rtol=0, atol=1e-9)
    for x, colour in ((10, LEFT), (50, RIGHT)):
        assert abs(frames[4].image[20, x].astype(int) - colour).max() <= 4


@pytest.mark.parametrize("base", [Fraction(1, 1000), Fraction(1, 90000), Fraction(1, 1_000_000)])
def test_time_stamps_are_exact_in_every_unit_that_files_use(tmp_path, base):
    times = [float(round(i / 25 / base) * base) for i in (0, 1, 2, 30)]
    frames = write_and_read(tmp_path / "a.mp4", [image(48, 64)] * 4, times, Fraction(25), base)
    np.testing.assert_allclose([frame.time for frame in frames], times, rtol=0, atol=1e-9)


def test_odd_sides_get_one_pixel_more(tmp_path):
    (frame,) = write_and_read(tmp_path / "a.mp4", [image(47, 63)], [0])
    assert frame.image.shape == (48, 64, 3)
    assert abs(frame.image[47, 63].astype(int) - RIGHT).max() <= 6


def test_images_of_another_size_are_cut_or_bordered(tmp_path):
    images = [image(48, 64), image(60, 80), image(20, 30)]
    frames = write_and_read(tmp_path / "a.mp4", images, [0, 0.1, 0.2])
    assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 3
    assert frames[2].image[40:, 50:].max() < 20


def test_time_stamps_that_do_not_rise_are_moved(tmp_path):
    frames = write_and_read(tmp_path / "a.mp4", [image(48, 64)] * 3, [0.1, 0.1, 0.05])
    assert [round(30000 * frame.time) for frame in frames] == [0, 1, 2]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    video = VideoFile(tmp_path / "none" / "a.mp4", Fraction(30), Fraction(1, 30))
    with pytest.raises(OSError, match="a.mp4"):
        video.add(image(48, 64), 0)


def test_without_libx264_another_codec_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264", "libopenh264"})
    frames = write_and_read(tmp_path / "a.mp4", [image(48, 64)] * 3, [0, 0.1, 0.2])
    assert len(frames) == 3
