"""The squared error and Adam, in one pass over memory each.

They would take NumPy several passes over memory. The plain versions are the functions of the same
names in `npkpose.nn`.
"""

import math

import numpy as np

from npkpose._jit import kernel, summing_kernel
from npkpose.engine.threads import run_all

MIN_PARALLEL = 2**17  # numbers below which a second thread costs more than it gives
_NOTHING = {dtype: np.empty(0, dtype) for dtype in (np.dtype("f4"), np.dtype("f8"))}


def squared_error(prediction, target, weight):
    """Return the mean of weight (prediction - target)^2 and its gradient; a weight may be None."""
    dtype, count = prediction.dtype, max(prediction.size, 1)
    gradient = np.empty(prediction.shape, dtype)
    weight = _NOTHING[dtype] if weight is None else np.ascontiguousarray(weight).reshape(-1)
    flat = prediction.reshape(-1), target.reshape(-1), weight, dtype.type(2 / count)
    return float(_squares(*flat, gradient.reshape(-1))) / count, gradient


# More arguments than six: the formula has them.
def adam_step(p, m, v, g, step, lr, betas, eps, weight_decay):
    """Take step ``step`` of Adam in place: ``p``, its averages ``m`` and ``v``, its gradient g.

    With the corrections of both averages moved into lr and eps,
    m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) has one division.
    """
    if not p.shape == m.shape == v.shape == g.shape:
        raise ValueError(f"averages: expected shape {p.shape}, got {m.shape} and {v.shape}")
    beta1, beta2 = betas
    bias1, bias2 = 1 - beta1**step, math.sqrt(1 - beta2**step)
    numbers = weight_decay, 1 - beta1, beta2, 1 - beta2, lr * bias2 / bias1, eps * bias2
    flat = [np.ascontiguousarray(a, p.dtype).reshape(-1) for a in (p, m, v, g)]
    _adam(*flat, *map(p.dtype.type, numbers))
    for array, new in zip((p, m, v), flat):
        if not array.flags.c_contiguous:
            array[...] = new.reshape(array.shape)


def run_elementwise(functions, numbers):
    """Call functions that update ``numbers`` numbers in all, on all threads if there are many."""
    if numbers >= MIN_PARALLEL:
        run_all(functions)
    else:
        for function in functions:
            function()


@summing_kernel
def _squares(prediction, target, weight, factor, gradient):
    """Write factor weight (prediction - target); return the sum of weight (prediction - target)^2.

    An empty ``weight`` is one everywhere.
    """
    total = 0.0
    if weight.size:
        for l in range(prediction.size):
            difference = prediction[l] - target[l]
            total += weight[l] * difference * difference
            gradient[l] = factor * weight[l] * difference
    else:
        for l in range(prediction.size):
            difference = prediction[l] - target[l]
            total += difference * difference
            gradient[l] = factor * difference
    return total


@kernel
def _adam(p, m, v, g, weight_decay, new1, beta2, new2, lr, eps):
    """new1 and new2 are 1 - beta1 and 1 - beta2; lr and eps have the corrections in them."""
    for i in range(p.size):
        slope = g[i] + weight_decay * p[i]
        m[i] += new1 * (slope - m[i])
        v[i] = beta2 * v[i] + new2 * slope * slope
        p[i] -= lr * m[i] / (np.sqrt(v[i]) + eps)
