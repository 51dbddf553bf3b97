"""The class `Frame`: an image, where it is from, its number and time."""

from typing import NamedTuple

import numpy as np


class Frame(NamedTuple):
    """An image (H, W, 3), uint8 RGB, of a photograph, a video, a camera or an array.

    ``source`` is the path of the file, "" of an array. ``index`` is the number of the frame in its
    video, or of the image in the sequence of images, from 0. ``time`` is in seconds, None for
    images.
    """

    image: np.ndarray
    source: str
    index: int
    time: float | None = None
