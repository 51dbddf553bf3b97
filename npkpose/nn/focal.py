"""Penalty-reduced focal loss: a map of rare centres, where pixels near a centre cost less.

With p = 1 / (1 + exp(-x)) of a score x, and the target y in [0, 1]:

    L = -1/N sum_e weight[e] ( (1 - p)^a log p               if y = 1
                               (1 - y)^b p^a log(1 - p)      otherwise )

N is the number of elements with y = 1, at least 1. Scores that are right already cost little, by
(1 - p)^a and p^a; otherwise the many pixels without a centre would hide the few with one. Pixels
near a centre, where y is high, are almost free. The gradient:

    dL/dx[e] = weight[e] / N ( (1 - p)^a (a p log p - (1 - p))               if y = 1
                               (1 - y)^b p^a (p - a (1 - p) log(1 - p))      otherwise )

Zhou, Wang and Kraehenbuehl, "Objects as Points", 2019, arXiv:1904.07850, equation 1, with a = 2
and b = 4; from Law and Deng, "CornerNet", ECCV 2018, arXiv:1808.01244, after the focal loss of Lin
et al., ICCV 2017, arXiv:1708.02002. Departure: the logarithms are computed from x and are exact,
where published code first limits p to [1e-4, 1 - 1e-4].
"""

import numpy as np

from npkpose._check import check_array, check_number, check_weight
from npkpose.nn._shapes import FLOATS

LARGEST = 1e30  # of a score


def focal_loss(scores, target, weight=None, *, alpha=2.0, beta=4.0):
    """Return the loss and its gradient with respect to ``scores``.

    Parameters
    ----------
    scores : array_like
        x, before the sigmoid; at most 1e30 in size.
    target : array_like of that shape
        y: 1 at the centres, below 1 elsewhere.
    weight : array_like, optional
        Broadcasts to that shape. Default 1.
    alpha, beta : float
        a and b, at least 1 and at least 0.

    Returns
    -------
    loss : float
        Added up in float64. Zero for empty arrays.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``scores``

    Raises
    ------
    ValueError
        Shapes that differ, a weight that does not broadcast, NaN or infinity, or a target outside
        [0, 1].
    """
    scores = check_array("scores", scores, (...,), FLOATS, largest=LARGEST)
    dtype = scores.dtype.type
    target = check_array("target", target, scores.shape, scores.dtype)
    if ((target < 0) | (target > 1)).any():
        raise ValueError(f"target: expected 0 to 1, got {target.min():g} to {target.max():g}")
    weight = check_weight("weight", 1 if weight is None else weight, scores.shape, scores.dtype)
    a = check_number("alpha", alpha, at_least=1.0, at_most=100.0)
    b = check_number("beta", beta, at_least=0.0, at_most=100.0)
    is_centre = target == 1
    log_p, log_q = -_softplus(-scores), -_softplus(scores)  # q = 1 - p
    p, q = np.exp(log_p), np.exp(log_q)
    far = (1 - target) ** dtype(b)
    terms = np.where(is_centre, -(q**a) * log_p, -far * p**a * log_q)
    slopes = np.where(is_centre, q**a * (a * p * log_p - q), far * p**a * (p - a * q * log_q))
    scale = weight / dtype(max(int(is_centre.sum()), 1))
    return float((scale * terms).sum(dtype=np.float64)), (scale * slopes).astype(dtype, copy=False)


def _softplus(x):
    """Return log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
