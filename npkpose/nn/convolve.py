"""The arithmetic of a convolution, with fewer copies of the image than `unfold` makes.

    y[o,h,w] = sum_{i,c,j} weight[o,c,i,j] x[c, s h + d i - p, s w + d j - p]

`unfold` copies the pixels into each of the kh kw places of the window. Where the vertical stride
is 1 they are unfolded here along the width alone:

    columns[(j,c), r, w] = x[c, r - p, s w + d j - p]

What row i of the window sees, rows h + d i, then lies one after another in memory and can be
multiplied where it is:

    y[o,(h,w)] = sum_i weight_i[o,(j,c)] columns[(j,c), h + d i, w]

That is kw copies instead of kh kw. All places are unfolded where the kh products would be larger
than the columns, and where there are so few pixels that the weights are the larger array, which
would have to be put in the order that weight_i needs. The work is cut into strips
(`npkpose.nn.strips`) whose columns stay in the cache; the strips go to all cores, and what
follows the convolution (`Tail`) is done to a strip while it is still there. A depthwise
convolution sums shifted images, since its products would have single rows. `npkpose.nn.adjoint`
has the gradients, from the same strips.
"""

import math
from functools import partial
from typing import NamedTuple

import numba
import numpy as np

from npkpose.nn.strips import SMALL, cuts, make_strips, padded, row_length
from npkpose.nn.threads import num_threads, run_all, scratch
from npkpose.nn.unfold import window_counts

if numba.config.DISABLE_JIT:
    from npkpose.reference.passes import finish, sum_shifted
else:
    from npkpose.nn.passes import finish, sum_shifted

FEW_PIXELS = 8  # for each output channel
NARROW = 64  # pixels of an image below which a product of its own is slow
DEPTHWISE = 2**17  # numbers in the channels that a thread takes at once


class Tail(NamedTuple):
    """What is done to a sum of products: y = relu(slope sum + offset + skip).

    ``slope`` and ``offset`` are (O,), ``skip`` is (N, O, pixels). None leaves a step out.
    """

    slope: np.ndarray | None = None
    offset: np.ndarray | None = None
    skip: np.ndarray | None = None
    relu: bool = False

    def is_empty(self):
        """Return whether y is the sum itself."""
        return self.slope is self.offset is self.skip is None and not self.relu

    def arguments(self, dtype):
        """Return the last arguments of the kernels, absent ones as empty arrays."""
        return *(
            np.empty(shape, dtype) if a is None else np.ascontiguousarray(a, dtype)
            for a, shape in ((self.slope, 0), (self.offset, 0), (self.skip, (0, 0, 0)))
        ), self.relu


def convolve(x, weight, window, groups=1, tail=Tail(), size=None, shuffle=(1, 1)):
    """Return the convolution of images (N, C, H, W) and what its tail makes of it.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight : ndarray, shape (O, C / groups, kh, kw), of the dtype of ``x``
    window : (kernel size, dilation, padding, stride), each a pair
        As `unfold` takes it. The padding is that above and to the left, and may be negative.
    groups : int
    tail : Tail
    size : (Ho, Wo), optional
        How many windows there are; outside the image they see zeros. Default: as many as
        fit with the same padding below and to the right.
    shuffle : (sh, sw)
        Return (N, O / (sh sw), sh Ho, sw Wo): output channel (o, r, q) becomes the pixels
        (sh h + r, sw w + q) of channel o. For one group, and a tail of O / (sh sw) channels
        without a skip.
    """
    N, C, H, W = x.shape
    O = len(weight)
    size = window_counts((H, W), *window) if size is None else tuple(size)
    parts = math.prod(shuffle)
    y = np.empty((N, O // parts, math.prod(size) * parts), x.dtype)
    after = size[1], shuffle, *tail.arguments(x.dtype)
    if 1 < groups == C == O:
        works = _depthwise(x, weight, window, size, y, after[2:])
    else:
        works = []
        direct = tail.is_empty() and shuffle == (1, 1)
        for inputs, outputs in zip(cuts(C, groups), cuts(O, groups)):
            image, part = x[:, slice(*inputs)], weight[slice(*outputs)]
            works += _products(image, part, window, size, y, outputs[0], after, direct)
    run_all(works)
    return y.reshape(*y.shape[:2], size[0] * shuffle[0], size[1] * shuffle[1])


def _products(x, weight, window, size, y, channel, after, direct):
    """Functions that each write a part of ``y`` (N, channels, pixels), from ``channel`` on."""
    O, C, kh, kw = weight.shape
    pixels = len(x) * size[0] * size[1]
    whole = kh == 1 or window[3][0] > 1 or pixels < FEW_PIXELS * O or 2 * C * kw < O
    if whole:
        matrices = weight.reshape(1, 1, O, C * kh * kw)
    else:
        matrices = np.ascontiguousarray(weight.transpose(2, 0, 3, 1)).reshape(kh, 1, O, kw * C)
    strips = make_strips(x, window, size, weight.size, whole, NARROW)
    few = len(strips) < num_threads() and pixels * weight.size >= SMALL
    return [
        partial(_write, strip, matrices[:, :, a:b], y, channel + a, after, direct)
        for strip in strips for a, b in cuts(O, num_threads() if few else 1)
    ]


def _write(strip, matrices, y, channel, after, direct):
    """Write a strip of some channels of ``y``."""
    parts = strip.columns()
    P, n, _, L = parts.shape
    O = matrices.shape[2]
    if direct and P == 1 and not strip.joined:
        part = y[slice(*strip.images), channel : channel + O, slice(*strip.pixels)]
        np.matmul(matrices, parts, out=part[None])
        return
    products = scratch((P, n, O, row_length(L, y.dtype)), y.dtype, "products")
    np.matmul(matrices, parts, out=products[..., :L])
    finish(products, y, strip.images, channel, strip.pixels, *after, strip.joined)


def _depthwise(x, weight, window, size, y, after):
    """Functions that each write some channels of ``y`` (N, C, pixels)."""
    N, C, H, W = x.shape
    weight = np.ascontiguousarray(weight)
    channels = cuts(C, max(num_threads(), C * H * W // DEPTHWISE))
    share = x, weight, window, size, y, after
    return [partial(_write_shifted, *share, n, *part) for n in range(N) for part in channels]


def _write_shifted(x, weight, window, size, y, after, n, a, b):
    """Write channels a to b of image n."""
    seen = padded(x[n : n + 1, a:b], window, (0, size[0]), size[1])[0]
    sum_shifted(np.ascontiguousarray(seen), weight, window, size, y, n, a, *after)
