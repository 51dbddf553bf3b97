"""Boxes to maps: the targets of a network that finds people as points.

With a box's centre c and size (w, h) in map pixels, and u the nearest pixel to c:

    heatmap[v] = max over boxes of exp(-|v - u|^2 / (2 s^2))
    size[u]    = (w, h)
    offset[u]  = c - u                 from -1/2 to 1/2: the map is too coarse for the centre

s is (2 r + 1) / 6, where r is the largest distance that both corners may move while the box keeps
an intersection over union of t = 0.7 with itself: a pixel that near is almost right. Both corners
move by r along each axis. They move in one direction, both inwards, or both outwards:

    (w - r)(h - r)       = 2 t / (1 + t) w h
    (w - 2 r)(h - 2 r)   = t w h
    (w + 2 r)(h + 2 r)   = w h / t

and r is the least of the three solutions. Zhou, Wang and Kraehenbuehl, "Objects as Points", 2019,
arXiv:1904.07850; the radius is Law and Deng's, "CornerNet", ECCV 2018, arXiv:1808.01244.
Departures: published code solves the second and third equation incorrectly (it divides by 2, not
by 2 a); u is the nearest pixel, not the one before; of two boxes with one pixel u, the smaller has
it.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_memory, check_number, check_size
from npkpose.grid import check_grid

OVERLAP = 0.7  # t: CornerNet's


class BoxTargets(NamedTuple):
    """Maps of one image, float32."""

    heatmap: np.ndarray  # (H, W): 1 at the pixel of a centre
    sizes: np.ndarray  # (2, H, W): width and height, map pixels; 0 elsewhere
    offsets: np.ndarray  # (2, H, W): x and y, map pixels; 0 elsewhere
    centres: np.ndarray  # (H, W) bool: pixels that have a size and an offset


def box_targets(boxes, size, grid=None, overlap=OVERLAP):
    """Return the `BoxTargets` of one image.

    Parameters
    ----------
    boxes : array_like, shape (P, 4)
        (x0, y0, x1, y1), areas: pixel 0 extends from 0 to 1. In map pixels, or in image pixels
        where ``grid`` is given. A box whose centre is outside the map has no target.
    size : int or (H, W)
        Of the maps.
    grid : Grid, optional
        How the map lies on the image.
    overlap : float
        t, between 0 and 1.

    Raises
    ------
    ValueError
        Wrong shape, a box with x0 > x1 or y0 > y1, a size below 1, or t out of range.
    """
    boxes = _check_boxes(boxes)
    height, width = size = check_size("size", size)
    overlap = check_number("overlap", overlap, above=0.0, at_most=1.0)
    corners = boxes.reshape(-1, 2) - 0.5  # as points, whose integers are pixel centres
    if check_grid(grid) is not None:
        corners = grid.to_map(corners, size)
    low, high = np.moveaxis(corners.reshape(-1, 2, 2), 1, 0)  # (P, 2)
    centres, sides = (low + high) / 2, high - low
    pixels = np.floor(centres + 0.5)
    inside = ((pixels >= 0) & (pixels < (width, height))).all(axis=1)
    order = np.flatnonzero(inside)[np.argsort(-sides[inside].prod(axis=1), kind="stable")]
    values = np.concatenate([sides, centres - pixels, (2 * box_radius(sides, overlap) + 1) / 6], 1)
    with check_memory("size"):
        return _draw(pixels[order].astype(int), values[order], size)


def _draw(pixels, values, size):
    """Return the `BoxTargets` of pixels (P, 2) inside the map; of equal ones, the last has it.

    ``values`` (P, 5) are width, height, offset in x and y, and s.
    """
    heatmap, centres = np.zeros(size, np.float32), np.zeros(size, bool)
    maps = np.zeros((4, *size), np.float32)
    for (x, y), (*of_box, sigma) in zip(pixels, values):
        along_y = np.exp(-((np.arange(size[0]) - y) ** 2) / (2 * sigma**2))
        along_x = np.exp(-((np.arange(size[1]) - x) ** 2) / (2 * sigma**2))
        np.maximum(heatmap, np.outer(along_y, along_x).astype(np.float32), out=heatmap)
        maps[:, y, x], centres[y, x] = of_box, True
    return BoxTargets(heatmap, maps[:2], maps[2:], centres)


def box_radius(sides, overlap=OVERLAP):
    """Return r (P, 1) of boxes of ``sides`` (P, 2), as above."""
    t = overlap
    total, area = sides.sum(axis=1, keepdims=True), sides.prod(axis=1, keepdims=True)
    return np.minimum.reduce(
        [
            _smaller_root(1, -total, (1 - t) / (1 + t) * area),
            _smaller_root(4, -2 * total, (1 - t) * area),
            -_smaller_root(4 * t, -2 * t * total, (t - 1) * area),  # of -r
        ]
    )


def _smaller_root(a, b, c):
    """Return the smaller solution of a r^2 + b r + c = 0, with a > 0."""
    return (-b - np.sqrt(np.maximum(b**2 - 4 * a * c, 0))) / (2 * a)


def _check_boxes(boxes):
    """Return ``boxes`` as an array (P, 4), or raise ValueError."""
    boxes = check_array("boxes", boxes, ("P", 4), largest=1e9)
    swapped = (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if swapped.any():
        p = int(swapped.argmax())
        raise ValueError(f"boxes[{p}]: expected x0 <= x1 and y0 <= y1, got {boxes[p]}")
    return boxes
