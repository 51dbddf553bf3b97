"""Backgrounds of synthetic people: a gradient, cloudy noise, and random shapes.

Shapes are the same capsules and bars that people are made of. So neither a smooth edge nor a shaded
cylinder is enough to tell a limb from an object.
"""

import numpy as np

from npkpose.data.clothes import SKIN, random_colours
from npkpose.data.raster import COLUMNS, NOBODY
from npkpose.image.resize import resize

SHAPES = (6, 26)  # number of shapes behind all people
FAR = 1e6  # their depth in pixels
CLOUD = 0.12  # standard deviation of the cloudy noise


def cluttered_background(size, rng):
    """Return an image (H, W, 3), float32, in about [0, 1], and shapes (M, 13) to paint on it."""
    height, width = size
    start, end = random_colours(2, rng).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)  # of the gradient
    x, y = np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height)
    along = 0.5 + np.cos(angle) * x + 0.7 * np.sin(angle) * y[:, None]  # (H, W)
    image = start + along[..., None].astype(np.float32) * (end - start)
    cells = int(rng.integers(3, 17))
    cloud = rng.normal(0, CLOUD, (cells, cells, 3)).astype(np.float32)
    image += resize(cloud, size, "bilinear")
    return image, random_shapes(int(rng.integers(*SHAPES)), size, rng)


def random_shapes(count, size, rng, depth=FAR):
    """Return ``count`` capsules and bars (M, 13), from specks to a third of the image."""
    longer = max(size)
    parts = np.zeros((count, len(COLUMNS)))
    parts[:, 0:2] = rng.uniform(-0.1, 1.1, (count, 2)) * size[::-1]
    angle = rng.uniform(0, 2 * np.pi, count)
    length = longer * rng.uniform(0.01, 0.7, count) ** 1.5
    parts[:, 4] = parts[:, 0] + length * np.cos(angle)
    parts[:, 5] = parts[:, 1] + length * np.sin(angle)
    parts[:, [3, 7]] = longer * (0.008 + 0.15 * rng.random((count, 1)) ** 3)
    parts[:, 7] *= rng.uniform(0.6, 1.4, count)
    parts[:, [2, 6]] = depth
    skin_coloured = rng.random((count, 1)) < 0.15
    colours = SKIN[rng.integers(len(SKIN), size=count)]
    parts[:, 8:11] = np.where(skin_coloured, colours, random_colours(count, rng))
    parts[:, 11] = NOBODY
    parts[:, 12] = rng.random(count) < 0.4
    return parts
