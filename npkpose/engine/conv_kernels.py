"""The parts of a convolution that a thread works at, compiled from columns to tail.

A thread takes some rows of windows, counted over all images, and for a block of them at a time

    gathers   the pixels that they see as columns (K, L), L windows in the block
    multiplies   (O, K) (K, L), or for the weight gradient (K, L) (L, O)
    finishes   y = relu(slope sum + offset + skip) while the sums are in the cache

With a window of one part, K = (c, i, j): each window has its pixels of all places. With kh parts
K = (c, j): pixels are unfolded along the width alone, and what row i of the window sees lies d i
rows further on in the same columns. That is kw copies of the image instead of kh kw, and kh
products that add up.

All in one call without Python's lock: threads that shared it would mostly wait for each other.
The twins in `npkpose.reference.engine.conv_kernels` do the same in NumPy.
"""

import numpy as np

from npkpose._jit import kernel, summing_kernel
from npkpose.engine.gemm import gemm


@kernel
def convolve_rows(
    x, matrices, y, first, end, inputs, channel, window, size, shuffle, block, columns, sums,
    slope, offset, skip, relu,
):  # fmt: skip
    """Write rows of windows ``first`` to ``end`` of some channels of a convolution.

    Parameters
    ----------
    x : ndarray, shape (N, channels, H, W)
        Of which ``inputs`` (first, end) are convolved.
    matrices : ndarray, shape (P, O, K)
        The weight's parts, 1 or kh: see above.
    y : ndarray, shape (N, channels, pixels)
        Sum ``channel`` + o is written to that channel or, with a ``shuffle`` (sh, sw), sum
        (c, r, q) of window (h, w) to pixel (sh h + r, sw w + q) of channel c, as in Shi et al.,
        CVPR 2016, arXiv:1609.05158.
    window, size : ((kernel), (dilation), (padding), (stride)), (Ho, Wo)
    block : int
        Windows to take at once, at most, but at least a row or, if they are fewer, an image.
    columns, sums : ndarrays, shapes (K, L) and (O, L)
        Scratch memory for a block.
    slope, offset, skip, relu
        The tail: (channels,), (channels,), the shape of ``y``, bool; left out if empty.
    """
    (kh, kw), (dh, dw), _, _ = window
    (N, _, H, W), (P, O, K), (Ho, Wo), (sh, sw) = x.shape, matrices.shape, size, shuffle
    each, plain = Ho * Wo, sh * sw == 1
    pixels = x.reshape(N, x.shape[1], H * W)
    while first < end:
        n, a, m, b = _next_block(first, end, Ho, Wo, block, P)
        L = m * (b - a) * Wo
        if _is_view(window, size, H, W) and m == 1:
            source, ld = pixels[n, inputs[0] :, a * Wo :], H * W
        else:
            for i in range(m):
                _gather(x, n + i, inputs, window, P, a, b, Wo, columns, i * (b - a) * Wo)
            source, ld = columns[:, :], columns.shape[1]
        direct = plain and m == 1
        target, ldc = sums[:, :], sums.shape[1]
        if direct:
            target, ldc = y[n, channel:, a * Wo :], y.shape[2]
        for p in range(P):
            seen = source[:, p * dh * Wo :]
            gemm(False, O, L, K, matrices[p], K, seen, ld, min(p, 1), target, ldc)
        for i in range(m):
            for o in range(O):
                c = (channel + o) // (sh * sw)
                if direct:
                    row = y[n, c, a * Wo : b * Wo]
                else:
                    row = sums[o, i * each : i * each + (b - a) * Wo]
                _finish_row(row, n + i, c, a * Wo, slope, offset, skip, relu)
                if not direct:
                    r, q = (channel + o) // sw % sh, (channel + o) % sw
                    _spread(row, y[n + i, c], (sh * a + r) * sw * Wo + q, Wo, sh, sw)
        first += m * (b - a)


@kernel
def weight_gradient_rows(
    x, dy, dweight, dbias, first, end, inputs, outputs, window, size, block, swapped, columns, rows
):  # fmt: skip
    """Write what rows of windows ``first`` to ``end`` contribute to a weight's gradient.

    Parameters
    ----------
    x, dy : ndarrays, shapes (N, channels, H, W) and (N, channels, Ho Wo)
        Of which ``inputs`` and ``outputs``, each (first, end), are taken.
    dweight : ndarray, shape (P, K, O) if ``swapped`` else (P, O, K)
        Swapped is quicker where O is small.
    dbias : ndarray, shape (O,)
        Gets the sums of dy.
    columns, rows : ndarrays, shapes (K, L) and (L, O) or (O, L)
        Scratch memory for a block of windows and its part of dy.

    Others: see `convolve_rows`.
    """
    dh, (Ho, Wo), P = window[1][0], size, len(dweight)
    O, K = outputs[1] - outputs[0], dweight.shape[1] if swapped else dweight.shape[2]
    values, beta = dy.reshape(-1), 0
    dbias[:] = 0
    while first < end:
        n, a, m, b = _next_block(first, end, Ho, Wo, block, P)
        each = (b - a) * Wo
        for i in range(m):
            _gather(x, n + i, inputs, window, P, a, b, Wo, columns, i * each)
            v = ((n + i) * dy.shape[1] + outputs[0]) * dy.shape[2] + a * Wo
            for o in range(O):
                dbias[o] += _sum(values, v + o * dy.shape[2], each)
                if not swapped:
                    at = o * rows.shape[1] + i * each
                    _copy(values, v + o * dy.shape[2], 1, rows.reshape(-1), at, each)
            if swapped:
                _transpose(values, v, dy.shape[2], each, rows, i * each)
        ld, lr = columns.shape[1], rows.shape[1]
        for p in range(P):
            seen = columns[:, p * dh * Wo :]
            if swapped:
                gemm(False, K, O, m * each, seen, ld, rows, lr, beta, dweight[p], O)
            else:
                gemm(True, O, K, m * each, rows, lr, seen, ld, beta, dweight[p], K)
        beta = 1
        first += m * (b - a)


@kernel
def sum_shifted(padded, weight, window, size, y, image, channel, slope, offset, skip, relu):
    """Write channels of a depthwise convolution of one image to ``y`` (N, C, pixels).

    ``padded`` (c, height, width) are the channels from ``channel`` on, with the zeros around
    them; ``weight`` is (C, 1, kh, kw), ``size`` is (Ho, Wo). The tail is as in `convolve_rows`.
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
def _next_block(first, end, Ho, Wo, block, P):
    """Return image n, row a, and that m images, or the rows up to b of one, come next.

    Columns of several parts are those of one image.
    """
    n, a = first // Ho, first % Ho
    m = 0 if a else min(block // (Ho * Wo), (end - first) // Ho)
    if m:
        return n, 0, m if P == 1 else 1, Ho
    return n, a, 1, min(Ho, a + end - first, a + max(block // Wo, 1))


@kernel
def _is_view(window, size, H, W):
    """Return whether windows are single pixels, and all of them."""
    (kh, kw), _, (ph, pw), (sh, sw) = window
    return kh == kw == sh == sw == 1 and ph == pw == 0 and size == (H, W)


@kernel
def _gather(x, n, inputs, window, P, a, b, Wo, columns, start):
    """Write what windows in rows a to b of image n see to columns from ``start`` on.

    Where an image's rows have as many pixels as windows have strides, all that is seen at one
    place of the window lies a stride apart, over the ends of rows; what is wrong there is
    cleared. Rows that lie a stride apart are brought together first.
    """
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = window
    _, C, H, W = x.shape
    if P > 1:
        b, kh = b + dh * (kh - 1), 1
    pixels, target, L = x.reshape(-1), columns.reshape(-1), (b - a) * Wo
    flat, tall = W == sw * Wo, -(-H // sh)  # rows of a remainder
    apart = np.empty(sh * tall * W if flat and sh > 1 else 0, x.dtype)
    edges = _edges(H, W, window, kh, a, L, Wo)
    for c in range(inputs[0], inputs[1]):
        image = (n * C + c) * H * W
        if apart.size:
            for y in range(max(sh * a - ph, 0), min(sh * (b - 1) - ph + dh * (kh - 1) + 1, H)):
                _copy(pixels, image + y * W, 1, apart, (y % sh * tall + y // sh) * W, W)
        for i in range(kh):
            for j in range(kw):
                k = ((c - inputs[0]) * kh + i) * kw + j
                at = k * columns.shape[1] + start
                low, high, first = edges[0, i, j], edges[1, i, j], edges[2, i, j]
                begin, end = edges[3, i, j], edges[4, i, j]
                if not flat:
                    top, left = sh * a - ph + dh * i, dw * j - pw
                    for r in range(b - a):
                        y, row = top + sh * r, at + r * Wo
                        if 0 <= y < H:
                            _clear(target, row, low)
                            seen = image + y * W + left + sw * low
                            _copy(pixels, seen, sw, target, row + low, high - low)
                            _clear(target, row + high, Wo - high)
                        else:
                            _clear(target, row, Wo)
                    continue
                _clear(target, at, begin)
                seen, source = (image + first, pixels) if sh == 1 else (first, apart)
                _copy(source, seen, sw, target, at + begin, end - begin)
                _clear(target, at + end, L - end)
                if low > 0 or high < Wo:
                    for r in range(b - a):
                        _clear(target, at + r * Wo, low)
                        _clear(target, at + r * Wo + high, Wo - high)


@kernel
def _edges(H, W, window, kh, a, L, Wo):
    """Return arrays low, high, first, begin and end, with a number for each place of the window.

    Of the windows in a row, those from low to high are inside the image there; of L windows from
    row ``a`` on, those from begin to end, rows one after another; the first sees pixel ``first``,
    of an image whose rows have been brought together.
    """
    (_, kw), (dh, dw), (ph, pw), (sh, sw) = window
    edges = np.empty((5, kh, kw), np.int64)
    tall = -(-H // sh)
    for i in range(kh):
        top = sh * a - ph + dh * i
        r = top % sh
        rows = (H - r - 1) // sh + 1  # of this remainder
        for j in range(kw):
            left = dw * j - pw
            low = min(max(-(left // sw), 0), Wo)
            high = max(min((W - 1 - left) // sw + 1, Wo), low)
            first = (top - r) // sh * W + left
            begin = min(max(-(first // sw), 0), L)
            end = max(min((rows * W - 1 - first) // sw + 1, L), begin)
            edges[0, i, j], edges[1, i, j] = low, high
            edges[2, i, j] = r * tall * W + first + sw * begin
            edges[3, i, j], edges[4, i, j] = begin, end
    return edges


@kernel
def _copy(source, s, step, target, t, count):
    """Copy every so many numbers from ``s`` on to ``t``; unsigned, so that none counts back."""
    s, t = np.uintp(s), np.uintp(t)
    if step == 1:
        for l in range(np.uintp(count)):
            target[t + l] = source[s + l]
    elif step == 2:
        for l in range(np.uintp(count)):
            target[t + l] = source[s + np.uintp(2) * l]
    else:
        for l in range(np.uintp(count)):
            target[t + l] = source[s + np.uintp(step) * l]


@kernel
def _clear(target, t, count):
    t = np.uintp(t)
    for l in range(np.uintp(count)):
        target[t + l] = 0


@summing_kernel
def _sum(values, v, count):
    v, total = np.uintp(v), values.dtype.type(0)
    for l in range(np.uintp(count)):
        total += values[v + l]
    return total


@kernel
def _transpose(values, v, apart, L, rows, t):
    """Write values, O rows of L that lie so far apart, to rows (from t on, O)."""
    O, v, apart = np.uintp(rows.shape[1]), np.uintp(v), np.uintp(apart)
    target, t = rows.reshape(-1), np.uintp(t) * O
    for begin in range(np.uintp(0), np.uintp(L), np.uintp(16)):  # which fit into the cache
        end = min(begin + np.uintp(16), np.uintp(L))
        for o in range(O):
            for l in range(begin, end):
                target[t + l * O + o] = values[v + o * apart + l]


@kernel
def _spread(row, pixels, start, Wo, sh, sw):
    """Write rows of Wo sums to every sw-th pixel of every sh-th row of an image."""
    start, step, count = np.uintp(start), np.uintp(sw), np.uintp(Wo)
    apart, rows = np.uintp(sh * sw * Wo), np.uintp(len(row) // Wo)
    for h in range(rows):
        for w in range(count):
            pixels[start + h * apart + step * w] = row[h * count + w]


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
