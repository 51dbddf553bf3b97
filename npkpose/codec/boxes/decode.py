"""Maps to boxes: the peaks of a heatmap of centres, each with the size and offset at its pixel.

    peak    a pixel u that none of its eight neighbours exceeds: max pooling of 3x3 keeps it
    box     centre u + offset[u], size size[u], score heatmap[u]

The best ``max_boxes`` peaks are kept. There is no other suppression: a person has one peak. Zhou,
Wang and Kraehenbuehl, "Objects as Points", 2019, arXiv:1904.07850.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_integer, check_number
from npkpose.grid import check_grid

MAX_BOXES = 100  # Zhou et al.'s


class Boxes(NamedTuple):
    """P boxes of one image, by falling score."""

    boxes: np.ndarray  # (P, 4): (x0, y0, x1, y1), areas: pixel 0 extends from 0 to 1
    scores: np.ndarray  # (P,)


def decode_boxes(heatmap, sizes, offsets, threshold=0.0, max_boxes=MAX_BOXES, grid=None):
    """Return the `Boxes` of an image's maps.

    Parameters
    ----------
    heatmap : array_like, shape (H, W)
        Scores of centres, for example from 0 to 1.
    sizes : array_like, shape (2, H, W)
        Width and height in map pixels; below 0 counts as 0.
    offsets : array_like, shape (2, H, W)
        From a pixel to the centre, x and y, in map pixels.
    threshold : float
        A peak's score must exceed it.
    max_boxes : int
        At most this many.
    grid : Grid, optional
        How the map lies on the image; the boxes are then in image pixels, otherwise in map pixels.

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, or ``max_boxes`` below 1.
    """
    heatmap = check_array("heatmap", heatmap, ("H", "W"))
    sizes = check_array("sizes", sizes, (2, *heatmap.shape), largest=1e9)
    offsets = check_array("offsets", offsets, (2, *heatmap.shape), largest=1e9)
    threshold = check_number("threshold", threshold)
    max_boxes = check_integer("max_boxes", max_boxes, at_least=1)
    y, x = np.nonzero((heatmap > threshold) & (heatmap == _highest_of_nine(heatmap)))
    best = np.argsort(-heatmap[y, x], kind="stable")[:max_boxes]
    y, x = y[best], x[best]
    centres = np.stack([x, y], axis=1) + offsets[:, y, x].T
    halves = np.maximum(sizes[:, y, x].T, 0) / 2
    corners = np.stack([centres - halves, centres + halves], axis=1)  # (P, 2, 2), as points
    if check_grid(grid) is not None:
        corners = grid.to_image(corners, heatmap.shape)
    return Boxes(corners.reshape(-1, 4) + 0.5, heatmap[y, x])


def _highest_of_nine(heatmap):
    """Return the highest value (H, W) of each pixel and its neighbours."""
    for axis in (0, 1):
        pad = [(int(axis == a),) * 2 for a in (0, 1)]
        n, padded = heatmap.shape[axis], np.pad(heatmap, pad, constant_values=-np.inf)
        heatmap = np.maximum.reduce([np.take(padded, np.arange(n) + i, axis) for i in range(3)])
    return heatmap
