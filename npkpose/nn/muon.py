"""Muon: steps that move a weight matrix by the same length in every direction.

With G the gradient of a weight, written as a matrix of one row for each entry of its first axis:

    M <- M + (1 - momentum) (G - M)
    U = G + momentum (M - G)                                          Nesterov's momentum
    O = A B^T,  where U = A S B^T is U's singular value decomposition
    W <- W - lr (0.2 sqrt(max(rows, columns)) O + weight_decay W)

Gradients of weights are far from balanced: a few directions hold nearly all of their length, and
the others, which SGD and Adam hardly follow, have something to teach too. O is not found by a
decomposition but by a few products, Newton and Schulz' iteration, see `orthogonalise`. The factor
0.2 sqrt(max(rows, columns)) gives O's entries the size that Adam's steps have, so biases and other
vectors, which have no directions to balance, are left to `Adam` with the same learning rate.

Departure: Jordan et al. leave the first and the last layer to Adam too; here every array of two
axes or more is a matrix.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the factor is from
Liu et al., "Muon is Scalable for LLM Training", 2025, arXiv:2502.16982, section 2.2.
"""

import math

import numpy as np

from npkpose._check import check_number
from npkpose.nn._shapes import check_factor
from npkpose.nn.optim import Adam

ITERATIONS = 5
# Of x <- a x + b x^3 + c x^5, which takes singular values from (0, 1] near 1; Jordan et al.'s.
QUINTIC = 3.4445, -4.7750, 2.0315
ADAM_SIZE = 0.2  # root mean square of Adam's steps, in units of lr; Liu et al.


class Muon(Adam):
    """Muon for arrays of two axes or more, Adam for vectors.

    Parameters
    ----------
    module : nn.Module
    lr : float
    momentum : float, below 1
    betas, eps
        Of the vectors' Adam.
    weight_decay : float
        Of matrices, and decoupled: it is not part of the gradient. Vectors have none.
    """

    # One argument more than six: three of them are Adam's, for the vectors.
    def __init__(
        self, module, lr=1e-2, momentum=0.95, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.0
    ):
        self.momentum = check_number("momentum", momentum, at_least=0.0)
        if self.momentum >= 1.0:
            raise ValueError(f"momentum: expected less than 1, got {momentum}")
        super().__init__(module, lr, betas, eps)  # whose weight_decay is 0: that of vectors
        self.matrix_decay = check_factor("weight_decay", weight_decay, at_least=0.0)
        for name, p in module.named_parameters():
            if p.ndim >= 2:
                self.averages["v"][name] = np.empty(0, p.dtype)  # matrices have no second moment

    def _update(self, p, g, m, v):
        if p.ndim < 2:
            super()._update(p, g, m, v)
            return
        lr = float(self.lr)
        m += (1 - self.momentum) * (g - m)
        direction = orthogonalise((g + self.momentum * (m - g)).reshape(len(p), -1))
        p *= 1 - lr * self.matrix_decay
        p -= lr * ADAM_SIZE * math.sqrt(max(direction.shape)) * direction.reshape(p.shape)


def orthogonalise(matrix):
    """Return about A B^T of ``matrix`` = A S B^T: the same singular vectors, values near 1.

    The polynomial lifts small values fast and then lets them swing between 0.7 and 1.2, which is
    near enough for a direction. Values below a thousandth of the matrix's length stay below one
    half. A matrix of zeros returns zeros.
    """
    a, b, c = QUINTIC
    x = matrix / (np.linalg.norm(matrix) + 1e-7)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(ITERATIONS):
        square = wide @ wide.T  # the smaller of the two
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if wide.shape == x.shape else wide.T
