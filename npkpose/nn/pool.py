"""Max pooling: the largest value under a sliding window.

    y[n,c,h,w] = max_{i,j} x[n,c, s h + i - p, s w + j - p]

for stride s and padding p, with -infinity outside the image. Its gradient goes to the
pixel that won; of equal pixels, to the first in raster order. Riesenhuber & Poggio,
"Hierarchical Models of Object Recognition in Cortex", Nature Neuroscience 1999.
"""

from functools import reduce

import numpy as np

from npkpose._check import count_windows
from npkpose.nn._shapes import check_gradient, check_images, pair
from npkpose.nn.module import Module
from npkpose.nn.unfold import fold, unfold


class MaxPool2d(Module):
    """Map images (N, C, H, W) to (N, C, Ho, Wo), Ho = floor((H + 2p - k) / s) + 1.

    ``kernel_size``, ``stride`` (default: the kernel size) and ``padding`` (at most half
    the kernel size) are an int or (vertical, horizontal). NaN wins over any number.
    """

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, 1)
        self.padding = pair("padding", padding, 0)
        self.window = self.kernel_size, (1, 1), self.padding, self.stride  # as unfold takes it
        for k, p in zip(self.kernel_size, self.padding):
            if 2 * p > k:  # a window could lie wholly outside the image
                raise ValueError(f"padding: expected at most half of kernel_size {k}, got {p}")

    def forward(self, x):
        """Return the window maxima; keep the index of each winner in its window."""
        x = check_images(x)
        N, C, H, W = x.shape
        if 0 in (H, W):
            raise ValueError(f"x: expected pixels, got an image of ({H}, {W})")
        Ho, Wo = count_windows((H, W), self.window)
        if not self.training:
            return self._maximum(x, (Ho, Wo))
        K = self.kernel_size[0] * self.kernel_size[1]
        columns = unfold(x, *self.window, fill=-np.inf).reshape(N, C, K, Ho * Wo)
        winners = columns.argmax(axis=2)[:, :, None]  # (N, C, 1, L): the first of equals
        self.save_for_backward(winners, (H, W), (N, C, Ho, Wo), x.dtype)
        return np.take_along_axis(columns, winners, axis=2).reshape(N, C, Ho, Wo)

    def backward(self, dy):
        """Return dL/dx: dL/dy at the winners, added up where windows overlap."""
        winners, size, shape, dtype = self.saved()
        dy = check_gradient(dy, shape, dtype)
        N, C, Ho, Wo = shape
        K = self.kernel_size[0] * self.kernel_size[1]
        dcolumns = np.zeros((N, C, K, Ho * Wo), dtype)
        np.put_along_axis(dcolumns, winners, dy.reshape(N, C, 1, Ho * Wo), axis=2)
        return fold(dcolumns.reshape(N, C * K, Ho * Wo), size, *self.window)

    def _maximum(self, x, size):
        """Return the window maxima without unfolding: of rows, then of columns."""
        (kh, kw), _, (ph, pw), (sh, sw) = self.window
        if ph or pw:
            x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
        bottom, right = sh * (size[0] - 1) + 1, sw * (size[1] - 1) + 1
        y = reduce(np.maximum, (x[:, :, i : i + bottom : sh] for i in range(kh)))
        y = reduce(np.maximum, (y[:, :, :, j : j + right : sw] for j in range(kw)))
        return y if y.base is None else y.copy()  # a kernel of one pixel leaves a view of x
