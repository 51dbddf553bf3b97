"""What a convolution does besides its products, compiled: passes over its pixels.

Each would take NumPy several calls, over more memory; and with two threads at work, each call's
turn at Python's lock costs as much as the call itself. Without compilation (NUMBA_DISABLE_JIT)
the twins in `npkpose.reference.passes` do the work: see `npkpose.nn.convolve`.
"""

import numpy as np

from npkpose._jit import kernel


@kernel
def finish(products, y, images, channel, pixels, width, shuffle, slope, offset, skip, relu, joined):
    """Write y = relu(slope sum of products + offset + skip) to a part of ``y``.

    The part of ``y`` (N, C, all pixels) are the n ``images`` and the L ``pixels``, both (first,
    end), and O channels from ``channel`` on. ``products`` are (P, n, O, at least L) or,
    ``joined``, (P, 1, O, at least n L). ``slope`` and ``offset`` (C,) and ``skip``, of the shape
    of ``y``, are left out if empty.

    With a ``shuffle`` (sh, sw), each channel has sh sw sums, O of them from sum ``channel`` on:
    sum (c, r, q) at (h, w), w below ``width``, is pixel (sh h + r, sw w + q) of channel c, as in
    Shi et al., CVPR 2016, arXiv:1609.05158. There is no ``skip`` then.
    """
    (first, end), (sh, sw) = pixels, shuffle
    L = end - first
    P, _, O, _ = products.shape
    total = np.empty(L, y.dtype)
    for m in range(images[1] - images[0]):
        begin = m * L if joined else 0
        for o in range(O):
            c, r, q = (channel + o) // (sh * sw), (channel + o) // sw % sh, (channel + o) % sw
            row = y[images[0] + m, c, first:end] if sh * sw == 1 else total
            for p in range(P):
                part = products[p, 0 if joined else m, o, begin : begin + L]
                for l in range(L):
                    row[l] = row[l] + part[l] if p else part[l]
            _finish_row(row, images[0] + m, c, first, slope, offset, skip, relu)
            if sh * sw > 1:
                out = y[images[0] + m, c]
                for h in range(first // width, end // width):
                    start = ((sh * h + r) * width) * sw + q
                    for w in range(width):
                        out[start + sw * w] = row[h * width + w - first]


@kernel
def sum_shifted(padded, weight, window, size, y, image, channel, slope, offset, skip, relu):
    """Write channels of a depthwise convolution of one image to ``y`` (N, C, pixels).

    ``padded`` (c, height, width) are the channels from ``channel`` on, with the zeros around
    them; ``weight`` is (C, 1, kh, kw), ``size`` is (Ho, Wo). What follows is as in `finish`.
    With a stride of 1 whole images are shifted, flat, over the edge between rows; the pixels
    that this spoils lie outside the output.
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
        _finish_row(row, image, channel + c, 0, slope, offset, skip, relu)


@kernel
def _finish_row(row, n, c, first, slope, offset, skip, relu):
    if slope.size:
        for l in range(row.size):
            row[l] *= slope[c]
    if offset.size:
        for l in range(row.size):
            row[l] += offset[c]
    if skip.size:
        for l in range(row.size):
            row[l] += skip[n, c, first + l]
    if relu:
        for l in range(row.size):
            if row[l] < 0:
                row[l] = 0
