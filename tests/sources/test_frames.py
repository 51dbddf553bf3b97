import itertools

import numpy as np
import pytest

from npkpose.sources import frames
from tests.videos import damage, write_video


def images(count):
    return [np.full((4, 6, 3), i, np.uint8) for i in range(count)]


def test_arrays_are_frames_with_numbers():
    for source in (images(3), np.stack(images(3)), iter(images(3))):
        found = list(frames(source))
        assert [(each.index, each.source, each.time) for each in found] == [
            (i, "", None) for i in range(3)
        ]
        assert [each.image[0, 0, 0] for each in found] == [0, 1, 2]
    assert len(list(frames(images(1)[0]))) == 1


def test_a_generator_that_never_ends_is_read_one_by_one():
    read = []
    endless = (read.append(i) or images(1)[0] for i in itertools.count())
    assert len(list(itertools.islice(frames(endless), 3))) == 3 and len(read) == 3


def test_a_folder_gives_photographs_and_the_frames_of_videos(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    for name in ("b.png", "c.png"):
        write_image(tmp_path / name, images(1)[0])
    write_video(tmp_path / "bb.mp4", 2)
    found = [(frame.source[-6:].strip("/"), frame.index, frame.time) for frame in frames(tmp_path)]
    assert [name.rsplit("/")[-1] for name, *_ in found] == ["b.png", "bb.mp4", "bb.mp4", "c.png"]
    assert [index for _, index, _ in found] == [0, 0, 1, 1] and found[1][2] == 0.0


def test_what_cannot_be_read_is_an_error_or_is_told_and_passed_over(tmp_path):
    pytest.importorskip("PIL")
    (tmp_path / "text.png").write_text("no image", encoding="utf-8")
    sources = [tmp_path / "none.mp4", tmp_path / "text.png", np.zeros((2, 2)), images(1)[0]]
    failed = []
    assert len(list(frames(sources, lambda *told: failed.append(told)))) == 1
    assert [name for name, _ in failed] == [str(tmp_path / "none.mp4"), str(tmp_path / "text.png"),
                                            "image 0"]  # fmt: skip
    for source, error in zip(sources, (OSError, ValueError, ValueError)):
        with pytest.raises(error):
            list(frames([source]))
    with pytest.raises(ValueError, match="source: expected paths, images or a video, got 7"):
        list(frames(7))


def test_damaged_frames_of_a_video_are_a_warning_at_its_end(tmp_path):
    path = damage(write_video(tmp_path / "a.avi", codec="mjpeg"), 6)
    with pytest.warns(UserWarning, match="a.avi: frames that cannot be decoded: 1"):
        assert len(list(frames(path))) == 9
