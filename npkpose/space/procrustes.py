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

from npkpose._check import check_array


class Similarity(NamedTuple):
    """x -> s R x + t, one for each set of points."""

    scale: np.ndarray  # (...)
    R: np.ndarray  # (..., 3, 3)
    t: np.ndarray  # (..., 3)

    def apply(self, points):
        """Return s R x + t of ``points`` (..., K, 3)."""
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
        Wrong shape, infinity, or a negative weight.
    """
    points = check_array("points", points, (..., "K", 3), finite=False)
    targets = check_array("targets", targets, points.shape, finite=False)
    for name, array in (("points", points), ("targets", targets)):
        if np.isinf(array).any():
            raise ValueError(f"{name}: expected finite values or NaN, got infinity")
    weights = np.ones(points.shape[:-1]) if weights is None else weights
    weights = check_array("weights", weights, points.shape[:-1])
    if (weights < 0).any():
        raise ValueError(f"weights: expected at least 0, got {weights.min():g}")
    present = ~np.isnan(points + targets).any(axis=-1)
    weights = np.where(present, weights, 0.0)[..., None]
    p, q = (np.where(present[..., None], array, 0.0) for array in (points, targets))
    return _umeyama(p, q, weights, scale)


def _umeyama(p, q, weights, with_scale):
    total = weights.sum(axis=-2)  # (..., 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p_mean, q_mean = (weights * p).sum(axis=-2) / total, (weights * q).sum(axis=-2) / total
    p, q = p - np.nan_to_num(p_mean)[..., None, :], q - np.nan_to_num(q_mean)[..., None, :]
    C = np.swapaxes(weights * q, -1, -2) @ p  # (..., 3, 3)
    U, S, Vt = np.linalg.svd(C)
    D = np.ones_like(S)
    D[..., 2] = np.sign(np.linalg.det(U @ Vt))
    R = (U * D[..., None, :]) @ Vt
    spread = (weights * p * p).sum(axis=(-1, -2))
    fits = (spread > 0) & bool(with_scale)
    s = np.where(fits, (S * D).sum(axis=-1) / np.where(spread > 0, spread, 1.0), 1.0)
    s = np.where(total[..., 0] > 0, s, np.nan)
    R = np.where(total[..., None] > 0, R, np.nan)
    return Similarity(s, R, q_mean - s[..., None] * (R @ p_mean[..., None])[..., 0])
