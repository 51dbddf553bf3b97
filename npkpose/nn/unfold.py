"""Unfold an image into the patches under a sliding window, and fold them back.

    unfold:  columns[n, (c, i, j), (h, w)] = x[n, c, s h + d i - p, s w + d j - p]
    fold:    image[n, c, y, x] = sum of all the column entries that unfold reads at (y, x)

for stride s, dilation d, padding p; outside the image lie zeros (or ``fill``). With
unfold a convolution is a matrix product. fold is the adjoint of unfold,
<unfold(x), c> = <x, fold(c)>, so each is the other's backward pass. Also known as
im2col and col2im: Chellapilla et al., "High Performance Convolutional Neural Networks
for Document Processing", IWFHR 2006.

The loops run over the kh kw kernel taps and move all windows at once.
"""

import numpy as np

from npkpose._check import check_array, check_number, count_windows
from npkpose.nn._shapes import FLOATS, check_images, pair


def unfold(x, kernel_size, dilation=1, padding=0, stride=1, fill=0.0):
    """Return the patches of ``x`` as columns (N, C kh kw, Ho Wo).

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size, dilation, padding, stride : int or (vertical, horizontal)
    fill : float
        Value outside the image.

    Returns
    -------
    columns : ndarray, shape (N, C kh kw, Ho Wo)
        A view of ``x``, not a copy, for a 1x1 window with stride 1 and no padding.

    Raises
    ------
    ValueError
        A window larger than the padded image, or arguments of the wrong kind.
    """
    x = check_images(x)
    window = _check_window(kernel_size, dilation, padding, stride)
    if not isinstance(fill, float):  # which may also be infinite
        fill = check_number("fill", fill)
    N, C, H, W = x.shape
    Ho, Wo = count_windows((H, W), window)
    (kh, kw), _, (ph, pw), _ = window
    if kh * kw == 1 and not ph and not pw and (Ho, Wo) == (H, W):
        return x.reshape(N, C, H * W)
    if ph or pw:
        padded = np.full((N, C, H + 2 * ph, W + 2 * pw), fill, x.dtype)
        padded[:, :, ph:ph + H, pw:pw + W] = x
        x = padded
    columns = np.empty((N, C, kh, kw, Ho, Wo), x.dtype)
    for i, j, rows, cols in _taps(Ho, Wo, *window):
        columns[:, :, i, j] = x[:, :, rows, cols]
    return columns.reshape(N, C * kh * kw, Ho * Wo)


def fold(columns, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Return images (N, C, H, W) in which overlapping patches have been added up.

    ``columns`` (N, C kh kw, Ho Wo) is laid out as by `unfold`, ``output_size`` is
    (H, W), and the other arguments are those of `unfold`.
    """
    window = _check_window(kernel_size, dilation, padding, stride)
    (kh, kw), _, (ph, pw), _ = window
    H, W = output_size = pair("output_size", output_size, 1)
    Ho, Wo = count_windows(output_size, window)
    columns = check_array("columns", columns, ("N", "C kh kw", Ho * Wo), FLOATS, finite=False)
    N, rows, _ = columns.shape
    C, rest = divmod(rows, kh * kw)
    if rest:
        raise ValueError(f"columns: expected a multiple of {kh * kw} rows, got {rows}")
    patches = columns.reshape(N, C, kh, kw, Ho, Wo)
    image = np.zeros((N, C, H + 2 * ph, W + 2 * pw), columns.dtype)
    for i, j, rows, cols in _taps(Ho, Wo, *window):
        image[:, :, rows, cols] += patches[:, :, i, j]
    return image[:, :, ph:ph + H, pw:pw + W]


def _check_window(kernel_size, dilation, padding, stride):
    return (
        pair("kernel_size", kernel_size, 1),
        pair("dilation", dilation, 1),
        pair("padding", padding, 0),
        pair("stride", stride, 1),
    )


def _taps(Ho, Wo, kernel_size, dilation, padding, stride):
    """Yield (i, j, rows, columns): the slices of the padded image under kernel tap (i, j)."""
    (kh, kw), (dh, dw), (sh, sw) = kernel_size, dilation, stride
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            yield i, j, rows, cols
