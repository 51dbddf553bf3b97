"""Batch normalisation, with a choice of statistics.

    z = (x - mean) / sqrt(var + eps),    y = weight z + bias       (per channel)

Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
Internal Covariate Shift", ICML 2015, arXiv:1502.03167. mean and var (biased) are over

    "batch"    the pixels of all images: each x moves them, so with g = weight dL/dy
               dL/dx = (g - mean(g) - z mean(g z)) / sqrt(var + eps)
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
from npkpose.nn._shapes import check_gradient, check_images
from npkpose.nn.module import Module

_AXES = {"batch": (0, 2, 3), "image": (2, 3)}


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
        self.statistics = check_choice("statistics", statistics, ("auto", "running", *_AXES))
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
        """Return normalised ``x``; keep z (or x) and the scale, which the gradients need."""
        x = check_images(x, self.num_features)
        mode = self._mode()
        if mode == "running":
            slope, offset = self.line(x.dtype)
            self.keep(x, slope, mode)
            y = x * slope
            y += offset
            return y
        z, mean, var = self._centre(x, mode)
        scale = 1.0 / np.sqrt(var + self.eps)
        z *= scale
        self.keep(z, scale, mode)
        if not self.params:
            return z
        y = z * _column(self.params["weight"], x.dtype)
        y += _column(self.params["bias"], x.dtype)
        return y

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
        z, scale, mode = self.recall()
        g = dy = check_gradient(dy, z.shape, z.dtype)
        if mode == "running":
            self._running_gradients(dy, z)
            return dy * scale
        if self.params:
            self.grads["weight"] = (dy * z).sum(axis=(0, 2, 3))
            self.grads["bias"] = dy.sum(axis=(0, 2, 3))
            g = dy * _column(self.params["weight"], dy.dtype)
        axes = _AXES[mode]
        dx = g - z * (g * z).mean(axis=axes, keepdims=True)
        dx -= g.mean(axis=axes, keepdims=True)
        dx *= scale
        return dx

    def _running_gradients(self, dy, x):
        """Fill ``grads``: with m and s the running mean and deviation, z = (x - m) / s."""
        if not self.params:
            return
        mean, var = (self.buffers[k].astype(x.dtype) for k in ("running_mean", "running_var"))
        total = dy.sum(axis=(0, 2, 3))
        moment = np.einsum("nchw,nchw->c", dy, x) - mean * total
        self.grads["weight"] = moment / np.sqrt(var + x.dtype.type(self.eps))
        self.grads["bias"] = total

    def _mode(self):
        if self.statistics != "auto":
            return self.statistics
        return "batch" if self.training or not self.buffers else "running"

    def _centre(self, x, mode):
        """Return x - mean, mean and var, and update the running statistics if due."""
        axes = _AXES[mode]
        count = int(np.prod([x.shape[axis] for axis in axes]))
        track = mode == "batch" and self.training and bool(self.buffers)
        if count < 1 + track:  # an unbiased variance divides by count - 1
            raise ValueError(
                f"x: expected at least {1 + track} values per channel for {mode} "
                f"statistics, got {count} in shape {x.shape}"
            )
        mean = x.mean(axis=axes, keepdims=True)
        z = x - mean
        var = np.square(z).mean(axis=axes, keepdims=True)
        if track:
            self._track(mean.ravel(), var.ravel() * (count / (count - 1)))
        return z, mean, var

    def _track(self, mean, var):
        m = self.momentum
        self.buffers["num_batches_tracked"] += 1
        for name, new in (("running_mean", mean), ("running_var", var)):
            self.buffers[name] *= 1.0 - m
            self.buffers[name] += m * new


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
