"""How a heatmap lies on its image: a stride and one of the three conventions in use.

    "index"    image = stride * map                      simple baselines, HRNet, the four markers
    "centre"   image = stride * (map + 1/2) - 1/2        OpenPose-style networks; resized images
    "corner"   image = map * (stride * n - 1) / (n - 1)  UDP: the corner pixels' centres coincide

map and image are coordinates in pixels of the map and of the image, integers being pixel
centres; n is the map's length along the axis. Mixing two conventions shifts points by up to
stride - 1 image pixels, which is why encode and decode take the same `Grid`.

"corner" is Huang et al., "The Devil Is in the Details: Delving Into Unbiased Data
Processing for Human Pose Estimation", CVPR 2020, arXiv:1911.07524.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import (
    check_array,
    check_choice,
    check_kind,
    check_number,
    check_size,
    shown,
)

CONVENTIONS = ("index", "centre", "corner")


@dataclass(frozen=True)
class Grid:
    """Where the pixels of a map lie on its image.

    Parameters
    ----------
    stride : float, or pair (x, y) of float
        Image pixels per map pixel, positive.
    convention : "index", "centre" or "corner"

    Raises
    ------
    ValueError
        A stride that is not positive, or an unknown convention. From the methods: points whose
        place is out of range, or a "corner" map that lies on less than one image pixel.
    """

    stride: float | tuple = 1.0
    convention: str = "index"

    def __post_init__(self):
        check_choice("convention", self.convention, CONVENTIONS)
        is_row = isinstance(self.stride, (tuple, list)) or getattr(self.stride, "ndim", 0) == 1
        strides = self.stride if is_row else (self.stride,)
        if is_row and len(strides) != 2:
            raise ValueError(f"stride: expected one or two numbers, got {shown(self.stride)}")
        for stride in strides:
            check_number("stride", stride, above=0)

    def to_image(self, points: ArrayLike, map_size: tuple[int, int] | None = None) -> NDArray:
        """Return map points (..., 2) in image pixels; "corner" needs the map's (H, W)."""
        scale, shift = self._scale_and_shift(map_size)
        points = check_array("points", points, (..., 2), finite=False)
        with np.errstate(over="ignore"):
            return _check_range(points, points * scale + shift)

    def to_map(self, points: ArrayLike, map_size: tuple[int, int] | None = None) -> NDArray:
        """Return image points (..., 2) in map pixels: the inverse of `to_image`."""
        scale, shift = self._scale_and_shift(map_size)
        points = check_array("points", points, (..., 2), finite=False)
        with np.errstate(over="ignore"):
            return _check_range(points, (points - shift) / scale)

    def flip_shift(self) -> float:
        """Return how many map pixels to the right a flip test moves the flipped image's map.

        A flip test averages the map of an image with the map of the flipped image, flipped back
        (and its left and right joints exchanged). In an image of W pixels the point x goes to
        W - 1 - x, in a map of W / stride pixels u goes to W / stride - 1 - u. The two agree
        if the grid lies symmetrically on its image:

            "index"               1 - 1 / stride
            "centre", "corner"    0

        Published "index" code moves the map by one whole pixel, which leaves the averaged
        peak half an image pixel too far right.
        """
        stride = np.broadcast_to(np.asarray(self.stride, dtype=float), 2)[0]
        return float(1 - 1 / stride) if self.convention == "index" else 0.0

    def _scale_and_shift(self, map_size):
        stride = np.broadcast_to(np.asarray(self.stride, dtype=float), 2)
        if map_size is not None:
            map_size = check_size("map_size", map_size, int(self.convention == "corner"))
        if self.convention == "index":
            return stride, np.zeros(2)
        if self.convention == "centre":
            return stride, (stride - 1) / 2
        if map_size is None:
            raise ValueError('map_size: expected an int or (H, W) for "corner", got None')
        length = np.array(map_size[::-1])  # (x, y)
        scale = (stride * length - 1) / np.maximum(length - 1, 1)
        if not (scale > 0)[length > 1].all():
            raise ValueError(
                f"map_size: expected a map on more than one image pixel for stride {self.stride}, "
                f"got {map_size}"
            )
        return np.where(length > 1, scale, stride), np.zeros(2)


def check_grid(grid):
    """Return ``grid`` if it is a `Grid` or None, or raise ValueError."""
    return None if grid is None else check_kind("grid", grid, Grid)


def _check_range(points, placed):
    """Return ``placed``, or raise ValueError if a finite point has left the range of floats."""
    lost = np.isfinite(points) & ~np.isfinite(placed)
    if lost.any():
        raise ValueError(f"points: expected a place within float64's range, got {points[lost][0]}")
    return placed
