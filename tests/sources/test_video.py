import numpy as np
import pytest

from npkpose.sources import Video
from tests.videos import cut, damage, grey, write_video


def read(path):
    with Video(path) as video:
        return list(video), video


def test_frames_come_in_order_with_their_numbers_and_times(tmp_path):
    frames, video = read(write_video(tmp_path / "a.mp4", gap=3))
    assert [frame.index for frame in frames] == list(range(10))
    times = [0, 0.04, 0.08, 0.12, 0.16, 0.32, 0.36, 0.4, 0.44, 0.48]
    np.testing.assert_allclose([frame.time for frame in frames], times, rtol=0, atol=1e-9)
    means = [frame.image[20:, 20:].mean() for frame in frames]
    np.testing.assert_allclose(means, [grey(i) for i in range(10)], rtol=0, atol=3)
    assert video.count == 10 and not video.problems() and not video.has_audio
    assert frames[0].image.shape == (48, 64, 3) and frames[0].source == str(tmp_path / "a.mp4")


def test_times_begin_at_the_beginning_of_the_video(tmp_path):
    frames, _ = read(write_video(tmp_path / "a.mp4", first=50_000))  # as a recording's clock
    assert [frame.time for frame in frames[:3]] == pytest.approx([0, 0.04, 0.08], abs=1e-9)


@pytest.mark.parametrize("degrees, corner", [(90, (-1, 0)), (180, (-1, -1)), (-90, (0, -1))])
def test_a_frame_is_turned_as_the_file_says(tmp_path, degrees, corner):
    """The white corner at top left goes counterclockwise, as the display matrix is defined."""
    (frame, *_), _ = read(write_video(tmp_path / "a.mp4", 1, rotation=degrees))
    assert frame.image.shape == ((48, 64, 3) if degrees == 180 else (64, 48, 3))
    corners = [(y, x) for y in (0, -1) for x in (0, -1) if frame.image[y, x].min() > 200]
    assert corners == [corner]


def test_opencv_reads_the_same_pixels(tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = write_video(tmp_path / "a.mp4", 3, rotation=90)
    _, expected = cv2.VideoCapture(str(path)).read()
    difference = read(path)[0][0].image.astype(int) - expected[..., ::-1]
    assert abs(difference).max() <= 1


def test_a_damaged_frame_is_left_out_and_the_others_keep_their_numbers(tmp_path):
    frames, video = read(damage(write_video(tmp_path / "a.avi", codec="mjpeg"), 6))
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    assert abs(frames[6].image[40, 40].mean() - grey(7)) < 3
    assert video.problems() == ["frames that cannot be decoded: 1, left out"]


def test_decoding_goes_on_after_damage_to_a_frame_that_others_need(tmp_path):
    frames, video = read(damage(write_video(tmp_path / "a.mp4"), 4))
    assert len(frames) >= 5 and video.damaged >= 1 and video.problems()


@pytest.mark.parametrize("name, rate, problem", [
    ("a.avi", 25, "the file ends after 3 of 10 frames"),
    ("a.mkv", 2, "the file ends at 2.0 of 5.0 s"),
])  # fmt: skip
def test_a_file_whose_end_is_missing_gives_its_beginning(tmp_path, name, rate, problem):
    frames, video = read(cut(write_video(tmp_path / name, codec="mjpeg", rate=rate), 0.6))
    assert len(frames) >= 2 and problem in video.problems()


def test_files_that_are_no_videos_are_named(tmp_path):
    short = cut(write_video(tmp_path / "short.mp4"), 0.5)  # its index was at the end
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    for path in (short, tmp_path / "text.mp4"):
        with pytest.raises(ValueError, match=f"{path.name}: expected a video, got another file"):
            Video(path)
    with pytest.raises(FileNotFoundError, match="none.mp4"):
        Video(tmp_path / "none.mp4")
