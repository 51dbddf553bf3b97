"""Two figures in one picture: the smallest data set that needs grouping.

A figure is a kite of four markers, coloured as in `data.markers`, joined by rods that fade from
one marker's colour to the other's. Two copies of it lie on the canvas at random places,
rotations and scales, and may overlap. Each colour occurs twice, so heatmaps alone cannot say
which red belongs to which blue; the rods can.
"""

import numpy as np

from npkpose._check import check_integer
from npkpose.data.markers import COLOURS, SIDE, paint_squares
from npkpose.skeleton import Skeleton

KITE = Skeleton(
    name="KITE",
    keypoints=("red", "green", "blue", "black"),
    limbs=((0, 1), (1, 2), (2, 3), (3, 0)),
    sigmas=0.05,
)
# Corners of the kite, in units of its scale. It has no symmetry but the mirror image's, so
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
        Height and width; every marker lies wholly inside.

    Rods lie below all markers, and the second figure's above the first's.

    Raises
    ------
    ValueError
        A parameter out of range.
    """
    num_images = check_integer("num_images", num_images)
    size = check_integer("size", size, at_least=48)
    keypoints = np.stack([_place(num_images, rng, size) for _ in range(NUM_FIGURES)], axis=1)
    images = np.ones((num_images, 3, size, size), dtype=np.float32)
    for figure in range(NUM_FIGURES):
        for a, b in KITE.limbs:
            ends = keypoints[:, figure, a], keypoints[:, figure, b]
            _paint_rods(images, *ends, COLOURS[a], COLOURS[b])
    for figure in range(NUM_FIGURES):
        for k in range(KITE.num_keypoints):
            paint_squares(images, keypoints[:, figure, k], SIDE, COLOURS[k])
    return images, keypoints


def _place(num_images, rng, size):
    """Keypoints (N, 4, 2) of one figure per image, inside the canvas."""
    angle = rng.uniform(0, 2 * np.pi, num_images)
    scale = rng.uniform(*SCALES, num_images)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.moveaxis(np.array([[cosine, -sine], [sine, cosine]]), 2, 0)  # (N, 2, 2)
    points = SHAPE @ turn.swapaxes(1, 2)  # (N, 4, 2)
    low = SIDE / 2 - 0.5 - points.min(axis=1)
    high = size - 0.5 - SIDE / 2 - points.max(axis=1)
    return points + rng.uniform(low, high)[:, None]


def _paint_rods(images, starts, ends, colour, other):
    """Paint a rod from starts to ends (N, 2) on each image, in place, fading between colours."""
    height, width = images.shape[2:]
    length = np.linalg.norm(ends - starts, axis=1, keepdims=True)
    v, length = ((ends - starts) / length).astype(np.float32), length.astype(np.float32)
    x = (np.arange(width) - starts[:, :1]).astype(np.float32)[:, None, :]  # (N, 1, W)
    y = (np.arange(height) - starts[:, 1:]).astype(np.float32)[:, :, None]  # (N, H, 1)
    vx, vy, length = v[:, :1, None], v[:, 1:, None], length[:, :, None]  # (N, 1, 1)
    along = x * vx + y * vy  # (N, H, W)
    nearest = np.clip(along, 0, length)
    distance = np.sqrt((x * vy - y * vx) ** 2 + (along - nearest) ** 2)
    cover = np.clip(ROD_WIDTH / 2 + 0.5 - distance, 0, 1)[:, None]  # (N, 1, H, W)
    share = (nearest / length)[:, None]
    paint = colour[:, None, None] + share * (other - colour)[:, None, None]  # (N, 3, H, W)
    images += cover * (paint - images)
