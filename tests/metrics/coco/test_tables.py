import numpy as np
import pytest

from npkpose.metrics import Detections, GroundTruth
from npkpose.metrics.coco.tables import MAX_SPAN, find

POINTS = np.array([[(1, 2), (4, 8)], [(0, 0), (5, 5)], [(3, 3), (3, 3)]], float)
SEEN = [[2, 1], [0, 2], [0, 0]]


def people(**changes):
    columns = {"keypoints": POINTS, "visibility": SEEN, "image_id": [4, 2, 4], "area": [9, 8, 7]}
    return GroundTruth(**{**columns, **changes})


def test_columns_not_given_have_defaults():
    table = people()
    assert len(table) == 3 and table.labelled.tolist() == [[True, True], [False, True], [False] * 2]
    assert table.num_keypoints.tolist() == [2, 1, 0] and table.id.tolist() == [1, 2, 3]
    assert table.images.tolist() == [2, 4] and table.categories.tolist() == [1]
    assert not table.iscrowd.any()


def test_the_area_of_a_detection_is_of_its_box_or_around_all_of_its_keypoints():
    assert Detections(POINTS, [1, 2, 3], [4, 4, 4]).area.tolist() == [18, 25, 0]
    boxes = [(0, 0, 2, 3), (9, 9, 1, 1), (5, 5, 0, 4)]
    assert Detections(POINTS, [1, 2, 3], [4, 4, 4], boxes).area.tolist() == [6, 1, 0]
    assert Detections(np.empty((2, 0, 2)), [1, 2], [4, 4]).area.tolist() == [0, 0]


def test_at_takes_rows_of_every_column():
    part = people(image_id=["a", "b", "c"]).at([2, 0])
    assert part.image_id.tolist() == ["c", "a"] and part.entry.tolist() == [2, 0]
    assert part.area.tolist() == [7, 9] and part.id.tolist() == [3, 1]
    assert part.images.tolist() == ["a", "b", "c"]
    found = Detections(POINTS, [0.1, 0.2, 0.3], [4, 5, 6]).at([1])
    assert found.score.tolist() == [0.2] and found.area.tolist() == [25] and len(found) == 1


def test_only_values_that_are_used_must_be_finite():
    points = POINTS.copy()
    points[1, 0] = np.nan  # not labelled
    people(keypoints=points, bbox=[[np.nan] * 4, [0] * 4, [1] * 4]).check()
    for check in (people().check, people().check_boxes):
        with pytest.raises(
            ValueError, match=r"annotations\[2\].bbox: expected a box, since no key"
        ):
            check()
    points[0, 1, 0] = np.inf
    with pytest.raises(ValueError, match=r"annotations\[0\].keypoints\[1\]\[0\]: expected a fin"):
        people(keypoints=points, bbox=np.zeros((3, 4))).check()
    with pytest.raises(ValueError, match=r"annotations\[1\].area: expected at least 0, got -8"):
        people(area=[9, -8, 7], bbox=np.zeros((3, 4))).check()
    with pytest.raises(ValueError, match=r"results\[1\].score: expected a finite number, got nan"):
        Detections(POINTS, [1, np.nan, 2], [4, 4, 4]).check()
    boxes = [(0, 0, 2, 3), (9, 9, 1e200, 1e200), (5, 5, 0, 4)]
    with pytest.raises(ValueError, match=r"results\[1\].bbox: expected a finite area, got inf"):
        Detections(POINTS, [1, 2, 3], [4, 4, 4], boxes).check()
    with pytest.raises(ValueError, match=r"results\[0\].keypoints: expected a finite area"):
        Detections(1e200 * POINTS, [1, 2, 3], [4, 4, 4]).check()


@pytest.mark.parametrize("span", [1, 40, MAX_SPAN, MAX_SPAN + 1, 2**64 - 1])
def test_ids_are_found_whether_near_or_far_apart(span, rng):
    low = -(2**63) if span == 2**64 - 1 else -17
    among = np.array(sorted({low, low + span // 3, low + span}), np.int64)
    others = rng.integers(-(2**63), 2**63 - 1, 20), rng.integers(-60, 60, 20)
    values = np.concatenate([among[::-1], *others, among])
    index, known = find(values, among)
    assert known.tolist() == np.isin(values, among).tolist()
    assert (among[index[known]] == values[known]).all() and known.sum() >= 2 * len(among)
    assert ((0 <= index) & (index < len(among))).all()


def test_ids_keep_all_their_digits():
    ids = [2**63 - 1, -(2**63), 2**53 + 1]
    assert people(image_id=ids).image_id.tolist() == ids
    assert people(image_id=np.array([4.0, 2, 4])).image_id.tolist() == [4, 2, 4]
    with pytest.raises(ValueError, match="image_id: expected integers or text, got 9007"):
        people(image_id=[2**53 + 1, 1.0, 2])  # NumPy makes floats of these


@pytest.mark.parametrize(
    "change, message",
    [
        ({"keypoints": POINTS[0]}, r"keypoints: expected shape \(G, K, 2\)"),
        ({"visibility": [[1, 1]]}, r"visibility: expected shape \(3, 2\)"),
        ({"image_id": [1.5, 2, 3]}, "image_id: expected integers or text, got 1.5"),
        ({"image_id": [1, 2, np.inf]}, "image_id: expected integers or text, got inf"),
        ({"image_id": np.full(3, 2**63, np.uint64)}, "image_id: expected integers or text, got 92"),
        ({"image_id": [1, 2]}, r"image_id: expected shape \(3\), got \(2,\)"),
        ({"image_id": [None] * 3}, "image_id: expected real numbers"),
        ({"area": [[1]]}, r"area: expected shape \(3\)"),
        ({"num_keypoints": [1, 2, np.nan]}, r"num_keypoints\[2\]: expected a finite value"),
        ({"images": [[1]]}, r"images: expected shape \(N\)"),
    ],
)
def test_bad_columns_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        people(**change)
