"""A depthwise convolution: each channel has a kernel of its own.

    y[c,h,w] = sum_{i,j} weight[c,i,j] x[c, s h + d i - p, s w + d j - p]

As matrix products these would have single rows, so whole shifted images are summed, one for each
kernel tap. Each thread takes some channels of an image.
"""

from functools import partial

import numpy as np

from npkpose._jit import kernel
from npkpose.engine.threads import num_threads
from npkpose.engine.tiling import padded, split_range

AT_ONCE = 2**17  # numbers in the channels that a thread takes at once


def depthwise_tasks(x, weight, window, size, y, last):
    """Return functions that each write some channels of ``y`` (N, C, pixels).

    ``last`` are an epilogue's arguments.
    """
    N, C, H, W = x.shape
    weight = np.ascontiguousarray(weight)
    channels = split_range(C, max(num_threads(), C * H * W // AT_ONCE))
    return [
        partial(_write, x, weight, window, size, y, last, n, first, end)
        for n in range(N)
        for first, end in channels
    ]


def _write(x, weight, window, size, y, last, n, first, end):
    """Write channels ``first`` to ``end`` of image n."""
    seen = padded(x[n : n + 1, first:end], window, (0, size[0]), size[1])[0]
    sum_shifted(np.ascontiguousarray(seen), weight, window, size, y, n, first, *last)


def depthwise_weight_gradient(x, dy, window):
    """Return dL/dweight (C, 1, kh, kw), given dL/dy (N, C, Ho, Wo)."""
    (kh, kw), (dh, dw), _, (sh, sw) = window
    Ho, Wo = dy.shape[2:]
    seen = padded(x, window, (0, Ho), Wo)
    dweight = np.empty((x.shape[1], 1, kh, kw), x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            dweight[:, 0, i, j] = np.einsum("nchw,nchw->c", dy, seen[:, :, rows, cols])
    return dweight


@kernel
def sum_shifted(
    padded, weight, window, size, y, image, channel, scale, shift, residual, relu
):  # fmt: skip
    """Write channels of a depthwise convolution of one image to ``y`` (N, C, pixels).

    ``padded`` (c, height, width) are the channels from ``channel`` on, with the zeros around
    them; ``weight`` is (C, 1, kh, kw), ``size`` is (Ho, Wo); the epilogue is
    relu(scale sum + shift + residual), an empty array leaving a step out. With a stride of 1 whole
    images are shifted, flat, over the ends of rows; the pixels that this spoils lie outside the
    output.
    """
    (kh, kw), (dh, dw), _, (sh, sw) = window
    Ho, Wo = size
    channels, _, width = padded.shape
    flat = (Ho - 1) * width + Wo
    total = np.empty(flat, padded.dtype)
    for c in range(channels):
        pixels, row = padded[c].reshape(-1), y[image, channel + c]
        if sh == sw == 1:
            total[:] = 0
            for i in range(kh):
                for j in range(kw):
                    factor, start = weight[channel + c, 0, i, j], dh * i * width + dw * j
                    part = pixels[start : start + flat]
                    for l in range(flat):
                        total[l] += factor * part[l]
            for r in range(Ho):
                row[r * Wo : r * Wo + Wo] = total[r * width : r * width + Wo]
        else:
            for r in range(Ho):
                out = row[r * Wo : r * Wo + Wo]
                out[:] = 0
                for i in range(kh):
                    for j in range(kw):
                        factor = weight[channel + c, 0, i, j]
                        part = pixels[(sh * r + dh * i) * width + dw * j :]
                        for w in range(Wo):
                            out[w] += factor * part[sw * w]
        _finish_row(row, image, channel + c, scale, shift, residual, relu)


@kernel
def _finish_row(row, n, c, scale, shift, residual, relu):
    """Replace the sums of channel c of image n by relu(scale sum + shift + residual)."""
    if scale.size:
        for l in range(row.size):
            row[l] *= scale[c]
    if shift.size:
        for l in range(row.size):
            row[l] += shift[c]
    if residual.size:
        for l in range(row.size):
            row[l] += residual[n, c, l]
    if relu:
        for l in range(row.size):
            if row[l] < 0:
                row[l] = 0
