"""NumPy twins of `npkpose.engine.elementwise`."""

import numpy as np


def moments(x, mean, squares):
    """Twin of `npkpose.engine.elementwise.moments`."""
    mean[...] = x.mean(axis=(0, 2), dtype=np.float64)
    squares[...] = np.square(x - mean[:, None]).sum(axis=(0, 2))


def normalise(x, mean, slope, offset, skip, relu, y):
    """Twin of `npkpose.engine.elementwise.normalise`."""
    y[...] = slope[:, None] * (x - mean[:, None]) + offset[:, None]
    if skip.size:
        y += skip
    if relu:
        np.maximum(y, 0, out=y)


def gradient_moments(dy, x, mean, total, moment):
    """Twin of `npkpose.engine.elementwise.gradient_moments`."""
    total[...] = dy.sum(axis=(0, 2), dtype=np.float64)
    moment[...] = (dy * (x - mean[:, None])).sum(axis=(0, 2), dtype=np.float64)


def normalise_gradient(dy, x, mean, slope, bend, offset, dx):
    """Twin of `npkpose.engine.elementwise.normalise_gradient`."""
    slope, bend, offset = (a[:, None] for a in (slope, bend, offset))
    dx[...] = slope * dy + bend * (x - mean[:, None]) + offset


def channel_sums(x, total):
    """Twin of `npkpose.engine.elementwise.channel_sums`."""
    total[...] = x.sum(axis=(0, 2), dtype=np.float64)


def squares(prediction, target, weight, factor, gradient):
    """Twin of `npkpose.engine.elementwise.squares`."""
    difference = prediction - target
    weighted = weight * difference if weight.size else difference
    gradient[...] = factor * weighted
    return float(np.dot(weighted.astype(np.float64), difference))


def rectify_gradient(dy, y, dx):
    """Twin of `npkpose.engine.elementwise.rectify_gradient`."""
    dx[...] = np.where(y > 0, dy, 0)


def adam(p, m, v, g, weight_decay, new1, beta2, new2, lr, eps):
    """Twin of `npkpose.engine.elementwise.adam`."""
    g = g + weight_decay * p
    m += new1 * (g - m)
    v[...] = beta2 * v + new2 * g * g
    p -= lr * m / (np.sqrt(v) + eps)
