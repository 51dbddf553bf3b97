import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import Grid
from npkpose.codec.boxes import box_targets, decode_boxes
from npkpose.codec.boxes.targets import box_radius
from npkpose.metrics.boxes import box_overlaps

SIXTEENTHS = st.integers(0, 16 * 60).map(lambda n: n / 16)


def test_a_box_is_one_at_the_pixel_of_its_centre_and_has_its_size_and_offset_there():
    # Centre (20, 40) of areas is point (19.5, 39.5), map pixel (4.5, 9.5) of stride 4: half up.
    maps = box_targets([[14, 24, 26, 56]], (16, 8), Grid(4, "centre"))
    assert maps.heatmap.shape == (16, 8) and maps.heatmap[10, 5] == maps.heatmap.max() == 1
    assert np.argwhere(maps.centres).tolist() == [[10, 5]]
    assert maps.sizes[:, 10, 5].tolist() == [3, 8] and maps.offsets[:, 10, 5].tolist() == [-0.5] * 2
    assert maps.sizes.sum() == 11 and maps.offsets.sum() == -1  # zero elsewhere
    sigma = (2 * box_radius(np.array([[3.0, 8.0]]))[0, 0] + 1) / 6
    assert maps.heatmap[12, 6] == pytest.approx(np.exp(-(1 + 4) / (2 * sigma**2)), rel=1e-6)


@settings(max_examples=25)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([0.5, 0.7, 0.9]))
def test_corners_that_move_by_the_radius_keep_the_overlap(width, height, overlap):
    radius = box_radius(np.array([[width, height]], float), overlap)[0, 0]
    box = np.array([0.0, 0.0, width, height])
    moved = box + radius * np.array([[1, 1, 1, 1], [1, 1, -1, -1], [-1, -1, 1, 1]])
    least = box_overlaps(moved, np.tile(box, (3, 1))).min()
    assert 0 < radius and least == pytest.approx(overlap, rel=1e-9)


@settings(max_examples=25)
@given(st.lists(st.tuples(SIXTEENTHS, SIXTEENTHS, SIXTEENTHS, SIXTEENTHS), max_size=5))
def test_boxes_are_decoded_as_they_were_encoded(numbers):
    grid, size = Grid(4, "centre"), (32, 32)
    boxes = np.array([(x, y, x + w + 1, y + h + 1) for x, y, w, h in numbers]).reshape(-1, 4)
    maps = box_targets(boxes, size, grid)
    found = decode_boxes(maps.heatmap, maps.sizes, maps.offsets, 0.999, grid=grid)
    assert len(found.boxes) <= maps.centres.sum() <= len(boxes)
    assert len(boxes) == 0 or len(found.boxes) > 0
    for box in found.boxes:
        assert np.abs(boxes - box).max(axis=1).min() < 1e-4  # targets are float32


def test_of_two_boxes_with_one_centre_the_smaller_has_the_pixel():
    for boxes in ([[0, 0, 20, 20], [8, 8, 12, 12]], [[8, 8, 12, 12], [0, 0, 20, 20]]):
        maps = box_targets(boxes, 20)
        assert maps.centres.sum() == 1 and maps.sizes.max() == 4


def test_no_boxes_and_boxes_outside_give_empty_maps():
    for boxes in (np.empty((0, 4)), [[-30, 0, -20, 8]]):
        maps = box_targets(boxes, (4, 6))
        assert not maps.heatmap.any() and not maps.centres.any()


@pytest.mark.parametrize(("arguments", "message"), [
    (([[0, 0, 1]], 4), "boxes: expected shape"),
    (([[0, 0, 1, 1], [3, 0, 2, 1]], 4), r"boxes\[1\]: expected x0 <= x1 and y0 <= y1"),
    (([[0, 0, 1, 1]], 0), "size: expected at least 1"),
    (([[0, 0, 1, 1]], 4, None, 0), "overlap: expected more than 0"),
])  # fmt: skip
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        box_targets(*arguments)
