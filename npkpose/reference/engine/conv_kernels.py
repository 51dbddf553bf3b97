"""NumPy twins of `npkpose.engine.conv_kernels`, image by image."""

import numpy as np


def convolve_rows(
    x, matrices, y, first, end, inputs, channel, window, size, shuffle, block, columns, sums,
    slope, offset, skip, relu,
):  # fmt: skip
    """Twin of `npkpose.engine.conv_kernels.convolve_rows`, which makes do without the scratch memory."""
    (P, O, _), (sh, sw), Wo = matrices.shape, shuffle, size[1]
    channels = np.arange(channel, channel + O)
    c, r, q = channels // (sh * sw), channels // sw % sh, channels % sw
    for n, a, b in _pieces(first, end, size[0]):
        parts = _columns(x[n, slice(*inputs)], window, P, a, b, Wo)
        total = sum(matrix @ part for matrix, part in zip(matrices, parts))
        rows = y[n].reshape(len(y[n]), -1, sh, Wo, sw)[:, a:b]  # (channels, h, r, w, q)
        if slope.size:
            total = total * slope[c, None]
        if offset.size:
            total = total + offset[c, None]
        if skip.size:
            total = total + skip[n, c, a * Wo : b * Wo]
        total = np.maximum(total, 0) if relu else total
        for o, values in enumerate(total.reshape(O, b - a, Wo)):
            rows[c[o], :, r[o], :, q[o]] = values


def weight_gradient_rows(
    x, dy, dweight, dbias, first, end, inputs, outputs, window, size, block, swapped, columns, rows
):  # fmt: skip
    """Twin of `npkpose.engine.conv_kernels.weight_gradient_rows`."""
    dweight[...], dbias[...], Wo = 0, 0, size[1]
    for n, a, b in _pieces(first, end, size[0]):
        values = dy[n, slice(*outputs), a * Wo : b * Wo]
        dbias += values.sum(axis=1)
        parts = _columns(x[n, slice(*inputs)], window, len(dweight), a, b, Wo)
        for total, part in zip(dweight, parts):
            product = values @ part.T
            total += product.T if swapped else product


def sum_shifted(padded, weight, window, size, y, image, channel, slope, offset, skip, relu):
    """Twin of `npkpose.engine.conv_kernels.sum_shifted`."""
    (kh, kw), (dh, dw), _, (sh, sw) = window
    Ho, Wo = size
    channels = slice(channel, channel + len(padded))
    total = np.zeros((len(padded), Ho, Wo), y.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            total += weight[channels, :, i, j, None] * padded[:, rows, cols]
    total = total.reshape(len(padded), Ho * Wo)
    if slope.size:
        total *= slope[channels, None]
    if offset.size:
        total += offset[channels, None]
    if skip.size:
        total += skip[image, channels]
    y[image, channels] = np.maximum(total, 0) if relu else total


def _pieces(first, end, Ho):
    """Yield image, first and last row of each image that rows ``first`` to ``end`` touch."""
    while first < end:
        n, a = divmod(first, Ho)
        b = min(Ho, a + end - first)
        yield n, a, b
        first += b - a


def _columns(image, window, P, a, b, Wo):
    """Return what rows a to b of windows on an image (C, H, W) see, in parts (P, K, L)."""
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = window
    C, H, W = image.shape
    y = sh * np.arange(a, b) - ph + dh * np.arange(kh)[:, None]  # (kh, rows)
    x = sw * np.arange(Wo) - pw + dw * np.arange(kw)[:, None]  # (kw, Wo)
    inside = ((y >= 0) & (y < H))[:, None, :, None] & ((x >= 0) & (x < W))[:, None, :]
    y, x = np.clip(y, 0, H - 1)[:, None, :, None], np.clip(x, 0, W - 1)[:, None, :]
    seen = np.where(inside, image[:, y, x], 0)  # (C, kh, kw, rows, Wo)
    if P > 1:
        seen = seen.swapaxes(0, 1)
    return seen.reshape(P, C * kh * kw // P, -1)
