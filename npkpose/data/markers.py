"""Four markers on a white canvas: the smallest data set on which keypoints can be learned.

Each marker is a square of 4 x 4 pixels at a real-valued position. It is drawn with exact
area coverage: a pixel's colour is the mean over its area, so the image determines the position
to a small fraction of a pixel, and a network can learn it.

The classic form of this exercise cannot be solved, for two reasons. It is an option, to show them:

* Its squares are *identical*. Nothing in the image says which of them is keypoint 0, so a
  network can at best answer the mean of all four in every map.
* Its labels are whole pixels, and a square of even side drawn at a whole pixel has its centre
  half a pixel beside it, so no refinement improves on the pixel.
"""

import numpy as np

from npkpose._check import MAX_SIDE, check_choice, check_integer, check_memory, check_rng

STYLES = ("distinct", "identical", "classic")
SIDE = 4.0  # pixels
NUM_MARKERS = 4
# Corners of the RGB cube, far from white and from each other: red, green, blue, black.
COLOURS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=np.float32)


def four_markers(num_images, rng, size=64, style="distinct"):
    """Return images (N, 3, size, size) float32 in [0, 1] and keypoints (N, 4, 2) in pixels.

    Parameters
    ----------
    num_images : int
    rng : numpy.random.Generator
    size : int, at least 8
        Height and width.
    style : "distinct", "identical" or "classic"
        Four colours at real-valued positions; four black squares at real-valued positions;
        or four black squares at whole pixels, labelled half a pixel off their centre.

    Markers lie completely inside the canvas. They may overlap; later ones are on top.

    Raises
    ------
    ValueError
        A parameter out of range.
    """
    num_images = check_integer("num_images", num_images)
    check_rng(rng)
    size = check_integer("size", size, at_least=8, at_most=MAX_SIDE)
    check_choice("style", style, STYLES)
    low, high = SIDE / 2 - 0.5, size - 0.5 - SIDE / 2
    with check_memory("num_images"):
        keypoints = rng.uniform(low, high, (num_images, NUM_MARKERS, 2))
    if style == "classic":
        keypoints = np.ceil(keypoints)
    centres = keypoints - 0.5 if style == "classic" else keypoints
    with check_memory("num_images, size"):
        images = np.ones((num_images, 3, size, size), dtype=np.float32)
    for k in range(NUM_MARKERS):
        colour = COLOURS[k] if style == "distinct" else np.zeros(3, dtype=np.float32)
        paint_squares(images, centres[:, k], SIDE, colour)
    return images, keypoints


def paint_squares(images, centres, side, colour):
    """Paint one square on each image (N, 3, H, W), in place, weighted by the covered area."""
    across = _coverage(centres[:, 0], side, images.shape[3])  # (N, W)
    down = _coverage(centres[:, 1], side, images.shape[2])  # (N, H)
    cover = (down[:, :, None] * across[:, None, :])[:, None].astype(np.float32)  # (N, 1, H, W)
    images += cover * (colour[:, None, None] - images)


def _coverage(centre, side, length):
    """Return how much of pixel [i - 1/2, i + 1/2] centre +- side / 2 covers: (N, length)."""
    i, centre = np.arange(length), centre[:, None]
    right = np.minimum(i + 0.5, centre + side / 2)
    left = np.maximum(i - 0.5, centre - side / 2)
    return np.clip(right - left, 0, 1)
