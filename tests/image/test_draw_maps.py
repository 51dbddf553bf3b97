import numpy as np
import pytest

from npkpose import Grid, Skeleton
from npkpose.image.draw_maps import draw_fields, draw_heatmaps
from npkpose.image.palettes import map_colours

STICK = Skeleton("STICK", ("a", "b"), ((0, 1),))


def test_a_heatmap_lies_where_its_grid_says_with_the_colour_and_opacity_of_its_values():
    image = np.full((16, 16, 3), 100, np.uint8)
    maps = np.zeros((2, 4, 4))
    maps[0, 1, 2], maps[1, 1, 2] = 0.8, np.nan
    drawn = draw_heatmaps(image, maps, Grid(4, "index"), opacity=0.5)  # the pixel is at (8, 4)
    np.testing.assert_allclose(drawn[4, 8], 0.5 * map_colours(0.8) + 50, atol=2)
    half = 0.5 * (0.4 - 0.05) / 0.45  # the opacity of 0.4, half-way to the next pixel
    np.testing.assert_allclose(drawn[4, 10], half * map_colours(0.4) + (1 - half) * 100, atol=2)
    assert (drawn[:, :5] == 100).all() and (drawn[8:] == 100).all()


def test_maps_cover_the_image_by_default_and_values_beyond_the_range_are_cut():
    image = np.zeros((8, 12, 3), np.uint8)
    drawn = draw_heatmaps(image, np.full((1, 2, 3), 7.0), opacity=1)
    assert (drawn == np.rint(map_colours(1.0))).all()
    for value in (-3, 0, 0.04, np.nan):
        assert not draw_heatmaps(image, np.full((1, 2, 3), value)).any()
    assert not draw_heatmaps(image, np.empty((0, 2, 3))).any()


def test_maps_of_a_crop_lie_where_its_matrix_says_and_nowhere_else():
    image, maps = np.full((40, 60, 3), 100, np.uint8), np.full((1, 4, 4), 1.0)
    grid, matrix = Grid(4, "centre"), [[2, 0, 10.5], [0, 1, 4.5]]  # 16 x 16: 32 x 16 of the image
    drawn = draw_heatmaps(image, maps, grid, 1, matrix)
    changed = (drawn != 100).all(axis=2)
    y, x = np.nonzero(changed)
    assert (y.min(), y.max(), x.min(), x.max()) == (4, 19, 10, 41) and changed.sum() == 16 * 32
    same = draw_heatmaps(image[4:20, 10:42], maps, Grid((8, 4), "centre"), 1)
    np.testing.assert_array_equal(drawn[4:20, 10:42], same)
    outside = draw_heatmaps(image, maps, grid, 1, [[1, 0, 99], [0, 1, 99]])
    np.testing.assert_array_equal(outside, image)


def test_an_arrow_points_along_the_vector_and_weak_vectors_have_none():
    image, fields = np.zeros((40, 40, 3), np.uint8), np.zeros((2, 4, 4))
    fields[0, 1, 2], fields[:, 3, 0] = 1.0, 0.05  # to the right, at the image's (24.5, 14.5)
    y, x = np.nonzero(draw_fields(image, fields, STICK, Grid(10, "centre")).any(axis=2))
    assert abs(x.mean() - 24.5) < 2.5 and abs(y.mean() - 14.5) < 0.1
    assert 8 <= np.ptp(x) <= 12 and np.ptp(y[x > 24]) > np.ptp(y[x < 24])  # the head is right


def test_maps_that_do_not_fit_are_refused():
    image = np.zeros((8, 8, 3), np.uint8)
    for name, draw, arguments in (
        ("heatmaps", draw_heatmaps, (np.zeros((2, 2)),)),
        ("heatmaps", draw_heatmaps, (np.zeros((2, 0, 2)),)),
        ("opacity", draw_heatmaps, (np.zeros((1, 2, 2)), None, 2)),
        ("grid", draw_heatmaps, (np.zeros((1, 2, 2)), None, 1, np.eye(2, 3))),
        ("matrix", draw_heatmaps, (np.zeros((1, 2, 2)), Grid(2), 1, [[1, 1, 0], [0, 1, 0]])),
        ("matrix", draw_heatmaps, (np.zeros((1, 2, 2)), Grid(2), 1, [[-1, 0, 9], [0, 1, 0]])),
        ("fields", draw_fields, (np.zeros((1, 2, 2)), STICK)),
        ("skeleton", draw_fields, (np.zeros((2, 2, 2)), "STICK")),
    ):
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            draw(image, *arguments)
