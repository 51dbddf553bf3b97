"""How a convolution is split: a range for each thread, and tiles of windows that fit the cache."""

from typing import NamedTuple

from npkpose.engine.scratch import scratch

CACHE_ALIAS = 128  # numbers; rows that lie a multiple of it apart compete for the same cache lines
MIN_PARALLEL = 2**22  # multiplications below which a second thread costs more than it gives


class Limits(NamedTuple):
    """Sizes at which one way of a convolution becomes faster than another, found by timing."""

    tile: int = 2**18  # numbers in the columns of a tile, 1 MB in float32, but
    min_tile_windows: int = 1024  # no fewer windows: narrow products are slow
    min_gemm_width: int = 40  # windows of an image below which several images are joined
    min_gemm_depth: int = 24  # rows of columns below which products are slow
    min_windows_per_thread: int = 192
    unfold_all_below: int = 8  # pixels for each output channel: the weight is the larger array
    fold_below: int = 2  # the same for the input gradient
    shuffle_rows: int = 64  # rows of products up to which all remainders are made at once
    by_channels_above: int = 64  # output channels of which a weight gradient is split by channels


LIMITS = Limits()


def split_range(n, count):
    """Split range(n) into at most ``count`` parts of about equal length, [(first, end), ...]."""
    count = max(1, min(count, n))
    edges = [n * i // count for i in range(count + 1)]
    return list(zip(edges, edges[1:]))


def split_rows(N, size, multiplications, threads, limits=LIMITS):
    """Split the rows of windows on N images into a part for each thread, [(first, end), ...].

    Rows are counted over all images, each of ``size`` (Ho, Wo) windows of ``multiplications``
    each. Whole images stay together where they divide evenly, or are small.
    """
    windows = N * size[0] * size[1]
    if not windows:
        return []
    T = threads if windows * multiplications >= MIN_PARALLEL else 1
    T = min(T, max(1, windows // limits.min_windows_per_thread))
    if N % T and N < 8 * T:
        return split_range(N * size[0], T)
    return [(size[0] * a, size[0] * b) for a, b in split_range(N, T)]


def tile_windows(size, taps, limits=LIMITS):
    """Return how many windows are taken at a time, each a column of ``taps`` numbers.

    They are some small images, or one, or some rows of one.
    """
    per_image = size[0] * size[1]
    if per_image < limits.min_gemm_width:
        return per_image * max(1, limits.min_tile_windows // per_image)
    rows = max(limits.min_tile_windows, limits.tile // taps) // size[1]
    return size[1] * min(size[0], max(1, rows))


def row_length(length):
    """Return ``length``, or a little more, so that rows do not compete for the cache."""
    return length if length % CACHE_ALIAS else length + 16


def padded(x, window, rows, width):
    """Return what windows in rows (first, end), ``width`` of them in each, see of images ``x``.

    A view where they stay inside the images, else a scratch buffer with zeros around.
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
