"""Batch normalisation, with a choice of statistics.

    z = (x - mean) / sqrt(var + eps),    y = weight z + bias       (per channel)

Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
Internal Covariate Shift", ICML 2015, arXiv:1502.03167. mean and var (biased) are over

    "batch"    the pixels of all images: each x moves them, so with g = weight dL/dy
               dL/dx = (g - mean(g) - z mean(g z)) / sqrt(var + eps);
               a batch in shares (`npkpose.training.data_parallel`) is one batch
    "image"    the pixels of each image by itself, with the same gradient: what a
               TensorFlow graph frozen with is_training=True computes at batch 1
    "running"  constants, a running average over past batches: dL/dx = g / sqrt(var + eps),
               and y is a straight line over x (`BatchNorm2d.line`)

"auto" is "batch" while training and "running" in evaluation, as PyTorch does. Batch
statistics computed while training update the running ones, r <- (1 - m) r + m s, where
s is the mean or, as in PyTorch, the *unbiased* variance, and m is the momentum.
"""

import numpy as np

from npkpose._check import check_choice, check_integer, check_number
from npkpose.engine.threads import everyones, this_share
from npkpose.nn._shapes import check_gradient, check_images
from npkpose.nn.activation import ReLU
from npkpose.nn.faster import gradient_moments, moments, normalise, normalise_gradient
from npkpose.nn.module import Module


class BatchNorm2d(Module):
    """Normalise each channel of images (N, C, H, W).

    ``params`` holds ``"weight"`` and ``"bias"`` (C,) if ``affine``; ``buffers`` holds
    ``"running_mean"``, ``"running_var"`` (C,) and ``"num_batches_tracked"`` if
    ``track_running_stats``. Without running statistics "auto" is always "batch".
    """

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True,
        *, statistics="auto",
    ):
        super().__init__()
        self.num_features = C = check_integer("num_features", num_features, 1)
        self.eps = check_number("eps", eps, at_least=0.0)
        self.momentum = check_number("momentum", momentum, at_least=0.0)
        self.statistics = check_choice(
            "statistics", statistics, ("auto", "running", "batch", "image")
        )
        if statistics == "running" and not track_running_stats:
            raise ValueError('statistics: expected track_running_stats for "running", got none')
        if affine:
            self.params["weight"] = np.ones(C, np.float32)
            self.params["bias"] = np.zeros(C, np.float32)
        if track_running_stats:
            self.buffers["running_mean"] = np.zeros(C, np.float32)
            self.buffers["running_var"] = np.ones(C, np.float32)
            self.buffers["num_batches_tracked"] = np.zeros((), np.int64)

    def forward(self, x):
        """Return normalised ``x``; keep it and its statistics, which the gradients need."""
        return self.forward_with(x, ())[0]

    def forward_with(self, x, followers, skip=None):
        """Return normalised ``x`` with what follows it, and how many followers that are.

        That is a `ReLU`, to whose input ``skip``, if given, is added where it comes last: see
        `npkpose.nn.fuse`.
        """
        x = check_images(x, self.num_features)
        relu = followers[0] if followers and type(followers[0]) is ReLU else None
        mode = self._mode()
        rows = self._rows(x, mode)
        added = np.empty((0, 0, 0), x.dtype)
        if skip is not None and relu is not None and len(followers) == 1:
            added = self._rows(skip, mode)
        mean, scale = self._statistics(mode, rows)
        weight, offset = self._affine(len(mean))
        y = np.empty(x.shape, x.dtype)
        lines = self._about(mean, x.dtype, weight * scale, offset)
        normalise(rows, *lines, added, relu is not None, self._rows(y, mode))
        self.save_for_backward(x, mean, scale, mode)
        if relu is not None:
            relu.save_for_backward(y)
        return y, int(relu is not None)

    def is_line(self):
        """Return whether y is a straight line over x: whether statistics are the running ones."""
        return self._mode() == "running"

    def line(self, dtype):
        """Return (slope, offset), each (C, 1, 1): with running statistics y = slope x + offset.

        A convolution followed by this is itself a convolution, which is how networks that
        are only evaluated do without the normalisation.
        """
        mean, var = (self.buffers[k].astype(np.float64) for k in ("running_mean", "running_var"))
        slope = 1.0 / np.sqrt(var + self.eps)
        if self.params:
            slope *= self.params["weight"]
        offset = (self.params["bias"] if self.params else 0.0) - slope * mean
        return _column(slope, dtype), _column(offset, dtype)

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        x, mean, scale, mode = self.saved()
        dy = check_gradient(dy, x.shape, x.dtype)
        dy_rows, rows = self._rows(dy, mode), self._rows(x, mode)
        total, moment = np.empty((2, len(mean)))
        middle = mean.astype(x.dtype)
        gradient_moments(dy_rows, rows, middle, total, moment)
        moment = scale * (moment + (middle - mean) * total)  # sums of dy z
        if self.params:
            sums = (a.reshape(-1, self.num_features).sum(axis=0) for a in (moment, total))
            self.grads["weight"], self.grads["bias"] = (a.astype(x.dtype) for a in sums)
        slope = self._affine(len(mean))[0] * scale
        bend, offset = np.zeros((2, len(mean)))
        if mode != "running":
            shares = [(rows.shape[0] * rows.shape[2], total, moment)]
            shares = everyones(shares[0]) if mode == "batch" else shares
            count, total, moment = (sum(each) for each in zip(*shares))
            bend, offset = -slope * scale * moment / count, -slope * total / count
        dx = np.empty(x.shape, x.dtype)
        middle, bend, offset = self._about(mean, x.dtype, bend, offset)
        what = middle, slope.astype(x.dtype), bend, offset
        normalise_gradient(dy_rows, rows, *what, self._rows(dx, mode))
        return dx

    def _mode(self):
        if self.statistics != "auto":
            return self.statistics
        return "batch" if self.training or not self.buffers else "running"

    def _rows(self, images, mode):
        """Return images as (N, C, pixels) or, to have statistics of their own, (1, N C, pixels)."""
        N, C, H, W = images.shape
        shape = (1, N * C, H * W) if mode == "image" else (N, C, H * W)
        return np.ascontiguousarray(images).reshape(shape)

    def _about(self, mean, dtype, slope, offset):
        """Return m, a, b of that dtype with a (x - m) + b = slope (x - mean) + offset.

        m is the mean as far as it fits into the dtype; the rest matters where a mean is large.
        """
        middle = mean.astype(dtype)
        return middle, slope.astype(dtype), (offset + slope * (middle - mean)).astype(dtype)

    def _affine(self, count):
        """Return weight and bias of ``count`` rows."""
        if not self.params:
            return np.ones(count), np.zeros(count)
        return np.resize(self.params["weight"], count), np.resize(self.params["bias"], count)

    def _statistics(self, mode, rows):
        """Return mean and 1 / sqrt(var + eps), and update the running statistics if due."""
        if mode == "running":
            mean, var = (self.buffers[k] for k in ("running_mean", "running_var"))
            return mean.astype(np.float64), 1 / np.sqrt(var.astype(np.float64) + self.eps)
        count = rows.shape[0] * rows.shape[2]
        mean, squares = self._moments(rows)
        track = mode == "batch" and self.training and bool(self.buffers)
        if mode == "batch":
            count, mean, squares = _joined(everyones((count, mean, squares)))
        if count < 1 + track:  # an unbiased variance divides by count - 1
            raise ValueError(
                f"x: expected at least {1 + track} values per channel for {mode} "
                f"statistics, got {count}"
            )
        if track and this_share() == 0:
            self._track(mean, squares / (count - 1))
        return mean, 1 / np.sqrt(squares / count + self.eps)

    def _moments(self, rows):
        """Return the mean (C,) of rows (N, C, pixels), and the sum of squares about it."""
        mean, squares = np.empty((2, rows.shape[1]))
        moments(rows, mean, squares)
        return mean, squares

    def _track(self, mean, var):
        m = self.momentum
        self.buffers["num_batches_tracked"] += 1
        for name, new in (("running_mean", mean), ("running_var", var)):
            self.buffers[name] *= 1.0 - m
            self.buffers[name] += m * new


def _joined(shares):
    """Return count, mean and sum of squares about it of several samples' (Chan et al., 1983)."""
    count = sum(n for n, _, _ in shares)
    mean = sum(n * m for n, m, _ in shares) / max(count, 1)
    return count, mean, sum(squares + n * (m - mean) ** 2 for n, m, squares in shares)


def freeze_statistics(module, frozen=True):
    """Make every BatchNorm2d below ``module`` use its running statistics; return ``module``.

    In training mode too, so that a network trains on the normalisation it was published
    with, and gradients are those of evaluation. ``frozen=False`` goes back to "auto".
    """
    for _, layer in module.named_modules():
        if isinstance(layer, BatchNorm2d) and layer.statistics in ("auto", "running"):
            layer.statistics = "running" if frozen else "auto"
    return module


def _column(array, dtype):
    return array.astype(dtype, copy=False)[:, None, None]  # (C, 1, 1)
