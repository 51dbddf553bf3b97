"""Smooth L1, a loss of regression that a few large errors do not dominate.

    L = 1/E sum_e weight[e] f(d_e),    d = prediction - target
    f(d) = d^2 / 2 if |d| < 1, else |d| - 1/2
    dL/dprediction[e] = 1/E weight[e] min(max(d_e, -1), 1)

over all E elements: the square of small errors, the absolute value of large ones. Girshick, "Fast
R-CNN", ICCV 2015, arXiv:1504.08083; it is Huber's function (1964) of width 1.
"""

import numpy as np

from npkpose._check import check_array, check_weight
from npkpose.nn._shapes import FLOATS


def smooth_l1_loss(prediction, target, weight=None):
    """Return the loss and its gradient with respect to ``prediction``.

    Parameters
    ----------
    prediction, target : array_like of one shape
    weight : array_like, optional
        Broadcasts to that shape. Default 1.

    Returns
    -------
    loss : float
        Added up in float64. Zero for empty arrays.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``prediction``

    Raises
    ------
    ValueError
        Shapes that differ, a weight that does not broadcast, NaN or infinity.
    """
    prediction = check_array("prediction", prediction, (...,), FLOATS)
    dtype, E = prediction.dtype, max(prediction.size, 1)
    target = check_array("target", target, prediction.shape, dtype)
    weight = check_weight("weight", 1 if weight is None else weight, prediction.shape, dtype)
    d = prediction - target
    slope = d.clip(-1, 1)
    loss = (weight * slope * (d - slope / 2)).sum(dtype=np.float64) / E  # d^2 / 2, or |d| - 1 / 2
    return float(loss), dtype.type(1 / E) * weight * slope
