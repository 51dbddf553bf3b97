import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.space.frames import list_frames, sort_key


@pytest.mark.parametrize("ids, frames", [
    ([3, 1, 2], [1, 2, 3]),
    ([0, 1, 2, 3, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ([0, 10, 30], [0, 10, 20, 30]),
    ([-2, 1, 0], [-2, -1, 0, 1]),
    ([7], [7]),
    (["10.jpg", "9.jpg", "12.jpg"], ["9.jpg", "10.jpg", "11.jpg", "12.jpg"]),
    (["a/im_008.png", "a/im_011.png", "a/im_010.png"],
     ["a/im_008.png", "a/im_009.png", "a/im_010.png", "a/im_011.png"]),
    (["cam1_9", "cam1_10"], ["cam1_9", "cam1_10"]),
    (["walk"], ["walk"]),
    ([2**70 + 2, 2**70, 2**70 + 3], [2**70, 2**70 + 1, 2**70 + 2, 2**70 + 3]),
])  # fmt: skip
def test_frames_are_in_order_and_missing_numbers_are_frames(ids, frames):
    assert list_frames(ids) == (frames, True)


@pytest.mark.parametrize("ids, order", [
    ([139, 785, 581929], [139, 785, 581929]),  # ids of COCO's images
    ([0, 1, 2**62], [0, 1, 2**62]),
    (["b", "a"], ["a", "b"]),
    (["a2", 5], [5, "a2"]),
    (["s2_1", "s1_10", "s1_9"], ["s1_9", "s1_10", "s2_1"]),  # two numbers differ
    (["1.jpg", "2.png"], ["1.jpg", "2.png"]),
    (["1", "01"], ["01", "1"]),
    (["a1", "a1b2"], ["a1", "a1b2"]),
    (["9" * 5000, "8" * 5000], ["8" * 5000, "9" * 5000]),
])  # fmt: skip
def test_ids_without_frame_numbers_have_an_order_only(ids, order):
    assert list_frames(ids) == (order, False)


def test_no_ids_are_no_frames():
    assert list_frames([]) == ([], True)


NAMES = st.text("a1209_", max_size=5)


@given(st.lists(NAMES | st.integers(0, 50), unique=True))
def test_every_id_is_a_frame_once_and_memory_is_bounded(ids):
    frames, _ = list_frames(ids)
    assert len(set(frames)) == len(frames) <= 10 * len(ids) and set(ids) <= set(frames)
    assert [frame for frame in frames if frame in set(ids)] == sorted(ids, key=sort_key)
