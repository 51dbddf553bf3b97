import numpy as np


def warp_affine(image, matrix, size, opencv4=False):
    """Twin of `warp.warp_affine`, by tent weights over every row and column."""
    high, wide, _ = image.shape
    y, x = np.mgrid[: size[0], : size[1]]
    sources = []
    for a, b, c in matrix:
        place = a * x + (b * y + c)
        if opencv4:
            fixed = np.rint(1024 * (a * x)) + np.rint(1024 * (b * y + c))
            place = np.floor((fixed + 16) / 32) / 32
        sources.append(place)
    tent_x = np.maximum(0, 1 - abs(sources[0][..., None] - np.arange(wide)))  # (h, w, W)
    tent_y = np.maximum(0, 1 - abs(sources[1][..., None] - np.arange(high)))  # (h, w, H)
    colours = np.einsum("yxh,yxw,hwc->yxc", tent_y, tent_x, image.astype(float))
    return np.floor(colours + 0.5).astype(np.uint8)
