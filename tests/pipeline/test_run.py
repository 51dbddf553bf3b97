import threading
import weakref

import numpy as np
import pytest

from npkpose import BottomUp, TopDown
from npkpose.models import SmallTopDown
from tests.stubs import BrightNet
from tests.videos import write_video


def bright(i):
    """Return an image (48, 96, 3) with a bright place that moves."""
    image = np.zeros((48, 96, 3), np.uint8)
    image[16:32, 8 * i : 8 * i + 16] = 255
    return image


def test_each_frame_has_the_people_that_the_pipeline_finds_in_it(tmp_path):
    find = BottomUp(BrightNet())
    found = list(find.run(write_video(tmp_path / "a.mp4")))
    assert [frame.index for frame, _ in found] == list(range(10))
    for frame, poses in found:
        np.testing.assert_array_equal(poses.keypoints, find(frame.image).keypoints)
        assert len(poses) == 1


def test_crops_of_whole_images_are_found_too():
    find = TopDown(SmallTopDown(input_size=(64, 48), base=8))
    images = [bright(i) for i in range(3)]
    for (frame, poses), image in zip(find.run(iter(images)), images, strict=True):
        np.testing.assert_array_equal(frame.image, image)
        np.testing.assert_array_equal(poses.keypoints, find(image).keypoints)


def test_memory_does_not_grow_with_the_number_of_frames():
    """Images that are alive at once: two queues of one, and one in the hands of each stage."""
    alive, most = set(), []

    def images():
        for i in range(60):
            image = bright(i % 10)
            alive.add(i)
            weakref.finalize(image, alive.discard, i)
            most.append(len(alive))
            yield image
            del image

    for _ in BottomUp(BrightNet()).run(images()):
        pass
    assert len(most) == 60 and max(most) <= 9 and max(most[30:]) <= 9


def test_reading_and_the_network_have_threads_of_their_own():
    names = {"read": set(), "network": set()}

    class Net(BrightNet):
        def __call__(self, x):
            names["network"].add(threading.get_ident())
            return super().__call__(x)

    def images():
        for i in range(3):
            names["read"].add(threading.get_ident())
            yield bright(i)

    list(BottomUp(Net()).run(images()))
    (reader,), (network,) = names.values()
    assert len({reader, network, threading.get_ident()}) == 3


def test_an_image_that_is_refused_is_told_or_raised():
    images = [bright(0), np.zeros((3, 1_000_000, 3), np.uint8), bright(1)]
    find, failed = BottomUp(BrightNet(), 4800), []
    assert len(list(find.run(images[1:2], lambda *told: failed.append(told)))) == 0
    assert failed[0][0] == "image 0" and "at most" in str(failed[0][1])
    with pytest.raises(ValueError, match="expected sides"):
        list(find.run(images[1:2]))


def test_a_loop_that_ends_early_stops_all_threads():
    before = threading.active_count()
    for _ in BottomUp(BrightNet()).run(bright(0) for _ in iter(int, 1)):
        break
    assert threading.active_count() == before
