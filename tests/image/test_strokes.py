import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.image import strokes
from npkpose.image.strokes import Strokes, join_strokes, make_strokes, paint_strokes
from npkpose.reference.image import strokes as reference

lattice = st.integers(-20, 70).map(lambda n: n / 2)
points = st.tuples(lattice, lattice)


def test_a_dot_covers_pixels_by_their_distance():
    dot = make_strokes([(3, 3)], [(3, 3)], 1.0, (200, 100, 0), 0.5)
    drawn = paint_strokes(np.zeros((7, 7, 3), np.uint8), dot)[:, :, 0]
    corner = round(200 * 0.5 * (1.5 - np.sqrt(2)))
    expected = [[0, 0, 0, 0], [0, corner, 50, corner], [0, 50, 100, 50], [0, corner, 50, corner]]
    np.testing.assert_array_equal(drawn[1:5, 1:5], expected)
    assert drawn[5:].max() == drawn[:, 5:].max() == 0


@given(st.lists(st.tuples(points, points, st.integers(0, 40)), max_size=3), st.integers(3, 4))
def test_strokes_match_the_reference(lines, channels):
    image = np.random.default_rng(1).integers(0, 256, (25, 30, channels), dtype=np.uint8)
    parts = [make_strokes(a, b, r / 4, (9, 90, 200 - r), 1 - r / 50) for a, b, r in lines]
    for opacity in (1.0, 0.25):
        drawn = paint_strokes(image, join_strokes(parts), opacity)
        expected = reference.paint_strokes(image, join_strokes(parts), opacity)
        assert abs(drawn.astype(int) - expected).max() <= 1  # where a value lies at .5
        assert (drawn != expected).mean() < 0.01


def test_only_tiles_along_a_line_are_touched():
    canvas, touched = np.zeros((800, 800, 3), np.uint8), np.zeros((100, 100), bool)
    line = make_strokes([(10.0, 10.0)], [(790.0, 400.0)], 1.0, (255, 0, 0))
    strokes._paint(canvas, line.lines, line.colours, line.opacities, touched)
    assert touched.sum() < 200  # of 10,000; the line crosses 98 columns and 49 rows
    y, x = np.nonzero(canvas[:, :, 0])
    assert touched[y // 8, x // 8].all() and len(y) > 1500


def test_what_cannot_be_drawn_is_left_out_and_no_strokes_are_a_copy():
    ends = [(np.nan, 1.0), (1.0, 1e8), (2.0, 2.0)]
    kept = make_strokes(ends, ends, 1e300, (1, 2, 3))
    assert len(kept.lines) == 1 and isinstance(kept, Strokes)
    image = np.zeros((3, 4, 3), np.uint8)
    assert (paint_strokes(image, kept) == [1, 2, 3]).all()
    copy = paint_strokes(image, join_strokes([]), 0.5)
    assert copy is not image and not copy.any()


@pytest.mark.parametrize("kernel", [strokes._paint, strokes._mix])
def test_one_kernel_serves_all_images(kernel):
    if not hasattr(kernel, "signatures"):
        pytest.skip("kernels are not compiled")
    image = np.zeros((9, 9, 6), np.uint8)
    for each in (image[..., :3], image[:, ::2, :4], np.broadcast_to(np.uint8(7), (9, 9, 3))):
        paint_strokes(each, make_strokes((1, 1), (5, 2), 1.0, (1, 2, 3)), 0.5)
    assert len(kernel.signatures) == 1


def test_a_row_in_numpy_is_that_of_the_loop(rng):
    for _ in range(200):
        row = rng.integers(0, 256, (rng.integers(1, 30), rng.integers(3, 5))).astype(np.uint8)
        line = rng.uniform(-5, 30, 5) * [1, 1, rng.integers(2), 1, 0.1]
        line[4] = abs(line[4])
        arguments = 3, 7, line, rng.uniform(0, 255, row.shape[1]), rng.uniform()
        by_loop, at_once = row.copy(), row.copy()
        strokes._paint_row(by_loop, *arguments)
        strokes._paint_row_at_once(at_once, *arguments)
        np.testing.assert_array_equal(by_loop, at_once)
        strokes._mix_tile(by_loop[None], row[None], 0.3)
        strokes._mix_tile_at_once(at_once[None], row[None], 0.3)
        np.testing.assert_array_equal(by_loop, at_once)
