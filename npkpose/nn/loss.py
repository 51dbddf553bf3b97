"""Weighted mean squared error, the loss of heatmap regression.

    L = (1 / E) sum_e weight[e] (prediction[e] - target[e])^2
    dL/dprediction[e] = (2 / E) weight[e] (prediction[e] - target[e])

over all E elements. Tompson et al., "Joint Training of a Convolutional Network and a
Graphical Model for Human Pose Estimation", NIPS 2014, arXiv:1406.2984.
"""

import numpy as np

from npkpose import engine
from npkpose._check import check_array, check_weight
from npkpose.nn._shapes import FLOATS
from npkpose.nn.faster import faster


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
        Added up in float64. Zero for empty arrays.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``prediction``

    Raises
    ------
    ValueError
        Shapes that differ, or a weight that does not broadcast.
    """
    prediction = check_array("prediction", prediction, (...,), FLOATS, finite=False)
    dtype = prediction.dtype
    target = check_array("target", target, prediction.shape, dtype, finite=False)
    if weight is not None:
        weight = check_weight("weight", weight, prediction.shape, dtype, finite=False)
    return squared_error(prediction, target, weight)


@faster(engine.squared_error)
def squared_error(prediction, target, weight):
    """Return the mean of weight (prediction - target)^2 and its gradient; a weight may be None."""
    difference = prediction - target
    weighted = difference if weight is None else weight * difference
    E = max(prediction.size, 1)
    loss = (weighted * difference).sum(dtype=np.float64) / E
    return float(loss), prediction.dtype.type(2 / E) * weighted
