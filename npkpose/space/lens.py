"""Lens distortion: where on the image plane a ray of the pinhole camera really falls.

    x' = x s + p2 r^2,   y' = y s + p1 r^2
    s  = 1 + k1 r^2 + k2 r^4 + k3 r^6 + m (p1 y + p2 x),   r^2 = x^2 + y^2

(x, y) = (X / Z, Y / Z) is the ideal place and (x', y') the real one, both in the plane at depth
1. k bends rays along the radius and p across it, for a lens that is not quite upright: Brown,
"Decentering Distortion of Lenses", Photogrammetric Engineering 1966. The three models in use are
this one formula:

    none     k = p = 0
    opencv   m = 2, which is Brown's: OpenCV's documentation of `projectPoints`, and Panoptic
    h36m     m = 1: the camera of Human3.6M as Martinez et al. fitted it, "A Simple yet Effective
             Baseline for 3d Human Pose Estimation", ICCV 2017, arXiv:1705.03098

No formula undoes it, so `undistort` solves for (x, y) by Newton's method, starting from (x', y').
Far outside the picture the polynomial may turn back, and two rays fall on one place or none does.
Past the turn an eigenvalue of d(x', y') / d(x, y) is negative, and such an answer becomes NaN.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array
from npkpose._jit import kernel

TANGENT_FACTORS = {"none": 0.0, "opencv": 2.0, "h36m": 1.0}  # m of each model

_STEPS = 50  # 6 suffice in any real picture
_TOLERANCE = 1e-12  # in the plane at depth 1: a billionth of a pixel


class Lens(NamedTuple):
    """The numbers of the formula; all 0 for a pinhole."""

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    m: float = 0.0

    @property
    def is_pinhole(self):
        """Whether rays are straight."""
        return not any(self[:5])


def distort(points, lens):
    """Return the real places (..., 2) of ideal ``points`` (..., 2), in the plane at depth 1."""
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
    """Return the ideal places (..., 2) of real ``points`` (..., 2), NaN where there is none."""
    points = check_array("points", points, (..., 2), finite=False)
    if lens.is_pinhole:
        return points.copy()
    ideal = np.empty_like(points)
    numbers = tuple(float(number) for number in lens)
    _undistort(points.reshape(-1, 2), numbers, (_STEPS, _TOLERANCE), ideal.reshape(-1, 2))
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
    bent = np.empty(6)  # x', y' and d(x', y') / d(x, y)
    for n in range(points.shape[0]):
        x, y = points[n, 0], points[n, 1]
        ideal[n] = np.nan
        for _ in range(limits[0]):
            _bend(x, y, lens, bent)
            dx, dy = bent[0] - points[n, 0], bent[1] - points[n, 1]
            determinant = bent[2] * bent[5] - bent[3] * bent[4]
            if max(abs(dx), abs(dy)) <= limits[1]:
                if determinant > 0.0 and bent[2] + bent[5] > 0.0:  # both eigenvalues above 0
                    ideal[n, 0], ideal[n, 1] = x, y
                break
            x -= (dx * bent[5] - dy * bent[3]) / determinant
            y -= (dy * bent[2] - dx * bent[4]) / determinant


@kernel
def _bend(x, y, lens, bent):
    """Fill what `distort` and `distortion_derivative` return: (x', y') and, by rows, the matrix."""
    k1, k2, p1, p2, k3, m = lens
    q = x * x + y * y
    s = 1.0 + q * (k1 + q * (k2 + q * k3)) + m * (p1 * y + p2 * x)
    slope = 2.0 * (k1 + q * (2.0 * k2 + q * 3.0 * k3))
    sx, sy = slope * x + m * p2, slope * y + m * p1
    bent[0], bent[1] = x * s + p2 * q, y * s + p1 * q
    bent[2], bent[3] = s + x * sx + 2.0 * p2 * x, x * sy + 2.0 * p2 * y
    bent[4], bent[5] = y * sx + 2.0 * p1 * x, s + y * sy + 2.0 * p1 * y
