"""How work is split, and what windows of an image see."""

from npkpose.engine.scratch import scratch


def split_range(n, count):
    """Split range(n) into at most ``count`` parts of about equal length, [(first, end), ...]."""
    count = max(1, min(count, n))
    edges = [n * i // count for i in range(count + 1)]
    return list(zip(edges, edges[1:]))


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
