import numpy as np

from npkpose.models.exported.letterbox import letterbox
from npkpose.models.exported.recipe import Recipe


def test_an_image_lies_in_the_corner_and_points_go_back():
    image = np.full((50, 100, 3), 255, np.uint8)
    canvas, to_image = letterbox(image, Recipe(size=(64, 64), fit="corner", fill=7))
    assert (canvas[:32] == 255).all() and (canvas[32:] == 7).all()
    np.testing.assert_allclose(to_image([[64, 32], [0, 0]]), [[100, 50], [0, 0]])


def test_an_image_lies_in_the_centre_and_the_odd_pixel_is_below():
    image = np.full((51, 100, 3), 255, np.uint8)
    canvas, to_image = letterbox(image, Recipe(size=(64, 64), fit="centre", fill=7))
    rows = np.flatnonzero((canvas == 255).all(axis=(1, 2)))
    assert (rows[0], rows[-1]) == (15, 47)  # 33 rows: 15.5 above is rounded down
    np.testing.assert_allclose(to_image([[64, 48]]), [[100, 51]])
