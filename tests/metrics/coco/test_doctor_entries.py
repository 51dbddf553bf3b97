import numpy as np
import pytest

from npkpose.metrics.coco.doctor_entries import (
    KNOWN,
    NO_ID,
    NUMBER,
    TEXT,
    UNKNOWN,
    Known,
    is_id,
    points_of,
    read_entries,
)


@pytest.mark.parametrize(
    "value, expected",
    [
        ("7", True), ("", True), (7, True), (7.0, True), (-(2**62), True), (2**63 - 1, True),
        (2**63, False), (7.5, False), (float("nan"), False), (True, False), (None, False),
        ([7], False),
    ],
)  # fmt: skip
def test_an_id_is_text_or_a_whole_number_of_64_bits(value, expected):
    assert is_id(value) is expected


def test_ids_are_known_unknown_of_the_other_kind_or_none():
    known = Known(images={7: None, 8: None}, categories={"person"}, num_keypoints=1)
    ids = [(7.0, "person"), (9, "dog"), ("7", 1), (None, [1])]
    entries = [{"image_id": image, "category_id": category} for image, category in ids]
    read = read_entries(entries, [False] * 4, known)
    assert [entry.image for entry in read] == [KNOWN, UNKNOWN, TEXT, NO_ID]
    assert [entry.category for entry in read] == [KNOWN, UNKNOWN, NUMBER, NO_ID]


def test_ranks_go_by_falling_score_within_image_and_category():
    images, scores = [7, 7, 8, 7, 7], [0.1, 0.9, 0.5, None, 0.9]
    entries = [
        {"image_id": image, "category_id": 1, "score": score}
        for image, score in zip(images, scores)
    ]
    read = read_entries(entries, [False] * 5, Known({7: None}, {1}, 1))
    assert [entry.rank for entry in read] == [2, 0, 0, 3, 1]


def test_keypoints_are_read_or_none_and_an_empty_list_is_0s_if_num_keypoints_is_0():
    np.testing.assert_array_equal(points_of({"keypoints": [1, 2.5, 2]}, 1), [[1, 2.5, 2]])
    for unreadable in (None, "abc", [1, 2], [1, 2, True], [1, 2, "2"], [], {}):
        assert points_of({"keypoints": unreadable, "num_keypoints": 1}, 1) is None
    assert (points_of({"keypoints": [], "num_keypoints": 0}, 2) == np.zeros((2, 3))).all()
    assert points_of({"keypoints": {}, "num_keypoints": 0}, 2) is None
