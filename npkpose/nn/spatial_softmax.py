"""Maps that say where one thing is: shares of certainty that add up to the same on every map.

    h[n,k,p] = 2 pi sigma^2 exp(z[n,k,p]) / sum_q exp(z[n,k,q])

over the pixels p of map k. The factor is what the pixels of a Gaussian of standard deviation
sigma and height 1 add up to: a network as sure as its target gives that Gaussian, and one that
wavers between places gives lower peaks, so a peak's height remains a score. Made for crops of
one person; where a keypoint may be there twice or not at all, shares are the wrong question.

Nibali et al., "Numerical Coordinate Regression with Convolutional Neural Networks", 2018,
arXiv:1801.07372, section 3.1.
"""

import math

from npkpose._check import check_number
from npkpose.nn.module import Module
from npkpose.nn.softmax import Softmax


class SpatialSoftmax(Module):
    """Map (N, K, H, W) to heatmaps of that shape, positive, each of sum 2 pi ``sigma``^2."""

    def __init__(self, sigma):
        super().__init__()
        self.total = 2 * math.pi * check_number("sigma", sigma, above=0.0) ** 2
        self.softmax = Softmax(-1)

    def forward(self, x):
        """Return the heatmaps; the softmax keeps its output."""
        N, K, H, W = x.shape
        shares = self.softmax(x.reshape(N, K, H * W))
        return (self.total * shares).reshape(N, K, H, W)

    def backward(self, dy):
        """Given dL/dy, return dL/dx."""
        N, K, H, W = dy.shape
        return self.softmax.backward(self.total * dy.reshape(N, K, H * W)).reshape(N, K, H, W)
