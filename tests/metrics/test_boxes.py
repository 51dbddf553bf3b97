import contextlib
import io

import numpy as np
import pytest

from npkpose.metrics import evaluate_boxes
from npkpose.metrics.boxes import BoxScores, box_overlaps


def random_images(rng, count=30):
    """Return truth, detections with ties and duplicates, their scores, and who is ignored."""
    truth, found, scores, ignored = [], [], [], []
    for _ in range(count):
        corners = rng.integers(0, 60, (rng.integers(0, 5), 2))
        boxes = np.concatenate([corners, corners + rng.integers(4, 60, corners.shape)], axis=1)
        near = np.repeat(boxes, 2, axis=0) + rng.integers(-4, 5, (2 * len(boxes), 4))
        near = np.concatenate([near, [[5, 5, 30, 30]]])[rng.random(len(near) + 1) < 0.7]
        near[:, 2:] = np.maximum(near[:, :2], near[:, 2:])
        truth.append(boxes.astype(float))
        found.append(near.astype(float))
        scores.append(rng.integers(1, 9, len(near)) / 8)
        ignored.append(rng.random(len(boxes)) < 0.2)
    return truth, found, scores, ignored


def test_one_of_two_people_found_and_one_false_box_by_hand():
    truth = [[[0, 0, 10, 10], [20, 0, 30, 10]]]
    found, scores = [[[0, 0, 10, 8], [50, 50, 60, 60]]], [[0.5, 0.9]]
    result = evaluate_boxes(truth, found, scores)
    # IoU is 0.8: right at 7 of 10 thresholds, precision 1/2 up to recall 1/2, 51 of 101 levels.
    assert result.ap50 == result.ap75 == pytest.approx(51 / 101 / 2)
    assert result.ap == pytest.approx(0.7 * result.ap50) and result.ar == pytest.approx(0.35)
    assert evaluate_boxes(truth, found, scores, [[False, True]]).ap50 == 0.5


def test_scores_equal_those_of_pycocotools(rng):
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    truth, found, scores, ignored = random_images(rng)

    def entry(image, box, **more):
        x0, y0, x1, y1 = box.tolist()
        more |= {"image_id": image, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0]}
        return more | {"area": (x1 - x0) * (y1 - y0)}

    people = [(i, b, int(c)) for i in range(30) for b, c in zip(truth[i], ignored[i])]
    annotations = [entry(i, b, id=n + 1, iscrowd=c) for n, (i, b, c) in enumerate(people)]
    results = [entry(i, b, score=s) for i in range(30) for b, s in zip(found[i], scores[i])]
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO()
        images = [{"id": i} for i in range(30)]
        known.dataset = {"images": images, "annotations": annotations, "categories": [{"id": 1}]}
        known.createIndex()
        oracle = cocoeval.COCOeval(known, known.loadRes(results), "bbox")
        oracle.evaluate()
        oracle.accumulate()
        oracle.summarize()
    result = evaluate_boxes(truth, found, scores, ignored)
    expected = *oracle.stats[:3], oracle.stats[8]
    np.testing.assert_allclose([*result[:3], result.ar], expected, rtol=1e-12)
    assert 0.1 < result.ap < result.ap50 < 1


def test_overlaps_are_those_of_shapes_drawn_in_pixels(rng):
    corners = np.sort(rng.integers(0, 12, (2, 40, 2, 2)), axis=2)  # boxes of whole pixels
    boxes, others = corners.reshape(2, 40, 4)

    def drawn(box):
        image = np.zeros((12, 12), bool)
        image[box[1] : box[3], box[0] : box[2]] = True
        return image

    of_box = rng.random(40) < 0.5
    for box, other, alone, overlap in zip(
        boxes, others, of_box, box_overlaps(boxes, others, of_box)
    ):
        a, b = drawn(box), drawn(other)
        whole = a.sum() if alone else (a | b).sum()
        assert overlap == pytest.approx((a & b).sum() / max(whole, 1))


def test_nobody_to_find_is_undefined_and_nothing_found_is_zero():
    assert evaluate_boxes([[]], [[[0, 0, 1, 1]]], [[1.0]]) == BoxScores(*[-1.0] * 6)
    assert evaluate_boxes([[[0, 0, 1, 1]]], [[]], [[]]) == BoxScores(*[0.0] * 6)
    text = str(evaluate_boxes([[[0, 0, 1, 1]]], [[[0, 0, 1, 1]]], [[0.5]]))
    assert text.startswith("box AP 1.000") and "\n" not in text


@pytest.mark.parametrize(("arguments", "message"), [
    (([[]], [[], []], [[], []]), "found: expected items of 1 images, got 2"),
    (([[]], [[]], []), "scores: expected items of 1 images, got 0"),
    ((1.5, [[]], [[]]), "truth: expected a sequence, got 1.5"),
    (([[]], [[[3, 0, 2, 1]]], [[1]]), r"found\[0\]: expected boxes with x0 <= x1 and y0 <= y1"),
    (([[]], [[[0, 0, 2, 1]]], [[]]), r"scores\[0\]: expected shape"),
])  # fmt: skip
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        evaluate_boxes(*arguments)
