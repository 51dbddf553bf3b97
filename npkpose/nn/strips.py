"""The windows of a convolution cut into strips, and the pixels that a strip sees as columns.

A strip is some rows of windows on one image, or all windows on a few small images. Its columns
hold the pixels either of all places of the window, or unfolded along the width alone, in parts
for the rows of the window: `npkpose.nn.convolve` has the formulas. Small images can be joined,
side by side in one matrix, so that one product takes them all.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from npkpose.nn.threads import num_threads, scratch

STRIP = 2**19  # numbers in the columns of a strip: 2 MB in float32, but
PIXELS = 1024  # no fewer windows, which would make products too narrow to be fast
LEAST = 192  # windows that are worth a thread
SMALL = 2**22  # multiplications below which a second thread costs more than it gives
ALIASED = 1024  # bytes; rows that lie a multiple of it apart compete for the same cache lines


class Strip:
    """Windows on the ``images`` (first, end) of x, in rows (first, end) of them.

    ``x`` is (N, C, H, W), ``window`` (kernel size, dilation, padding, stride), pairs, ``size``
    (Ho, Wo) the number of windows on an image. ``whole`` asks for columns of all places of the
    window, ``joined`` for all images in one matrix (only with ``whole``).
    """

    def __init__(self, x, window, size, images, rows, whole, joined):
        self.x, self.window, self.size = x[slice(*images)], window, size
        self.images, self.rows = images, rows
        self.pixels = rows[0] * size[1], rows[1] * size[1]  # first, end
        self.whole, self.joined = whole, joined

    def columns(self):
        """Return the columns in parts (P, n, K, L) or, joined, (P, 1, K, n L).

        One part, K = (c, i, j), if ``whole``; else one for each row of the window, K = (j, c).
        They are scratch memory of this thread, or a view of the images.
        """
        (kh, kw), (dh, dw), padding, stride = self.window
        (n, C, H, W), rows, Wo = self.x.shape, self.rows[1] - self.rows[0], self.size[1]
        if (kh * kw, *padding, *stride) == (1, 0, 0, 1, 1) and self.size == (H, W):
            if not self.joined:
                return self.x.reshape(1, n, C, H * W)[..., slice(*self.pixels)]
        seen = padded(self.x, self.window, self.rows, Wo)
        N, c, y, x = seen.strides
        sy, sx = stride[0] * y, stride[1] * x
        if self.joined:
            matrix = scratch((1, 1, C * kh * kw, n * rows * Wo), seen.dtype, "columns")
            shape, steps = (C, kh, kw, n, rows, Wo), (c, dh * y, dw * x, N, sy, sx)
        elif self.whole:
            matrix = _matrix(n, C * kh * kw, rows * Wo, seen.dtype)
            shape, steps = (n, C, kh, kw, rows, Wo), (N, c, dh * y, dw * x, sy, sx)
        else:
            matrix = _matrix(n, kw * C, seen.shape[2] * Wo, seen.dtype)
            shape, steps = (n, kw, C, seen.shape[2], Wo), (N, dw * x, c, y, sx)
        matrix.reshape(shape)[...] = as_strided(seen, shape, steps)
        if self.whole:
            return matrix
        shape, part = (kh, n, kw * C, rows * Wo), dh * Wo * seen.itemsize
        return as_strided(matrix, shape, (part, *matrix.strides[1:]))

    def join(self, y):
        """Return this strip's part of ``y`` (N, O, pixels), laid out as the columns are."""
        y = y[slice(*self.images), :, slice(*self.pixels)]
        if not self.joined:
            return y
        joined = scratch((y.shape[1], len(y), y.shape[2]), y.dtype, "joined")
        joined[...] = y.swapaxes(0, 1)
        return joined.reshape(1, y.shape[1], -1)


def make_strips(x, window, size, multiplications, whole, join_below=1):
    """Return strips of all windows on images ``x`` (N, C, H, W), an even share for each thread.

    ``multiplications`` is how many each window takes: where they are few, or the windows, there
    are not as many strips as threads. Images of fewer windows than ``join_below`` are joined.
    Other arguments: see `Strip`.
    """
    kh, kw = window[0]
    N, C = x.shape[:2]
    each = size[0] * size[1]  # windows on an image
    if not N * each:
        return []
    T = num_threads() if N * each * multiplications >= SMALL else 1
    T = min(T, max(1, N * each // LEAST))
    windows = max(PIXELS, STRIP // (C * kw * (kh if whole else 1)))
    windows = min(windows, -(-N * each // T))
    if each <= windows:
        joined = whole and each < join_below
        images = cuts(N, -(-N // (windows // each)))
        return [Strip(x, window, size, part, (0, size[0]), whole, joined) for part in images]
    count = -(-each // windows)
    if N % T:
        count = -(-count // T) * T
    rows, images = cuts(size[0], count), cuts(N, N)
    return [Strip(x, window, size, n, part, whole, False) for n in images for part in rows]


def cuts(n, count):
    """Cut range(n) into at most ``count`` parts of like length, [(first, end), ...]."""
    count = max(1, min(count, n))
    edges = [n * i // count for i in range(count + 1)]
    return list(zip(edges, edges[1:]))


def padded(x, window, rows, width):
    """Return what windows in rows (first, end), ``width`` of them in each, see of images ``x``.

    A view where they stay inside the images, else scratch memory with the zeros around.
    """
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = window
    H, W = x.shape[2:]
    top, bottom = sh * rows[0] - ph, sh * (rows[1] - 1) - ph + dh * (kh - 1) + 1
    left, right = -pw, sw * (width - 1) - pw + dw * (kw - 1) + 1
    if top >= 0 and left >= 0 and bottom <= H and right <= W:
        return x[:, :, top:bottom, left:right]
    seen = scratch((*x.shape[:2], bottom - top, right - left), x.dtype, "padded")
    seen[...] = 0
    y0, y1, x0, x1 = max(top, 0), min(bottom, H), max(left, 0), min(right, W)
    if y0 < y1 and x0 < x1:
        seen[:, :, y0 - top : y1 - top, x0 - left : x1 - left] = x[:, :, y0:y1, x0:x1]
    return seen


def row_length(L, dtype):
    """Return a length, L or a little more, of rows that do not compete for places in the cache."""
    step = np.dtype(dtype).itemsize
    return L if L * step % ALIASED else L + 64 // step


def _matrix(n, K, L, dtype):
    return scratch((1, n, K, row_length(L, dtype)), dtype, "columns")[..., :L]
