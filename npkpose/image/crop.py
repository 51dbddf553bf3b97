"""From a person's box to the crop that a network sees, and from its pixels back to the image.

A box is widened about its centre (c_x, c_y) to the aspect ratio of the network's input, W x H
pixels, and then enlarged, so that a limb outside the box still fits: S_x x S_y image pixels.
Which image coordinate input pixel u has depends on the network's grid (see `npkpose.grid`):

    "index"     u S_x / W + c_x - S_x / 2                       HRNet
    "centre"    (u + 1/2) S_x / W - 1/2 + c_x - S_x / 2         pixels are areas
    "corner"    u S_x / (W - 1) + c_x - S_x / 2                 UDP: corners on corners

and likewise in y. For "centre" a box is an area, and pixel 0 extends from 0 to 1. Box to centre and
scale: Xiao et al., "Simple Baselines for Human Pose Estimation and Tracking", ECCV 2018,
arXiv:1804.06208.
"""

import numpy as np

from npkpose._check import check_array, check_choice, check_number, check_size, real_array
from npkpose.grid import CONVENTIONS

MAX_COORDINATE = 1e9  # pixels: beyond, areas and crops lose their precision
PADDING = 1.25  # Xiao et al.'s enlargement


def check_boxes(boxes):
    """Return ``boxes`` as an array (P, 4) of (x0, y0, x1, y1), or raise ValueError.

    Each box must have an area, and coordinates of at most 1e9; no boxes give shape (0, 4).
    """
    boxes = real_array("boxes", boxes)
    boxes = np.empty((0, 4)) if boxes.size == 0 else boxes
    boxes = check_array("boxes", boxes, ("P", 4), largest=MAX_COORDINATE)
    empty = (boxes[:, 2:] <= boxes[:, :2]).any(axis=1)
    if empty.any():
        p = int(empty.argmax())
        raise ValueError(f"boxes[{p}]: expected x0 < x1 and y0 < y1, got {boxes[p]}")
    return boxes


def touch_image(boxes, size):
    """Return which boxes (P, 4) overlap an image of ``size`` (H, W): bool (P,)."""
    x0, y0, x1, y1 = check_boxes(boxes).T
    height, width = size
    return (x0 < width) & (x1 > 0) & (y0 < height) & (y1 > 0)


def crop_sizes(boxes, input_size, padding=PADDING):
    """Return (S_x, S_y) (P, 2) of boxes (P, 4): the input's aspect ratio, enlarged."""
    height, width = check_size("input_size", input_size)
    padding = check_number("padding", padding, above=0.0)
    sides = boxes[:, 2:] - boxes[:, :2]
    high = np.maximum(sides[:, 1], sides[:, 0] * height / width)
    return padding * np.stack([high * width / height, high], axis=1)


def crop_matrices(boxes, input_size, convention, padding=PADDING):
    """Return the matrices (P, 2, 3) from input pixels (x, y, 1) to image pixels.

    Parameters
    ----------
    boxes : array_like, shape (P, 4)
        (x0, y0, x1, y1) in image pixels.
    input_size : (H, W)
    convention : "index", "centre" or "corner"
    padding : float
        Enlargement of the box.

    Raises
    ------
    ValueError
        A box without area, an unknown convention, or a size or padding that is not positive.
    """
    boxes = check_boxes(boxes)
    check_choice("convention", convention, CONVENTIONS)
    sizes = crop_sizes(boxes, input_size, padding)
    pixels = np.array(check_size("input_size", input_size)[::-1])  # (W, H)
    steps = sizes / (np.maximum(pixels - 1, 1) if convention == "corner" else pixels)
    starts = (boxes[:, :2] + boxes[:, 2:] - sizes) / 2
    if convention == "centre":
        starts += steps / 2 - 0.5
    matrices = np.zeros((len(boxes), 2, 3))
    matrices[:, [0, 1], [0, 1]] = steps
    matrices[:, :, 2] = starts
    return matrices


def to_image(points, matrices):
    """Return points (P, K, 2) of the crops in image pixels, by the matrices (P, 2, 3)."""
    return np.einsum("pij,pkj->pki", matrices[:, :, :2], points) + matrices[:, None, :, 2]
