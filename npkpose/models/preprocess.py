"""Pictures as networks take them: channels first, and scaled as in training.

    x[n, c, h, w] = (image[n, h, w, c] / 255 - mean[c]) / std[c]

Each network states its mean, std and channel order, so that a pipeline cannot get them
wrong. The mean and std of the pixels of ImageNet are those that torchvision publishes.
"""

import numpy as np

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # red, green, blue
IMAGENET_STD = (0.229, 0.224, 0.225)


def to_input(image, multiple, mean, std, bgr=False):
    """Return RGB pictures as a network's input.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3) or (N, H, W, 3), dtype uint8
        H and W are positive multiples of ``multiple``.
    multiple : int
    mean, std : float or three of them
        In units of white, in the order of the picture's channels: red, green, blue.
    bgr : bool
        Give the channels in the order blue, green, red.

    Returns
    -------
    x : ndarray, shape (N, 3, H, W), dtype float32

    Raises
    ------
    ValueError
        Another shape or dtype, or sides that are no multiples.
    """
    image = np.asarray(image)
    if image.ndim not in (3, 4) or image.shape[-1] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"image: expected shape (H, W, 3) or (N, H, W, 3) of uint8, got {image.shape} "
            f"of {image.dtype}"
        )
    check_multiples("image", image.shape[-3:-1], multiple)
    scale = np.float32(255) * np.broadcast_to(np.float32(std), 3)
    offset = np.broadcast_to(np.float32(mean), 3) / np.broadcast_to(np.float32(std), 3)
    x = (image / scale - offset).reshape(-1, *image.shape[-3:])  # (N, H, W, 3)
    if bgr:
        x = x[..., ::-1]
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)


def check_multiples(name, size, multiple):
    """Raise ValueError unless ``size`` is a height and a width in multiples of ``multiple``."""
    if len(size) != 2 or any(side < multiple or side % multiple for side in size):
        raise ValueError(
            f"{name}: expected height and width in multiples of {multiple}, got {size}"
        )
