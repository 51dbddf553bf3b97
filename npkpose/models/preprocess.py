"""From an image to a network's input: channels first, and scaled as in training.

    x[n, c, h, w] = (image[n, h, w, c] / 255 - mean[c]) / std[c]

Each network has its mean, std and channel order in its ``preprocess``, so a pipeline cannot
use the wrong ones. Mean and std of ImageNet's pixels are torchvision's.
"""

import numpy as np

from npkpose._check import real_array

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # red, green, blue
IMAGENET_STD = (0.229, 0.224, 0.225)


def to_input(image, multiple, mean, std, bgr=False):
    """Return RGB images as a network's input.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3) or (N, H, W, 3), dtype uint8
        H and W are positive multiples of ``multiple``.
    multiple : int
    mean, std : float or three floats
        White is 1; three floats are for red, green and blue.
    bgr : bool
        Whether the channels of ``x`` are in the order blue, green, red.

    Returns
    -------
    x : ndarray, shape (N, 3, H, W), dtype float32

    Raises
    ------
    ValueError
        Another shape or dtype, or a side that is not a multiple.
    """
    image = real_array("image", image)
    if image.ndim not in (3, 4) or image.shape[-1] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"image: expected shape (H, W, 3) or (N, H, W, 3) of uint8, got {image.shape} "
            f"of {image.dtype}"
        )
    check_multiples("image", image.shape[-3:-1], multiple)
    scale = np.float32(255) * np.broadcast_to(np.float32(std), 3)
    offset = np.broadcast_to(np.float32(mean), 3) / np.broadcast_to(np.float32(std), 3)
    values = np.arange(256, dtype=np.uint8)[:, None] / scale - offset  # of all pixels: (256, 3)
    images = image.reshape(-1, *image.shape[-3:])
    x = np.empty((len(images), 3, *image.shape[-3:-1]), np.float32)
    for c, colour in enumerate((2, 1, 0) if bgr else (0, 1, 2)):
        np.take(values[:, colour], images[..., colour], out=x[:, c], mode="clip")
    return x


def check_sides(x, multiple):
    """Raise ValueError unless images ``x`` (N, C, H, W) have sides in multiples of ``multiple``."""
    check_multiples("x", real_array("x", x).shape[2:], multiple)


def check_multiples(name, size, multiple):
    """Raise ValueError unless ``size`` is a height and a width in multiples of ``multiple``."""
    if len(size) != 2 or any(side < multiple or side % multiple for side in size):
        raise ValueError(
            f"{name}: expected height and width in multiples of {multiple}, got {size}"
        )
