import numpy as np
import pytest

from npkpose import Grid
from npkpose.codec.boxes import decode_boxes


def maps(shape=(6, 8)):
    return np.zeros(shape), np.full((2, *shape), 2.0), np.zeros((2, *shape))


def test_a_peak_gives_a_box_around_its_pixel_and_offset():
    heatmap, sizes, offsets = maps()
    heatmap[2, 3], sizes[:, 2, 3], offsets[:, 2, 3] = 0.75, (4, 2), (0.25, -0.5)
    found = decode_boxes(heatmap, sizes, offsets)
    # The pixel (3, 2) is the area from 3 to 4 and 2 to 3: its centre is (3.5, 2.5).
    assert found.scores.tolist() == [0.75]
    assert found.boxes.tolist() == [[3.75 - 2, 2 - 1, 3.75 + 2, 2 + 1]]
    in_image = decode_boxes(heatmap, sizes, offsets, grid=Grid(4, "centre"))
    np.testing.assert_allclose(in_image.boxes, 4 * found.boxes)


def test_peaks_are_those_of_max_pooling_and_the_best_come_first(rng):
    torch = pytest.importorskip("torch")
    heatmap = rng.integers(0, 9, (9, 7)) / 8
    pooled = torch.nn.functional.max_pool2d(torch.tensor(heatmap)[None], 3, 1, 1)[0].numpy()
    found = decode_boxes(heatmap, *maps(heatmap.shape)[1:], threshold=0.3)
    y, x = np.nonzero((pooled == heatmap) & (heatmap > 0.3))
    expected = sorted(zip(-heatmap[y, x], y, x))
    assert [(-s, b[1], b[0]) for s, b in zip(*found[::-1])] == [
        (s, y - 0.5, x - 0.5) for s, y, x in expected
    ]
    best = decode_boxes(heatmap, *maps(heatmap.shape)[1:], 0.3, max_boxes=2)
    assert best.boxes.tolist() == found.boxes[:2].tolist()


def test_nothing_above_the_threshold_gives_no_boxes_and_negative_sizes_no_area():
    heatmap, sizes, offsets = maps()
    assert decode_boxes(heatmap, sizes, offsets).boxes.shape == (0, 4)
    heatmap[0, 0] = 1
    assert decode_boxes(heatmap, -sizes, offsets).boxes.tolist() == [[0.5] * 4]
    assert decode_boxes(*maps((0, 3))).boxes.shape == (0, 4)


@pytest.mark.parametrize(("change", "message"), [
    ({"heatmap": np.full((6, 8), np.nan)}, r"heatmap\[0, 0\]: expected a finite value"),
    ({"sizes": np.ones((2, 8, 6))}, "sizes: expected shape"),
    ({"max_boxes": 0}, "max_boxes: expected at least 1"),
])  # fmt: skip
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        decode_boxes(**dict(zip(("heatmap", "sizes", "offsets"), maps())) | change)
