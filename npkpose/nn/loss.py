"""Weighted mean squared error, the loss of heatmap regression.

    L = (1 / E) sum_e weight[e] (prediction[e] - target[e])^2
    dL/dprediction[e] = (2 / E) weight[e] (prediction[e] - target[e])

over all E elements. Tompson et al., "Joint Training of a Convolutional Network and a
Graphical Model for Human Pose Estimation", NIPS 2014, arXiv:1406.2984.
"""

import math

import numpy as np

from npkpose._check import check_array
from npkpose.nn._shapes import FLOATS

BLOCK = 4096  # squares that are summed in the precision of the prediction


def mse_loss(prediction, target, weight=None):
    """Return the loss and its gradient with respect to ``prediction``.

    Parameters
    ----------
    prediction, target : array_like of one shape
    weight : array_like, optional
        Broadcasts to that shape: visibility (N, K, 1, 1), say. Default 1.

    Returns
    -------
    loss : float
        Sums of a few thousand squares each are added in float64. Zero for empty arrays.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``prediction``

    Raises
    ------
    ValueError
        Shapes that differ, or a weight that does not broadcast.
    """
    prediction = check_array("prediction", prediction, (...,), FLOATS, finite=False)
    dtype = prediction.dtype
    target = check_array("target", target, prediction.shape, dtype, finite=False)
    gradient = difference = np.asarray(prediction - target)
    if weight is not None:
        weight = check_array("weight", weight, (...,), dtype, finite=False)
        gradient = difference * _broadcast(weight, prediction.shape)
    count = max(prediction.size, 1)
    flat = difference.ravel(), gradient.ravel()
    blocks = (slice(i, i + BLOCK) for i in range(0, prediction.size, BLOCK))
    loss = math.fsum(float(np.vdot(*(a[block] for a in flat))) for block in blocks) / count
    gradient *= 2.0 / count
    return loss, gradient


def _broadcast(weight, shape):
    try:
        return np.broadcast_to(weight, shape)
    except ValueError:
        raise ValueError(
            f"weight: expected a shape that broadcasts to {shape}, got {weight.shape}"
        ) from None
