"""Two figures in one image: the smallest data set that needs grouping.

A figure is a kite of four markers, coloured as in `data.markers`, joined by rods that fade from
one marker's colour to the other's. Two copies lie on the canvas with random position, rotation
and scale, and may overlap. Each colour occurs twice, so heatmaps alone cannot tell which red
belongs to which blue; the rods can.
"""

import numpy as np

from npkpose._check import MAX_SIDE, check_integer, check_memory, check_rng
from npkpose.data.markers import COLOURS, SIDE, paint_squares
from npkpose.skeleton import Skeleton

KITE = Skeleton(
    name="KITE",
    keypoints=("red", "green", "blue", "black"),
    limbs=((0, 1), (1, 2), (2, 3), (3, 0)),
    sigmas=0.05,
)
# Corners of the kite, in units of its scale. It has a mirror symmetry but no rotational one, so
# every rotation looks different.
SHAPE = np.array([(0.0, -1.0), (0.8, 0.0), (0.0, 1.2), (-0.8, 0.0)])
NUM_FIGURES = 2
SCALES = (6.0, 10.0)  # pixels
ROD_WIDTH = 2.0  # pixels


def two_figures(num_images, rng, size=64):
    """Return images (N, 3, size, size) float32 in [0, 1] and keypoints (N, 2, 4, 2) in pixels.

    Parameters
    ----------
    num_images : int
    rng : numpy.random.Generator
    size : int, at least 48
        Height and width; every marker lies completely inside.

    All markers are above all rods, and the second figure's rods above the first's.

    Raises
    ------
    ValueError
        A parameter out of range.
    """
    num_images = check_integer("num_images", num_images)
    check_rng(rng)
    size = check_integer("size", size, at_least=48, at_most=MAX_SIDE)
    with check_memory("num_images, size"):
        kites = [_random_kites(num_images, rng, size) for _ in range(NUM_FIGURES)]
        images = np.ones((num_images, 3, size, size), dtype=np.float32)
    keypoints = np.stack(kites, axis=1)
    for image, figures in zip(images, keypoints):
        for figure in figures:
            for a, b in KITE.limbs:
                _paint_rod(image, figure[a], figure[b], COLOURS[a], COLOURS[b])
    for figure in range(NUM_FIGURES):
        for k in range(KITE.num_keypoints):
            paint_squares(images, keypoints[:, figure, k], SIDE, COLOURS[k])
    return images, keypoints


def _random_kites(num_images, rng, size):
    """Return keypoints (N, 4, 2) of one figure per image, inside the canvas."""
    angle = rng.uniform(0, 2 * np.pi, num_images)
    scale = rng.uniform(*SCALES, num_images)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.moveaxis(np.array([[cosine, -sine], [sine, cosine]]), 2, 0)  # (N, 2, 2)
    points = SHAPE @ turn.swapaxes(1, 2)  # (N, 4, 2)
    low = SIDE / 2 - 0.5 - points.min(axis=1)
    high = size - 0.5 - SIDE / 2 - points.max(axis=1)
    return points + rng.uniform(low, high)[:, None]


def _paint_rod(image, start, end, colour, other):
    """Paint a rod that fades from one colour to the other on the image (3, H, W), in place."""
    reach = ROD_WIDTH / 2 + 0.5
    left, top = np.floor(np.minimum(start, end) - reach).clip(0).astype(int)
    right, bottom = np.ceil(np.maximum(start, end) + reach).astype(int) + 1
    image = image[:, top:bottom, left:right]  # the rod's box, a view
    length = np.hypot(*(end - start))
    v = (end - start) / length
    x = left + np.arange(image.shape[2]) - start[0]  # (W,)
    y = top + np.arange(image.shape[1])[:, None] - start[1]  # (H, 1)
    along = x * v[0] + y * v[1]  # (H, W)
    nearest = np.clip(along, 0, length)
    distance = np.hypot(x * v[1] - y * v[0], along - nearest)
    cover = np.clip(reach - distance, 0, 1)
    paint = colour[:, None, None] + nearest / length * (other - colour)[:, None, None]
    image += cover * (paint - image)
