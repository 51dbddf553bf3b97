"""Batch normalisation, with a choice of statistics.

    z = (x - mean) / sqrt(var + eps),    y = weight z + bias       (per channel)

Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
Internal Covariate Shift", ICML 2015, arXiv:1502.03167. mean and var (biased) are over

    "batch"    the pixels of all images: each x moves them, so with g = weight dL/dy
               dL/dx = (g - mean(g) - z mean(g z)) / sqrt(var + eps)
    "image"    the pixels of each image by itself, with the same gradient: what a
               TensorFlow graph frozen with is_training=True computes at batch 1
    "running"  constants, a running average over past batches: dL/dx = g / sqrt(var + eps),
               and y is an affine function of x (`BatchNorm2d.affine`)

"auto" is "batch" while training and "running" in evaluation, as PyTorch does. Batch
statistics computed while training update the running ones, r <- (1 - m) r + m s, where
s is the mean or, as in PyTorch, the *unbiased* variance, and m is the momentum.

Below, rows are images (N, C, L), L pixels; or, for "image", all of them as one of N C channels.
Statistics are float64: in float32 the digits of a small difference of large numbers would be lost.
"""

import numpy as np

from npkpose import engine
from npkpose._check import check_choice, check_flag, check_integer, check_kind
from npkpose.nn._shapes import check_factor, check_gradient, check_images
from npkpose.nn.faster import faster
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
        self.eps = check_factor("eps", eps, at_least=0.0)
        self.momentum = check_factor("momentum", momentum, at_least=0.0)
        self.statistics = check_choice(
            "statistics", statistics, ("auto", "running", "batch", "image")
        )
        if statistics == "running" and not track_running_stats:
            raise ValueError('statistics: expected track_running_stats for "running", got none')
        if check_flag("affine", affine):
            self.params["weight"] = np.ones(C, np.float32)
            self.params["bias"] = np.zeros(C, np.float32)
        if check_flag("track_running_stats", track_running_stats):
            self.buffers["running_mean"] = np.zeros(C, np.float32)
            self.buffers["running_var"] = np.ones(C, np.float32)
            self.buffers["num_batches_tracked"] = np.zeros((), np.int64)
        self.update_running = True
        # How replicas that share a batch join their sums: `npkpose.training.data_parallel`.
        self.all_gather = _no_replicas

    def forward(self, x):
        """Return normalised ``x``; keep it and its statistics, which the gradients need."""
        x = check_images(x, self.num_features)
        return normalise(*self.prepare(x)).reshape(x.shape)

    def prepare(self, x):
        """Return rows of ``x`` and their mean, scale, weight and bias; keep what gradients need.

        All but the rows are (C,) float64, scale is 1 / sqrt(var + eps).
        """
        mode = self._mode()
        rows = self._rows(x, mode)
        mean, scale = self._statistics(mode, rows)
        self.save_for_backward(x, mean, scale, mode)
        return rows, mean, scale, *self._weight_and_bias(len(mean))

    def backward(self, dy):
        """Given dL/dy, fill ``grads`` and return dL/dx."""
        x, mean, scale, mode = self.saved()
        dy = self._rows(check_gradient(dy, x.shape, x.dtype), mode)
        rows = self._rows(x, mode)
        sum_dy, sum_dy_z = gradient_sums(dy, rows, mean, scale)
        if self.params:
            C = self.num_features
            self.grads["weight"] = sum_dy_z.reshape(-1, C).sum(axis=0).astype(x.dtype)
            self.grads["bias"] = sum_dy.reshape(-1, C).sum(axis=0).astype(x.dtype)
        mean_dy, mean_dy_z = np.zeros((2, len(mean)))  # of "running": constants
        if mode != "running":
            sums = rows.shape[0] * rows.shape[2], sum_dy, sum_dy_z
            parts = self.all_gather(sums) if mode == "batch" else [sums]
            count, sum_dy, sum_dy_z = (sum(part) for part in zip(*parts))
            mean_dy, mean_dy_z = sum_dy / count, sum_dy_z / count
        weight, _ = self._weight_and_bias(len(mean))
        dx = normalise_backward(dy, rows, mean, scale, weight, mean_dy, mean_dy_z)
        return dx.reshape(x.shape)

    def is_affine(self):
        """Return whether y is an affine function of x: whether statistics are the running ones."""
        return self._mode() == "running"

    def affine(self, dtype):
        """Return (slope, offset), each (C, 1, 1): with running statistics y = slope x + offset.

        A convolution followed by this is itself a convolution, which is how networks that
        are only evaluated do without the normalisation.
        """
        mean, var = self.buffers["running_mean"], self.buffers["running_var"]
        weight = self.params.get("weight", np.ones_like(mean))
        bias = self.params.get("bias", np.zeros_like(mean))
        slope, offset = fold_statistics(mean, var, weight, bias, float(self.eps), dtype)
        return slope[:, None, None], offset[:, None, None]

    def _mode(self):
        if self.statistics != "auto":
            return self.statistics
        return "batch" if self.training or not self.buffers else "running"

    def _rows(self, images, mode):
        """Return images as (N, C, pixels) or, to have statistics of their own, (1, N C, pixels)."""
        N, C, H, W = images.shape
        shape = (1, N * C, H * W) if mode == "image" else (N, C, H * W)
        return np.ascontiguousarray(images).reshape(shape)

    def _weight_and_bias(self, count):
        """Return weight and bias for ``count`` channels, in float64."""
        if not self.params:
            return np.ones(count), np.zeros(count)
        weight, bias = self.params["weight"].astype(float), self.params["bias"].astype(float)
        if count != self.num_features:  # statistics of each image
            weight, bias = np.resize(weight, count), np.resize(bias, count)
        return weight, bias

    def _statistics(self, mode, rows):
        """Return mean and 1 / sqrt(var + eps), and update the running statistics if due."""
        if mode == "running":
            mean, var = (self.buffers[k].astype(float) for k in ("running_mean", "running_var"))
            return mean, 1 / np.sqrt(var + self.eps)
        sample = rows.shape[0] * rows.shape[2], *self._moments(rows)
        count, mean, squares = _join(self.all_gather(sample)) if mode == "batch" else sample
        track = mode == "batch" and self.training and bool(self.buffers)
        if count < 1 + track:  # an unbiased variance divides by count - 1
            raise ValueError(
                f"x: expected at least {1 + track} values per channel for {mode} "
                f"statistics, got {count}"
            )
        if track and self.update_running:
            self._track(mean, squares / (count - 1))
        return mean, 1 / np.sqrt(squares / count + self.eps)

    def _moments(self, rows):
        return moments(rows)

    def _track(self, mean, var):
        m = self.momentum
        self.buffers["num_batches_tracked"] += 1
        for name, new in (("running_mean", mean), ("running_var", var)):
            self.buffers[name] *= 1.0 - m
            self.buffers[name] += m * new


@faster(engine.fold_statistics)
def fold_statistics(mean, var, weight, bias, eps, dtype):
    """Return slope and offset (C,) of that dtype: y = slope x + offset."""
    slope = 1.0 / np.sqrt(var + np.float64(eps)) * weight
    return slope.astype(dtype), (bias - slope * mean).astype(dtype)


@faster(engine.moments)
def moments(rows):
    """Return the mean (C,) of rows (N, C, L), and the sums (C,) of squares about it."""
    count = max(rows.shape[0] * rows.shape[2], 1)
    mean = rows.sum(axis=(0, 2), dtype=np.float64) / count
    return mean, np.square(rows - mean[:, None]).sum(axis=(0, 2))


@faster(engine.normalise)
def normalise(rows, mean, scale, weight, bias):
    """Return y for rows (N, C, L); the others are (C,), and scale is 1 / sqrt(var + eps)."""
    mean, scale, weight, bias = (a[:, None] for a in (mean, scale, weight, bias))
    z = (rows - mean) * scale
    return (weight * z + bias).astype(rows.dtype)


@faster(engine.gradient_sums)
def gradient_sums(dy, rows, mean, scale):
    """Return the sums (C,) of dy and of dy z: the gradients of bias and weight."""
    z = (rows - mean[:, None]) * scale[:, None]
    return dy.sum(axis=(0, 2), dtype=np.float64), (dy * z).sum(axis=(0, 2))


@faster(engine.normalise_backward)
def normalise_backward(dy, rows, mean, scale, weight, mean_dy, mean_dy_z):
    """Return dL/dx; the means of dy and dy z are 0 where mean and scale are constants."""
    columns = (a[:, None] for a in (mean, scale, weight, mean_dy, mean_dy_z))
    mean, scale, weight, mean_dy, mean_dy_z = columns
    z = (rows - mean) * scale
    return (weight * scale * (dy - mean_dy - z * mean_dy_z)).astype(rows.dtype)


def _no_replicas(value):
    return [value]


def _join(samples):
    """Return count, mean and sum of squares about it of all samples together.

    Chan, Golub & LeVeque, "Algorithms for Computing the Sample Variance", 1983.
    """
    if len(samples) == 1:
        return samples[0]
    count = sum(n for n, _, _ in samples)
    mean = sum(n * m for n, m, _ in samples) / max(count, 1)
    return count, mean, sum(squares + n * (m - mean) ** 2 for n, m, squares in samples)


def freeze_statistics(module, frozen=True):
    """Make every BatchNorm2d below ``module`` use its running statistics; return ``module``.

    In training mode too, so that a network trains on the normalisation it was published
    with, and gradients are those of evaluation. ``frozen=False`` goes back to "auto".
    """
    frozen = check_flag("frozen", frozen)
    for _, layer in check_kind("module", module, Module).named_modules():
        if isinstance(layer, BatchNorm2d) and layer.statistics in ("auto", "running"):
            layer.statistics = "running" if frozen else "auto"
    return module
