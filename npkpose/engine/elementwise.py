"""What layers do besides convolutions, compiled: passes over pixels and parameters.

Each would take NumPy several calls, over more memory. The twins in `npkpose.reference.engine.elementwise` do
the same in NumPy, and are the shorter reading; layers import either from `npkpose.nn.faster`.
"""

import numpy as np

from npkpose._jit import kernel, summing_kernel


@summing_kernel
def channel_sums(x, total):
    """Write the sums (C,) of x (N, C, L)."""
    for c in range(x.shape[1]):
        total[c] = _channel_sum(x, c)


@summing_kernel
def moments(x, mean, squares):
    """Write the ``mean`` (C,) of x (N, C, L) and the sum of ``squares`` (C,) of x - mean."""
    N, C, L = x.shape
    for c in range(C):
        mean[c] = _channel_sum(x, c) / (N * L)
        middle, total = x.dtype.type(mean[c]), 0.0
        for n in range(N):
            for l in range(L):
                total += (x[n, c, l] - middle) ** 2
        squares[c] = total - N * L * (mean[c] - middle) ** 2


@kernel
def normalise(x, mean, slope, offset, skip, relu, y):
    """Write y = relu(slope (x - mean) + offset + skip), all (N, C, L) or (C,).

    An empty ``skip`` is left out, and the ReLU unless ``relu``.
    """
    N, C, L = x.shape
    for n in range(N):
        for c in range(C):
            pixels, row = x[n, c], y[n, c]
            for l in range(L):
                row[l] = slope[c] * (pixels[l] - mean[c]) + offset[c]
            if skip.size:
                for l in range(L):
                    row[l] += skip[n, c, l]
            if relu:
                for l in range(L):
                    if row[l] < 0:
                        row[l] = 0


@summing_kernel
def gradient_moments(dy, x, mean, total, moment):
    """Write the sums (C,) of dy and of dy (x - mean), for dy and x (N, C, L)."""
    N, C, L = x.shape
    for c in range(C):
        sum_dy = sum_product = 0.0
        for n in range(N):
            for l in range(L):
                sum_dy += dy[n, c, l]
                sum_product += dy[n, c, l] * (x[n, c, l] - mean[c])
        total[c], moment[c] = sum_dy, sum_product


@kernel
def normalise_gradient(dy, x, mean, slope, bend, offset, dx):
    """Write dx = slope dy + bend (x - mean) + offset, all (N, C, L) or (C,)."""
    N, C, L = x.shape
    for n in range(N):
        for c in range(C):
            gradients, pixels, row = dy[n, c], x[n, c], dx[n, c]
            for l in range(L):
                row[l] = slope[c] * gradients[l] + bend[c] * (pixels[l] - mean[c]) + offset[c]


@summing_kernel
def squares(prediction, target, weight, factor, gradient):
    """Write factor weight (prediction - target); return the sum of weight (prediction - target)^2.

    All are flat arrays; an empty ``weight`` is one everywhere.
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
def rectify_gradient(dy, y, dx):
    """Write dx = dy where y is above zero, else 0, for flat arrays."""
    for l in range(y.size):
        dx[l] = dy[l] if y[l] > 0 else 0


@kernel
def adam(p, m, v, g, weight_decay, new1, beta2, new2, lr, eps):
    """Take a step of `npkpose.nn.optim.Adam`, on flat arrays.

    new1 and new2 are 1 - beta1 and 1 - beta2; lr and eps have the corrections of m and v in them.
    """
    for i in range(p.size):
        slope = g[i] + weight_decay * p[i]
        m[i] += new1 * (slope - m[i])
        v[i] = beta2 * v[i] + new2 * slope * slope
        p[i] -= lr * m[i] / (np.sqrt(v[i]) + eps)


@summing_kernel
def _channel_sum(x, c):
    total = 0.0
    for n in range(x.shape[0]):
        for l in range(x.shape[2]):
            total += x[n, c, l]
    return total
