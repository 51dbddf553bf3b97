"""Pictures under other light, and with something held in front of them. Keypoints do not move.

Colour is changed as by a camera: p -> contrast (p - m) + m + brightness, a gain for each channel,
and a mix with grey, where m is the picture's mean. Occlusion pastes rectangles, of one colour, of
noise or of another part of the picture (Zhong et al., "Random Erasing Data Augmentation", AAAI
2020, arXiv:1708.04896); a keypoint below one is hidden, and stays labelled.
"""

from dataclasses import replace

import numpy as np

from npkpose._check import check_integer
from npkpose.data.augment import inside

BRIGHTNESS, CONTRAST, GAIN, GREY = 0.15, 0.3, 0.15, 0.3  # the largest changes, of full scale
PATCH = (0.05, 0.25)  # sides of a rectangle, as a share of the picture's


def change_colours(image, rng):
    """Return a picture (H, W, 3) of uint8 in another light."""
    change = np.float32(rng.uniform(-1, 1, 5))
    grey = np.float32(GREY * rng.random())
    pixels = image.astype(np.float32)
    mean = pixels.mean() if pixels.size else np.float32(0)
    pixels = (1 + CONTRAST * change[0]) * (pixels - mean) + (mean + 255 * BRIGHTNESS * change[1])
    pixels *= 1 + GAIN * change[2:]
    pixels += grey * (pixels.mean(axis=2, keepdims=True) - pixels)
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def hide_patches(scene, rng, most=2):
    """Return the scene with 0 to ``most`` rectangles on it; what is seen there is hidden then.

    Boxes and areas stay: they are of the people, of whom less is to be seen now.
    """
    most = check_integer("most", most)
    image, visibility = scene.image.copy(), scene.visibility.copy()
    for _ in range(int(rng.integers(most + 1))):
        rows, columns = _paste(image, rng)
        corner = columns.start, rows.start
        size = rows.stop - rows.start, columns.stop - columns.start
        under = inside(scene.keypoints - np.array(corner), size)
        visibility[under & (visibility == 2)] = 1
    return replace(scene, image=image, visibility=visibility)


def _paste(image, rng):
    """Cover a random rectangle of the picture in place; return its rows and columns."""
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
