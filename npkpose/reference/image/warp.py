"""Twin of `npkpose.image.warp`: tent weights of all rows and columns instead of four pixels."""

import numpy as np


def warp_affine(image, matrix, size, opencv4=False):
    """Return the image (h, w, C) that ``matrix`` (2, 3) maps to ``image`` (H, W, C)."""
    H, W, _ = image.shape
    y, x = np.mgrid[: size[0], : size[1]]
    sources = []
    for a, b, c in matrix:
        source = a * x + (b * y + c)
        if opencv4:
            fixed = np.rint(1024 * (a * x)) + np.rint(1024 * (b * y + c))
            source = np.floor((fixed + 16) / 32) / 32
        sources.append(source)
    tent_x = np.maximum(0, 1 - abs(sources[0][..., None] - np.arange(W)))  # (h, w, W)
    tent_y = np.maximum(0, 1 - abs(sources[1][..., None] - np.arange(H)))  # (h, w, H)
    colours = np.einsum("yxh,yxw,hwc->yxc", tent_y, tent_x, image.astype(float))
    return np.floor(colours + 0.5).astype(np.uint8)
