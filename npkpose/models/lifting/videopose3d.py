"""VideoPose3D: a sequence of 2-D poses to a sequence of 3-D poses, by convolutions over time.

    keypoints (F, J, 2), as 2 J channels
      conv f_0, BN, ReLU, dropout                                   ->  (C, F - f_0 + 1)
      for each further width f, its dilation d the product of those before:
        x <- conv f of dilation d, BN, ReLU, dropout, conv 1, BN, ReLU, dropout, + middle of x
      conv 1                                                        ->  (3 J, F - R + 1)

There is no padding: R frames become one, R being the product of the widths. Pavllo et al., "3D
human pose estimation in video with temporal convolutions and semi-supervised training", CVPR
2019, arXiv:1811.11742. With 17 joints and 1024 channels:

    widths         R    parameters            widths            R    parameters
    3, 3, 3       27     8,555,571            3, 3, 3, 3, 3   243    16,952,371
    3, 3, 3, 3    81    12,753,971            1, 1, 1           1     4,291,635

There are three forms. "dilated" gives a pose for every frame. "strided" has strides of f in place
of dilations: with the same weights it gives one pose for every R frames, in a fraction of the time,
for training on single frames. "dense" has additional weights between the dilated taps, an ablation
of the paper. A causal network sees past frames only: what it adds to a block's output is the last
frame of the window, not the middle.

The input has the coordinates of `to_screen`. The output is in metres, in the camera's frame,
relative to the root joint; as published, the root's own output is not set to 0. The losses are in
`npkpose.training.losses`. The weights have the authors' names (facebookresearch/VideoPose3D);
`npkpose.weights.load` reads the authors' files.
"""

import math

import numpy as np

from npkpose import nn
from npkpose._check import check_array, check_choice, check_flag, check_number
from npkpose.nn._shapes import check_count, check_counts
from npkpose.nn.fuse import run

FORMS = ("dilated", "strided", "dense")
_FLOATS = (np.float32, np.float64)  # these dtypes are kept; others become float32


class VideoPose3D(nn.Module):
    """Map 2-D poses (N, F, J, 2) to 3-D poses (N, F', J', 3), F' = F - R + 1.

    Parameters
    ----------
    widths : sequence of odd int
        Kernel sizes f in frames; R is their product.
    channels : int
        C.
    joints : (int, int)
        J and J'.
    form : "dilated", "strided" or "dense"
        If strided, F must be a multiple of R, and F' = F / R.
    causal : bool
        Whether the pose belongs to the window's last frame, in place of its middle.
    dropout : float
    rng : numpy.random.Generator, optional
        Draws the initial weights and the dropout; default a generator of seed 0.
    """

    def __init__(
        self, widths=(3, 3, 3), channels=1024, joints=(17, 17), form="dilated", causal=False,
        dropout=0.25, *, rng=None,
    ):  # fmt: skip
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng
        self.widths = check_counts("widths", widths)
        if not self.widths or any(width % 2 == 0 for width in self.widths):
            raise ValueError(f"widths: expected odd numbers, got {self.widths}")
        self.joints = check_counts("joints", joints, 2)
        self.form, self.causal = check_choice("form", form, FORMS), check_flag("causal", causal)
        check_number("dropout", dropout, at_least=0, at_most=1)
        C = check_count("channels", channels, 1)
        count = 2 * len(self.widths) - 1
        self.expand_bn = nn.BatchNorm2d(C)
        self.shrink = nn.Conv1d(C, 3 * self.joints[1], 1, rng=rng)
        stride = self.widths[0] if form == "strided" else 1
        self.expand_conv = _conv(2 * self.joints[0], C, self.widths[0], stride, rng=rng)
        self.layers_conv = [conv for f, d in self._blocks() for conv in self._pair(C, f, d, rng)]
        self.layers_bn = [nn.BatchNorm2d(C) for _ in range(count - 1)]
        self.relus = [nn.ReLU() for _ in range(count)]
        self.drops = [nn.Dropout(dropout, rng=rng) for _ in range(count)]

    @property
    def receptive_field(self):
        """Number R of frames that one pose depends on."""
        return math.prod(self.widths)

    def forward(self, x):
        """Return the 3-D poses of 2-D poses ``x``; the layers keep what they need."""
        x = check_array("x", x, ("N", "F", self.joints[0], 2), _FLOATS, finite=False)
        N, F = x.shape[:2]
        self._check_frames(F)
        x = x.reshape(N, F, 2 * self.joints[0]).transpose(0, 2, 1)[:, :, None]  # (N, 2 J, 1, F)
        x = run(self._unit(0), x)
        for i, (f, d) in enumerate(self._blocks()):
            y = run((*self._unit(2 * i + 1), *self._unit(2 * i + 2)), x)
            x = x[..., self._middle(f, d, x.shape[3])] + y
        y = self.shrink(x)
        return y[:, :, 0].transpose(0, 2, 1).reshape(N, y.shape[3], self.joints[1], 3)

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        N, F = dy.shape[:2]
        dy = np.reshape(dy, (N, F, 3 * self.joints[1])).transpose(0, 2, 1)[:, :, None]
        dy = self.shrink.backward(dy)
        for i, (f, d) in reversed(list(enumerate(self._blocks()))):
            dx = dy
            for layer in reversed(self._unit(2 * i + 1) + self._unit(2 * i + 2)):
                dx = layer.backward(dx)
            dx[..., self._middle(f, d, dx.shape[3])] += dy
            dy = dx
        for layer in reversed(self._unit(0)):
            dy = layer.backward(dy)
        return dy[:, :, 0].transpose(0, 2, 1).reshape(N, -1, self.joints[0], 2)

    def lift(self, keypoints, size):
        """Return the 3-D poses (F, J', 3) of ``keypoints`` (F, J, 2), one pose per frame.

        ``keypoints`` are in pixels of images of ``size`` (width, height). The first and last frames
        are repeated to fill the windows. The form must not be "strided".
        """
        keypoints = check_array("keypoints", keypoints, ("F", self.joints[0], 2))
        if self.form == "strided":
            raise ValueError("form: expected dilated or dense, got 'strided'")
        if len(keypoints) == 0:
            return np.empty((0, self.joints[1], 3), np.float32)
        before = self.receptive_field - 1
        after = 0 if self.causal else before // 2
        frames = np.arange(after - before, len(keypoints) + after).clip(0, len(keypoints) - 1)
        return self.forward(to_screen(keypoints, size)[frames][None].astype(np.float32))[0]

    def _check_frames(self, F):
        R = self.receptive_field
        if F < R or self.form == "strided" and F % R:
            wanted = f"a multiple of {R}" if self.form == "strided" else f"at least {R}"
            raise ValueError(f"x: expected {wanted} frames, got {F}")

    def _blocks(self):
        """Return (width, dilation) of each block; the blocks have the widths after the first."""
        return [(f, math.prod(self.widths[:i])) for i, f in enumerate(self.widths) if i]

    def _pair(self, C, f, d, rng):
        if self.form == "dense":
            f, d = (f - 1) * d + 1, 1
        stride, dilation = (f, 1) if self.form == "strided" else (1, d)
        return _conv(C, C, f, stride, dilation, rng=rng), _conv(C, C, 1, rng=rng)

    def _unit(self, i):
        """Return convolution, normalisation, ReLU and dropout number i; 0 is before the blocks."""
        conv, bn = (
            (self.layers_conv[i - 1], self.layers_bn[i - 1]) if i else
            (self.expand_conv, self.expand_bn)
        )  # fmt: skip
        return [conv, bn, self.relus[i], self.drops[i]]

    def _middle(self, f, d, frames):
        """Return which of a block's input ``frames`` its output frames belong to."""
        step = 1 if self.form == "strided" else d
        span = (f - 1) * step  # from the window's first frame to its last
        first = span if self.causal else span // 2
        if self.form == "strided":
            return slice(first, None, f)
        return slice(first, first + frames - span)


def _conv(in_channels, channels, width, stride=1, dilation=1, *, rng):
    """Convolution over the frames; the normalisation after it has the bias."""
    return nn.Conv1d(in_channels, channels, width, stride, 0, dilation, bias=False, rng=rng)


def to_screen(keypoints, size):
    """Return pixels (..., 2) scaled so that x spans -1 to 1 over the image, y in the same unit.

    ``size`` is the image's (width, height); its centre becomes (0, 0).
    """
    width, height = check_array("size", size, (2,))
    if not min(width, height) > 0:
        raise ValueError(f"size: expected a positive width and height, got {size}")
    return np.asarray(keypoints) * (2 / width) - np.array([1, height / width])
