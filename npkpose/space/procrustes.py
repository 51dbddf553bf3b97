"""Procrustes alignment: the similarity that maps one set of points best onto another.

    minimise over s, R, t:   sum_k w_k |s R p_k + t - q_k|^2

With means p', q' and C = sum_k w_k (q_k - q') (p_k - p')^T = U S V^T the answer is

    R = U D V^T,   s = tr(S D) / sum_k w_k |p_k - p'|^2,   t = q' - s R p'

where D = diag(1, 1, det(U V^T)) keeps R a rotation: without D a mirrored pose would fit its
original perfectly. Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two
Point Patterns", TPAMI 1991.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_flag


class Similarity(NamedTuple):
    """x -> s R x + t, one for each set of points."""

    scale: np.ndarray  # (...)
    R: np.ndarray  # (..., 3, 3)
    t: np.ndarray  # (..., 3)

    def apply(self, points):
        """Return s R x + t of ``points`` (..., K, 3)."""
        points = check_array("points", points, (..., "K", 3), finite=False)
        with np.errstate(over="ignore", invalid="ignore"):  # of what is not finite
            rotated = points @ np.swapaxes(self.R, -1, -2)
            return self.scale[..., None, None] * rotated + self.t[..., None, :]


def procrustes(points, targets, scale=True, weights=None):
    """Return the `Similarity` that maps ``points`` best onto ``targets``.

    Parameters
    ----------
    points, targets : array_like, shape (..., K, 3)
        NaN where missing; a point missing from either is ignored.
    scale : bool
        False fixes s at 1: a rigid motion.
    weights : array_like, shape (..., K), optional
        At least 0. Default: 1.

    Returns
    -------
    similarity : Similarity
        NaN for a set without common points. If all points coincide, s is 1. If all lie on a line,
        every rotation about it fits equally well, and one of them is returned.

    Raises
    ------
    ValueError
        Wrong shape, infinity, a negative weight, or sizes whose ratio is not in float64's range.
    """
    points = check_array("points", points, (..., "K", 3), finite=False)
    targets = check_array("targets", targets, points.shape, finite=False)
    for name, array in (("points", points), ("targets", targets)):
        if np.isinf(array).any():
            raise ValueError(f"{name}: expected finite values or NaN, got infinity")
    check_flag("scale", scale)
    weights = np.ones(points.shape[:-1]) if weights is None else weights
    weights = check_array("weights", weights, points.shape[:-1])
    if (weights < 0).any():
        raise ValueError(f"weights: expected at least 0, got {weights.min():g}")
    present = ~np.isnan(points + targets).any(axis=-1)
    weights = np.where(present, weights, 0.0)[..., None]
    p, q = (np.where(present[..., None], array, 0.0) for array in (points, targets))
    return _umeyama(p, q, weights, scale)


def _umeyama(p, q, weights, with_scale):
    """Return the `Similarity` of points p, q (..., K, 3) with weights (..., K, 1).

    All three are divided by powers of 2 that bring them near 1, which changes no bit of the
    result, so that no product overflows or vanishes.
    """
    (p, p_power), (q, q_power), (weights, _) = map(_normalise, (p, q, weights))
    total = weights.sum(axis=-2)  # (..., 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p_mean, q_mean = (weights * p).sum(axis=-2) / total, (weights * q).sum(axis=-2) / total
    p, q = p - np.nan_to_num(p_mean)[..., None, :], q - np.nan_to_num(q_mean)[..., None, :]
    R, trace = _rotation(np.swapaxes(weights * q, -1, -2) @ p)
    R = np.where(total[..., None] > 0, R, np.nan)
    spread = (weights * p * p).sum(axis=(-1, -2))
    fits = (spread > 0) & with_scale
    s = np.where(fits, trace / np.where(spread > 0, spread, 1.0), 1.0)
    s = np.where(total[..., 0] > 0, s, np.nan)
    power = np.where(fits, q_power - p_power, 0)
    moved = s[..., None] * (R @ p_mean[..., None])[..., 0]
    t, t_power = _subtract(q_mean, q_power, moved, p_power + power)
    return _check_range(Similarity(s, R, t), power, t_power)


def _rotation(C):
    """Return R and tr(S D) of C (..., 3, 3)."""
    U, S, Vt = np.linalg.svd(C)
    D = np.ones_like(S)
    D[..., 2] = np.sign(np.linalg.det(U @ Vt))
    return (U * D[..., None, :]) @ Vt, (S * D).sum(axis=-1)


def _subtract(a, a_power, b, b_power):
    """Return c and its power: c 2^power = a 2^a_power - b 2^b_power, for vectors (..., 3)."""
    power = np.maximum(a_power, b_power)
    a, b = np.ldexp(a, (a_power - power)[..., None]), np.ldexp(b, (b_power - power)[..., None])
    return a - b, power


def _check_range(fit, power, t_power):
    """Return ``fit`` with its scale times 2^power and t times 2^t_power, or raise ValueError."""
    with np.errstate(over="ignore", under="ignore"):
        scale, t = np.ldexp(fit.scale, power), np.ldexp(fit.t, t_power[..., None])
    if (np.isinf(scale) | (scale == 0) & (fit.scale != 0)).any() or np.isinf(t).any():
        raise ValueError("targets: expected a size that the points can be scaled to, in float64")
    return Similarity(scale, fit.R, t)


def _normalise(array):
    """Return ``array`` (..., K, C) over a power of 2 that brings its largest near 1, and that."""
    largest = abs(array).max(axis=(-1, -2), initial=0.0)
    power = np.frexp(largest)[1]
    return np.ldexp(array, -power[..., None, None]), power
