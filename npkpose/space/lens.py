"""Lens distortion: where a ray of the pinhole camera meets the image plane of a real camera.

    x' = x s + p2 r^2,   y' = y s + p1 r^2
    s  = 1 + k1 r^2 + k2 r^4 + k3 r^6 + m (p1 y + p2 x),   r^2 = x^2 + y^2

(x, y) = (X / Z, Y / Z) is the ideal point and (x', y') the distorted one, both in the plane at
depth 1. k distorts along the radius; p is tangential distortion, from a tilted lens: Brown,
"Decentering Distortion of Lenses", Photogrammetric Engineering 1966. One formula covers the three
models in use:

    none     k = p = 0
    opencv   m = 2, which is Brown's: OpenCV's documentation of `projectPoints`, and Panoptic
    h36m     m = 1: the camera of Human3.6M as Martinez et al. fitted it, "A Simple yet Effective
             Baseline for 3d Human Pose Estimation", ICCV 2017, arXiv:1705.03098

The inverse has no closed form: `undistort` solves for (x, y) by Newton's method from (x', y').
Far outside the image the polynomial may decrease again, so a pixel can have two rays or none.
There an eigenvalue of d(x', y') / d(x, y) is negative; such a solution becomes NaN.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array
from npkpose._jit import kernel

TANGENT_FACTORS = {"none": 0.0, "opencv": 2.0, "h36m": 1.0}  # m of each model

_STEPS = 50  # 6 are enough in any real image
_TOLERANCE = 1e-12  # in the plane at depth 1: a billionth of a pixel


class Lens(NamedTuple):
    """The coefficients of the formula; all 0 for a pinhole camera."""

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    m: float = 0.0

    @property
    def is_pinhole(self):
        """Whether the lens distorts nothing."""
        return not any(self[:5])


def distort(points, lens):
    """Return distorted points (..., 2) of ideal ``points`` (..., 2), in the plane at depth 1."""
    x, y, squared, s = _terms(points, lens)
    return np.stack([x * s + lens.p2 * squared, y * s + lens.p1 * squared], axis=-1)


def distortion_derivative(points, lens):
    """Return d(x', y') / d(x, y) at ideal ``points`` (..., 2), as matrices (..., 2, 2)."""
    x, y, squared, s = _terms(points, lens)
    slope = 2 * (lens.k1 + squared * (2 * lens.k2 + squared * 3 * lens.k3))
    sx, sy = slope * x + lens.m * lens.p2, slope * y + lens.m * lens.p1  # ds/dx, ds/dy
    rows = [
        [s + x * sx + 2 * lens.p2 * x, x * sy + 2 * lens.p2 * y],
        [y * sx + 2 * lens.p1 * x, s + y * sy + 2 * lens.p1 * y],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def undistort(points, lens):
    """Return ideal points (..., 2) of distorted ``points`` (..., 2), NaN where none exists."""
    points = check_array("points", points, (..., 2), finite=False)
    if lens.is_pinhole:
        return points.copy()
    ideal = np.empty_like(points)
    coefficients = tuple(float(number) for number in lens)
    _undistort(points.reshape(-1, 2), coefficients, (_STEPS, _TOLERANCE), ideal.reshape(-1, 2))
    return ideal


def _terms(points, lens):
    """Return x, y, r^2 and s of the formula, each (...)."""
    x, y = points[..., 0], points[..., 1]
    squared = x * x + y * y
    radial = 1 + squared * (lens.k1 + squared * (lens.k2 + squared * lens.k3))
    return x, y, squared, radial + lens.m * (lens.p1 * y + lens.p2 * x)


@kernel
def _undistort(points, lens, limits, ideal):
    """Fill ``ideal`` (M, 2)."""
    distorted = np.empty(6)  # x', y' and d(x', y') / d(x, y)
    for n in range(points.shape[0]):
        x, y = points[n, 0], points[n, 1]
        ideal[n] = np.nan
        for _ in range(limits[0]):
            _distort(x, y, lens, distorted)
            dx, dy = distorted[0] - points[n, 0], distorted[1] - points[n, 1]
            a, b, c, d = distorted[2], distorted[3], distorted[4], distorted[5]
            determinant = a * d - b * c
            if max(abs(dx), abs(dy)) <= limits[1]:
                if determinant > 0.0 and a + d > 0.0:  # both eigenvalues above 0
                    ideal[n, 0], ideal[n, 1] = x, y
                break
            x -= (dx * d - dy * b) / determinant
            y -= (dy * a - dx * c) / determinant


@kernel
def _distort(x, y, lens, distorted):
    """Fill (x', y'), as `distort`, and by rows the matrix of `distortion_derivative`."""
    k1, k2, p1, p2, k3, m = lens
    q = x * x + y * y
    s = 1.0 + q * (k1 + q * (k2 + q * k3)) + m * (p1 * y + p2 * x)
    slope = 2.0 * (k1 + q * (2.0 * k2 + q * 3.0 * k3))
    sx, sy = slope * x + m * p2, slope * y + m * p1
    distorted[0], distorted[1] = x * s + p2 * q, y * s + p1 * q
    distorted[2], distorted[3] = s + x * sx + 2.0 * p2 * x, x * sy + 2.0 * p2 * y
    distorted[4], distorted[5] = y * sx + 2.0 * p1 * x, s + y * sy + 2.0 * p1 * y
