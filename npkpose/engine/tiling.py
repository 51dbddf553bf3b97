"""How work is cut up: shares for the threads, and blocks of windows that stay in the cache."""

from npkpose.engine.threads import num_threads, scratch

STRIP = 2**18  # numbers in the columns of a block: 1 MB in float32, but
PIXELS = 1024  # no fewer windows, which would make products too narrow to be fast
NARROW = 40  # windows of an image below which its products are too narrow; it is joined to others
LEAST = 192  # windows that are worth a thread
SMALL = 2**22  # multiplications below which a second thread costs more than it gives
ALIASED = 128  # numbers; rows that lie a multiple of it apart compete for the same cache lines


def cuts(n, count):
    """Cut range(n) into at most ``count`` parts of like length, [(first, end), ...]."""
    count = max(1, min(count, n))
    edges = [n * i // count for i in range(count + 1)]
    return list(zip(edges, edges[1:]))


def shares(N, size, multiplications):
    """Cut the rows of windows on N images into a share for each thread, [(first, end), ...].

    Rows are counted over all images, of ``size`` (Ho, Wo) windows each of which takes so many
    ``multiplications``. Whole images stay together where they come out even, or are small.
    """
    windows = N * size[0] * size[1]
    if not windows:
        return []
    T = num_threads() if windows * multiplications >= SMALL else 1
    T = min(T, max(1, windows // LEAST))
    if N % T and N < 8 * T:
        return cuts(N * size[0], T)
    return [(size[0] * a, size[0] * b) for a, b in cuts(N, T)]


def block_windows(size, places):
    """Return how many windows, each of ``places`` numbers, are taken at a time.

    Those are some small images, or one, or some rows of one.
    """
    each = size[0] * size[1]
    if each < NARROW:
        return each * max(1, PIXELS // each)
    rows = max(PIXELS, STRIP // places) // size[1]
    return size[1] * min(size[0], max(1, rows))


def row_length(length):
    """Return that many numbers, or some more, so that rows do not compete for the cache."""
    return length if length % ALIASED else length + 16


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
