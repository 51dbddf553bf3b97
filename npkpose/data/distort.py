"""Augmentation that moves no keypoint: changed colours, and hidden patches.

Colours change as between cameras: p -> contrast (p - m) + m + brightness, then a gain for each
channel and a mix with grey; m is the image's mean. A patch is a rectangle of one colour, of noise
or of another part of the image (Zhong et al., "Random Erasing Data Augmentation", AAAI 2020,
arXiv:1708.04896). A keypoint under a patch becomes hidden and stays labelled.
"""

from dataclasses import replace

import numpy as np

from npkpose._check import check_integer, check_kind, check_rng
from npkpose.data.augment import inside
from npkpose.data.scene import Scene
from npkpose.image.files import check_image

BRIGHTNESS, CONTRAST, GAIN, GREY = 0.15, 0.3, 0.15, 0.3  # largest changes, as a share of full scale
MAX_PATCHES = 10_000
PATCH = (0.05, 0.25)  # sides of a rectangle, as a share of the image's


def change_colours(image, rng):
    """Return the image (H, W, 3), uint8, with other colours."""
    image = check_image("image", image)
    check_rng(rng)
    change = np.float32(rng.uniform(-1, 1, 5))
    grey = np.float32(GREY * rng.random())
    pixels = image.astype(np.float32)
    mean = pixels.mean() if pixels.size else np.float32(0)
    pixels = (1 + CONTRAST * change[0]) * (pixels - mean) + (mean + 255 * BRIGHTNESS * change[1])
    pixels *= 1 + GAIN * change[2:]
    pixels += grey * (pixels.mean(axis=2, keepdims=True) - pixels)
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def hide_patches(scene, rng, most=2):
    """Return the scene with 0 to ``most`` patches; visible keypoints under them become hidden.

    Boxes and areas stay as they are: they describe the people, not the visible rest.
    """
    check_kind("scene", scene, Scene)
    check_rng(rng)
    most = check_integer("most", most, at_most=MAX_PATCHES)
    image, visibility = scene.image.copy(), scene.visibility.copy()
    for _ in range(int(rng.integers(most + 1))):
        rows, columns = _paste_patch(image, rng)
        corner = columns.start, rows.start
        size = rows.stop - rows.start, columns.stop - columns.start
        under = inside(scene.keypoints - np.array(corner), size)
        visibility[under & (visibility == 2)] = 1
    return replace(scene, image=image, visibility=visibility)


def _paste_patch(image, rng):
    """Cover a random rectangle of the image, in place; return its rows and columns."""
    sides = np.array(image.shape[:2])
    size = np.maximum((sides * rng.uniform(*PATCH, 2)).astype(int), 1)
    (y, x), (from_y, from_x) = rng.integers(0, sides - size + 1, (2, 2))
    rows, columns = slice(y, y + size[0]), slice(x, x + size[1])
    kind = rng.integers(3)
    if kind == 0:
        image[rows, columns] = rng.integers(0, 256, 3)
    elif kind == 1:
        image[rows, columns] = rng.integers(0, 256, (*size, 3))
    else:
        image[rows, columns] = image[from_y : from_y + size[0], from_x : from_x + size[1]].copy()
    return rows, columns
