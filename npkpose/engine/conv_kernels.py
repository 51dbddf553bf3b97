"""One thread's task of a convolution, compiled from columns to epilogue.

A task is some rows of windows, counted over all images. For a tile of them at a time it

    gathers      the pixels that they see as columns (K, L), L windows in the tile
    multiplies   (O, K) (K, L), or for the weight gradient (K, L) (L, O)
    finishes     y = relu(scale sum + shift + residual) while the sums are in the cache

With a kernel of one part, K = (c, i, j): each window has its pixels of all taps. With kh parts
K = (c, j): pixels are unfolded along the width alone, and what row i of the kernel sees lies d i
rows further on in the same columns. That is kw copies of the image instead of kh kw, and kh
products that are added.

All in one call without Python's lock: threads that shared it would mostly wait for each other.
`npkpose.nn.conv` is the plain version.
"""

import numpy as np

from npkpose._jit import kernel, summing_kernel
from npkpose.engine.gemm import gemm


@kernel
def convolve_rows(
    x, matrices, y, first, end, inputs, channel, window, size, shuffle, tile, columns, sums,
    scale, shift, residual, relu,
):  # fmt: skip
    """Write rows ``first`` to ``end`` of windows, for some channels of a convolution.

    Parameters
    ----------
    x : ndarray, shape (N, channels, H, W)
        Of which ``inputs`` (first, end) are convolved.
    matrices : ndarray, shape (P, O, K)
        The kernel's parts, 1 or kh: see above.
    y : ndarray, shape (N, channels, pixels)
        Sum ``channel`` + o is written to that channel or, with a ``shuffle`` (sh, sw), sum
        (c, r, q) of window (h, w) to pixel (sh h + r, sw w + q) of channel c, as in Shi et al.,
        CVPR 2016, arXiv:1609.05158.
    window, size : ((kernel), (dilation), (padding), (stride)), (Ho, Wo)
    tile : int
        Windows to take at once, at most, but at least a row or, if they are fewer, an image.
    columns, sums : ndarrays, shapes (K, L) and (O, L)
        Scratch buffers for a tile.
    scale, shift, residual, relu
        The epilogue: (channels,), (channels,), the shape of ``y``, bool; left out if empty.
    """
    (kh, kw), (dh, dw), _, _ = window
    (N, _, H, W), (P, O, K), (Ho, Wo), (sh, sw) = x.shape, matrices.shape, size, shuffle
    each, plain = Ho * Wo, sh * sw == 1
    pixels = x.reshape(N, x.shape[1], H * W)
    while first < end:
        n, a, m, b = _next_tile(first, end, Ho, Wo, tile, P)
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
                _finish_row(row, n + i, c, a * Wo, scale, shift, residual, relu)
                if not direct:
                    r, q = (channel + o) // sw % sh, (channel + o) % sw
                    _spread(row, y[n + i, c], (sh * a + r) * sw * Wo + q, Wo, sh, sw)
        first += m * (b - a)


@kernel
def weight_gradient_rows(
    x, dy, dweight, dbias, first, end, inputs, outputs, window, size, tile, swapped, columns, rows
):  # fmt: skip
    """Write the share of rows ``first`` to ``end`` of windows in a weight's gradient.

    Parameters
    ----------
    x, dy : ndarrays, shapes (N, channels, H, W) and (N, channels, Ho Wo)
        Of which ``inputs`` and ``outputs``, each (first, end), are taken.
    dweight : ndarray, shape (P, K, O) if ``swapped`` else (P, O, K)
        Swapped is quicker where O is small.
    dbias : ndarray, shape (O,)
        Gets the sums of dy.
    columns, rows : ndarrays, shapes (K, L) and (L, O) or (O, L)
        Scratch buffers for a tile of windows and its part of dy.

    Others: see `convolve_rows`.
    """
    dh, (Ho, Wo), P = window[1][0], size, len(dweight)
    O, K = outputs[1] - outputs[0], dweight.shape[1] if swapped else dweight.shape[2]
    values, beta = dy.reshape(-1), 0
    dbias[:] = 0
    while first < end:
        n, a, m, b = _next_tile(first, end, Ho, Wo, tile, P)
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
def _next_tile(first, end, Ho, Wo, tile, P):
    """Return the next tile: m images from n on, or rows a to b of image n.

    With several parts, a tile has one image.
    """
    n, a = first // Ho, first % Ho
    m = 0 if a else min(tile // (Ho * Wo), (end - first) // Ho)
    if m:
        return n, 0, m if P == 1 else 1, Ho
    return n, a, 1, min(Ho, a + end - first, a + max(tile // Wo, 1))


@kernel
def _is_view(window, size, H, W):
    """Return whether each window is one pixel, and each pixel has a window."""
    (kh, kw), _, (ph, pw), (sh, sw) = window
    return kh == kw == sh == sw == 1 and ph == pw == 0 and size == (H, W)


@kernel
def _gather(x, n, inputs, window, P, a, b, Wo, columns, start):
    """Write the pixels that windows in rows a to b of image n see to columns from ``start`` on.

    Where a row of the image is as long as a row of windows, in strides, all pixels under one kernel
    tap lie a stride apart, across the ends of rows; wrong pixels at the ends are cleared. With a
    vertical stride, rows that lie a stride apart are first copied together.
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
    """Return low, high, first, begin and end, each with a number for every kernel tap.

    Of the windows in a row, those from low to high see pixels of the image at this tap; of L
    windows from row ``a`` on, those from begin to end do, rows one after another; the first of
    them sees pixel ``first`` of an image whose rows have been copied together.
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
    """Copy ``count`` numbers, ``step`` apart, from s on to t; unsigned indices vectorise."""
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
    """Write O rows of L values, ``apart`` numbers from each other, to rows (from t on, O)."""
    O, v, apart = np.uintp(rows.shape[1]), np.uintp(v), np.uintp(apart)
    target, t = rows.reshape(-1), np.uintp(t) * O
    for begin in range(np.uintp(0), np.uintp(L), np.uintp(16)):  # rows that fit into the cache
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
def _finish_row(row, n, c, first, scale, shift, residual, relu):
    if scale.size:
        for l in range(row.size):
            row[l] *= scale[c]
    if shift.size:
        for l in range(row.size):
            row[l] += shift[c]
    if residual.size:
        for l in range(row.size):
            row[l] += residual[n, c, first + l]
    if relu:
        for l in range(row.size):
            if row[l] < 0:
                row[l] = 0
