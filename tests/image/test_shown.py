import io

import numpy as np
import pytest

from npkpose import show
from npkpose.image.palettes import map_colours


def test_heatmaps_lie_side_by_side_in_the_colours_of_their_values():
    maps = np.zeros((3, 4, 100))
    maps[1, 2, 3], maps[2, 0, 0], maps[2, 1, 1] = 4.0, 2.0, np.inf
    image = show(maps).image  # three rows of one map, each pixel 3 x 3
    assert image.shape == (3 * 14, 300, 3)
    image = image[1::3, 1::3]
    colours = np.rint(map_colours([0.0, 0.5, 1.0]))
    np.testing.assert_array_equal(image[[0, 10, 7], [0, 0, 3]], colours)
    assert (image[4] == 255).all() and (image[11, 1] == colours[0]).all()
    np.testing.assert_array_equal(show(maps[1]).image[1::3, 1::3][2, 3], colours[2])


def test_the_picture_of_an_image_is_a_png_of_it():
    pillow = pytest.importorskip("PIL.Image", reason="needs Pillow")
    for channels in (3, 4):
        image = np.random.default_rng(0).integers(0, 256, (300, 5, channels), np.uint8)
        shown = show(image)
        np.testing.assert_array_equal(pillow.open(io.BytesIO(shown._repr_png_())), image)
    assert repr(shown) == "Shown(5 x 300 pixels)"


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2, 2, 2)), "map"])
def test_what_is_no_picture_is_refused(array):
    with pytest.raises(ValueError, match="^array: expected"):
        show(array)
