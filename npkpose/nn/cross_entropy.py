"""Cross entropy, the loss of classification: how surprising the true classes are.

    p_c = exp(x_c) / sum_d exp(x_d)                        the scores' softmax
    L = -1/E sum_e log p_c(e)                              c(e) is the true class at position e
    dL/dx_ec = (p_ec - [c = c(e)]) / E

over the E positions with a class. A position is an item, or a pixel. log p_c is computed as
x_c - m - log sum_d exp(x_d - m), m = max_d x_d, so that no exp overflows. Bridle, "Probabilistic
Interpretation of Feedforward Classification Network Outputs", 1990.
"""

import numpy as np

from npkpose._check import check_array
from npkpose.nn._shapes import FLOATS

IGNORED = -1  # the class of a position that does not count


def cross_entropy_loss(scores, classes):
    """Return the loss and its gradient with respect to ``scores``.

    Parameters
    ----------
    scores : array_like, shape (N, C, ...)
        Of each class, before the softmax.
    classes : array_like of int, shape (N, ...)
        In [0, C), or -1: ignored.

    Returns
    -------
    loss : float
        In nats, added up in float64. Zero if there is no position, or all are ignored.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``scores``

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, or a class that is no integer from -1 to C - 1.
    """
    scores = check_array("scores", scores, (...,), FLOATS)
    if scores.ndim < 2:
        raise ValueError(f"scores: expected shape (N, C, ...), got {scores.shape}")
    classes = _check_classes(classes, scores.shape)[:, None]  # (N, 1, ...)
    counted = classes != IGNORED
    E, target = max(int(counted.sum()), 1), np.where(counted, classes, 0)
    if scores.shape[1] == 0:
        return 0.0, np.zeros_like(scores)
    log_p = _log_softmax(scores)
    surprise = np.where(counted, -np.take_along_axis(log_p, target, axis=1), 0)
    gradient = np.exp(log_p)
    at_target = np.take_along_axis(gradient, target, axis=1) - 1
    np.put_along_axis(gradient, target, at_target, axis=1)
    gradient *= counted * scores.dtype.type(1 / E)
    return float(surprise.sum(dtype=np.float64) / E), gradient


def _log_softmax(scores):
    """Return the logarithms (N, C, ...) of the softmax over axis 1."""
    with np.errstate(over="ignore"):  # to minus infinity, whose exp is 0
        below = scores - scores.max(axis=1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=1, keepdims=True))


def _check_classes(classes, shape):
    """Return ``classes`` as int64 (N, ...), each in [-1, C)."""
    N, C, *rest = shape
    classes = check_array("classes", classes, (N, *rest))
    wrong = (classes < IGNORED) | (classes >= C) | (classes != np.floor(classes))
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"classes[{', '.join(map(str, index))}]: expected an integer in [-1, {C}), "
            f"got {classes[index]:g}"
        )
    return classes.astype(np.int64)
