"""Lens distortion: where a ray of the pinhole camera meets the image plane of a real camera.

    x' = x s + p2 r^2 + s1 r^2 + s2 r^4,   y' = y s + p1 r^2 + s3 r^2 + s4 r^4
    s  = a / b + m (p1 y + p2 x),   r^2 = x^2 + y^2
    a  = 1 + k1 r^2 + k2 r^4 + k3 r^6,   b = 1 + k4 r^2 + k5 r^4 + k6 r^6

(x, y) = (X / Z, Y / Z) is the ideal point and (x', y') the distorted one, both in the plane at
depth 1. k distorts along the radius; p is tangential distortion, from a tilted lens: Brown,
"Decentering Distortion of Lenses", Photogrammetric Engineering 1966. s is that of a thin prism.
One formula covers the three models in use:

    none     k = p = s = 0
    opencv   m = 2, which is Brown's: OpenCV's documentation of `projectPoints`, and Panoptic
    h36m     m = 1, b = 1: the camera of Human3.6M as Martinez et al. fitted it, "A Simple yet
             Effective Baseline for 3d Human Pose Estimation", ICCV 2017, arXiv:1705.03098

OpenCV writes 4, 5, 8, 12 or 14 coefficients, k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4 [t1 t2]]]];
those that it leaves out are 0. Departure: t1 and t2, of a tilted sensor, must be 0.

The inverse has no closed form: `undistort` solves for (x, y) by Newton's method from (x', y').
Far outside the image x' may decrease again, so a pixel can have two rays or none.
There an eigenvalue of d(x', y') / d(x, y) is negative; such a solution becomes NaN.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, real_array
from npkpose._jit import helper, kernel

TANGENT_FACTORS = {"none": 0.0, "opencv": 2.0, "h36m": 1.0}  # m of each model

_STEPS = 50  # 6 are enough in any real image
_TOLERANCE = 1e-12  # in the plane at depth 1: a billionth of a pixel


_COUNTS = (0, 4, 5, 8, 12, 14)  # of OpenCV's coefficients


class Lens(NamedTuple):
    """The coefficients of the formula; all 0 for a pinhole camera."""

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    m: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    s3: float = 0.0
    s4: float = 0.0

    @property
    def coefficients(self):
        """The numbers in OpenCV's order: 5, or 12 where others are not 0."""
        more = self[6:]
        return self[:5] + more if any(more) else self[:5]

    @property
    def is_pinhole(self):
        """Whether the lens distorts nothing."""
        return not any(self.coefficients)


def make_lens(name, coefficients, model):
    """Return the `Lens` of 4, 5, 8, 12 or 14 coefficients in OpenCV's order, or of none.

    ``coefficients`` may be a row or a column; ``model`` is one of `TANGENT_FACTORS`, of which
    only "opencv" has more than five. Raises ValueError, naming the argument.
    """
    given = real_array(name, coefficients).ravel()
    if len(given) not in _COUNTS:
        raise ValueError(f"{name}: expected 4, 5, 8, 12 or 14 coefficients, got {len(given)}")
    full = np.zeros(max(_COUNTS))
    full[: len(given)] = check_array(name, given, ("n",))
    if model == "none" and full.any():
        raise ValueError(f'{name}: expected zeros for model "none", got {given}')
    if model == "h36m" and full[5:].any():
        raise ValueError(f'{name}: expected five coefficients for model "h36m", got {given}')
    if full[12:].any():
        raise ValueError(f"{name}: expected no tilted sensor, got {given[12:]} at the end")
    return Lens(*full[:5].tolist(), TANGENT_FACTORS[model], *full[5:12].tolist())


# Far outside any image b may be 0, and powers overflow: there is no pixel then.
_far_outside = np.errstate(divide="ignore", over="ignore", invalid="ignore")


@_far_outside
def distort(points, lens):
    """Return distorted points (..., 2) of ideal ``points`` (..., 2), in the plane at depth 1."""
    x, y, q, s, _ = _terms(points, lens)
    across = x * s + lens.p2 * q + q * (lens.s1 + q * lens.s2)
    return np.stack([across, y * s + lens.p1 * q + q * (lens.s3 + q * lens.s4)], axis=-1)


@_far_outside
def distortion_derivative(points, lens):
    """Return d(x', y') / d(x, y) at ideal ``points`` (..., 2), as matrices (..., 2, 2)."""
    x, y, q, s, slope = _terms(points, lens)
    sx, sy = slope * x + lens.m * lens.p2, slope * y + lens.m * lens.p1  # ds/dx, ds/dy
    u = 2 * lens.p2 + (2 * lens.s1 + q * (4 * lens.s2))  # of terms in r^2 alone: dx'/dx is u x
    v = 2 * lens.p1 + (2 * lens.s3 + q * (4 * lens.s4))
    rows = [[s + x * sx + u * x, x * sy + u * y], [y * sx + v * x, s + y * sy + v * y]]
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
    """Return x, y, q = r^2 and s of the formula, and 2 d(a / b)/dq, each (...)."""
    x, y = points[..., 0], points[..., 1]
    q = x * x + y * y
    b = 1 + q * (lens.k4 + q * (lens.k5 + q * lens.k6))
    slope = lens.k1 + q * (2 * lens.k2 + q * 3 * lens.k3)
    radial = (1 + q * (lens.k1 + q * (lens.k2 + q * lens.k3))) / b
    slope = (slope - radial * (lens.k4 + q * (2 * lens.k5 + q * 3 * lens.k6))) / b
    return x, y, q, radial + lens.m * (lens.p1 * y + lens.p2 * x), 2 * slope


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


@helper
def _distort(x, y, lens, distorted):
    """Fill (x', y'), as `distort`, and by rows the matrix of `distortion_derivative`."""
    k1, k2, p1, p2, k3, m, k4, k5, k6, s1, s2, s3, s4 = lens
    q = x * x + y * y
    b = 1.0 + q * (k4 + q * (k5 + q * k6))
    radial = (1.0 + q * (k1 + q * (k2 + q * k3))) / b
    slope = k1 + q * (2.0 * k2 + q * 3.0 * k3)
    slope = 2.0 * ((slope - radial * (k4 + q * (2.0 * k5 + q * 3.0 * k6))) / b)
    s = radial + m * (p1 * y + p2 * x)
    sx, sy = slope * x + m * p2, slope * y + m * p1
    u, v = 2.0 * p2 + (2.0 * s1 + q * (4.0 * s2)), 2.0 * p1 + (2.0 * s3 + q * (4.0 * s4))
    distorted[0] = x * s + p2 * q + q * (s1 + q * s2)
    distorted[1] = y * s + p1 * q + q * (s3 + q * s4)
    distorted[2], distorted[3] = s + x * sx + u * x, x * sy + u * y
    distorted[4], distorted[5] = y * sx + v * x, s + y * sy + v * y
