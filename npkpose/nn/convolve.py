"""The arithmetic of a convolution, with fewer copies of the image than `unfold` makes.

    y[o,h,w] = sum_{i,c,j} weight[o,c,i,j] x[c, s h + d i - p, s w + d j - p]

`unfold` copies the pixels into each of the kh kw places of the window. Here they are unfolded
along the width alone, with the rows sorted by their remainder f when divided by s:

    columns[(c,j), f, r, w] = x[c, s r + f - p, s w + d j - p]

What row i of the window sees, rows s h + d i, then lies one after another in memory, from
r = d i // s at f = d i mod s, and can be multiplied where it is:

    y[o,(h,w)] = sum_i weight_i[o,(c,j)] part_i[(c,j),(h,w)]

That is kw copies instead of kh kw. The image is cut into strips of rows whose columns stay in the
cache; the strips go to all cores, and what follows the convolution (`Tail`) is done to a strip
while it is still there. Where there are few pixels, the weights are the larger array, and putting
them in the order that weight_i needs costs more than it saves: there `unfold` it is. A depthwise
convolution sums shifted images, since its products would have single rows.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from npkpose.nn.threads import num_threads, run_all, scratch
from npkpose.nn.unfold import window_counts

STRIP = 2**19  # numbers in the columns of a strip: 2 MB in float32, but
PIXELS = 1024  # no fewer pixels, which would make products too narrow to be fast
SMALL = 2**21  # multiplications below which a second thread costs more than it gives
FEW_PIXELS = 8  # for each output channel


class Tail(NamedTuple):
    """What is done to y in place: y <- relu(slope y + offset + skip). None leaves a step out.

    ``slope`` and ``offset`` are (O, 1), ``skip`` is (N, O, pixels) or, for one image,
    (O, pixels).
    """

    slope: np.ndarray | None = None
    offset: np.ndarray | None = None
    skip: np.ndarray | None = None
    relu: bool = False

    def of_image(self, n):
        """Return the tail for image n."""
        return self if self.skip is None else self._replace(skip=self.skip[n])

    def of_channels(self, part):
        """Return the tail for a slice of the output channels."""
        slope, offset = (a if a is None else a[part] for a in (self.slope, self.offset))
        skip = None if self.skip is None else self.skip[..., part, :]
        return self._replace(slope=slope, offset=offset, skip=skip)

    def of_pixels(self, part):
        """Return the tail for a slice of the pixels."""
        return self if self.skip is None else self._replace(skip=self.skip[..., part])

    def __call__(self, y):
        """Change ``y`` (O, pixels)."""
        if self.slope is not None:
            y *= self.slope
        if self.offset is not None:
            y += self.offset
        if self.skip is not None:
            y += self.skip
        if self.relu:
            np.maximum(y, 0, out=y)


def convolve(x, weight, window, groups=1, tail=Tail()):
    """Return the convolution of images (N, C, H, W) and what its tail makes of it.

    ``weight`` is (O, C / groups, kh, kw) of the dtype of ``x``; ``window`` is (kernel size,
    dilation, padding, stride), each a pair, as `unfold` takes it.
    """
    N, C, H, W = x.shape
    O = len(weight)
    Ho, Wo = window_counts((H, W), *window)
    depthwise = 1 < groups == C == O
    if groups > 1 and not depthwise:
        return _convolve_groups(x, weight, window, groups, tail)
    y = np.empty((N, O, Ho * Wo), x.dtype)
    pieces = (_channel_pieces if depthwise else _row_pieces)(weight, window, (Ho, Wo))
    works = [partial(piece, x[n], y[n], tail.of_image(n)) for n in range(N) for piece in pieces]
    run_all(works)
    return y.reshape(N, O, Ho, Wo)


def _convolve_groups(x, weight, window, groups, tail):
    outputs = []
    for g in range(groups):
        inputs = x.shape[1] // groups
        part = slice(g * len(weight) // groups, (g + 1) * len(weight) // groups)
        image = x[:, g * inputs : (g + 1) * inputs]
        outputs.append(convolve(image, weight[part], window, 1, tail.of_channels(part)))
    return np.concatenate(outputs, axis=1)


def _row_pieces(weight, window, size):
    """Functions (x, y, tail) that each make some of the output's rows."""
    O, C, kh, kw = weight.shape
    Ho, Wo = size
    sh = window[3][0]
    if kh == 1 or Ho * Wo < FEW_PIXELS * O:
        make, weight, row = _rows_unfolded, weight.reshape(O, C * kh * kw), C * kh * kw * Wo
    else:
        weight = np.ascontiguousarray(weight.transpose(2, 0, 1, 3)).reshape(kh, O, C * kw)
        make, row = _rows_by_window_rows, C * kw * sh * Wo
    strips = min(-(-Ho * row // STRIP), -(-Ho * Wo // PIXELS))
    cuts = _cuts(Ho, strips, weight.size * Ho * Wo)
    return [partial(make, weight, window, a, b, Wo) for a, b in cuts]


def _channel_pieces(weight, window, size):
    """Functions (x, y, tail) that each make some channels of a depthwise convolution."""
    C = len(weight)
    row = size[0] * size[1] * window[3][0] * window[3][1]
    cuts = _cuts(C, -(-C * row // STRIP), weight.size * size[0] * size[1])
    return [partial(_channels, weight, window, a, b, size) for a, b in cuts]


def _cuts(n, count, cost):
    """Cut range(n) into ``count`` parts of like length or a few more: [(first, end), ...].

    As many for each thread, where the ``cost`` in multiplications is worth a thread.
    """
    T = num_threads() if cost >= SMALL else 1
    count = max(1, min(-(-count // T) * T, n))
    edges = [n * i // count for i in range(count + 1)]
    return list(zip(edges, edges[1:]))


def _rows_unfolded(weight, window, a, b, Wo, x, y, tail):
    """Rows a to b of the output, from one product with all places of the window."""
    (kh, kw), (dh, _), (ph, pw), (sh, sw) = window
    C, H, W = x.shape
    pixels = slice(a * Wo, b * Wo)
    if kh * kw * sh * sw == 1 and not ph and not pw:
        columns = x.reshape(C, H * W)[:, pixels]
    else:
        columns = scratch((C, kh, kw, b - a, Wo), x.dtype)
        _fill(columns, x, [sh * a - ph + dh * i for i in range(kh)], window)
        columns = columns.reshape(C * kh * kw, (b - a) * Wo)
    part = y[:, pixels]
    np.matmul(weight, columns, out=part)
    tail.of_pixels(pixels)(part)


def _rows_by_window_rows(weight, window, a, b, Wo, x, y, tail):
    """Rows a to b of the output, from one product for each row of the window."""
    (kh, kw), (dh, _), (ph, _), (sh, _) = window
    C = len(x)
    rows = b - a + dh * (kh - 1) // sh
    columns = scratch((C, kw, sh, rows, Wo), x.dtype)
    _fill(columns.transpose(0, 2, 1, 3, 4), x, [sh * a - ph + f for f in range(sh)], window)
    columns = columns.reshape(C * kw, sh, rows * Wo)
    pixels, L = slice(a * Wo, b * Wo), (b - a) * Wo
    part = y[:, pixels]
    np.matmul(weight[0], columns[:, 0, :L], out=part)
    for i in range(1, kh):
        first, f = divmod(dh * i, sh)
        part += weight[i] @ columns[:, f, first * Wo : first * Wo + L]
    tail.of_pixels(pixels)(part)


def _channels(weight, window, a, b, size, x, y, tail):
    """Channels a to b of a depthwise convolution: a sum of shifted images."""
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = window
    _, H, W = x.shape
    Ho, Wo = size
    padded = scratch((b - a, H + 2 * ph, W + 2 * pw), x.dtype)
    padded[...] = 0
    padded[:, ph : ph + H, pw : pw + W] = x[a:b]
    part = y[a:b].reshape(b - a, Ho, Wo)
    part[...] = 0
    product = np.empty_like(part)
    for i in range(kh):
        for j in range(kw):
            rows = slice(dh * i, dh * i + sh * (Ho - 1) + 1, sh)
            cols = slice(dw * j, dw * j + sw * (Wo - 1) + 1, sw)
            np.multiply(padded[:, rows, cols], weight[a:b, :, i, j, None], out=product)
            part += product
    tail.of_channels(slice(a, b))(y[a:b])


def _fill(columns, x, starts, window):
    """columns[c,f,j,r,w] = x[c, starts[f] + s r, s w + d j - p], zero outside the image."""
    _, (_, dw), (_, pw), (sh, sw) = window
    _, _, kw, rows, Wo = columns.shape
    _, H, W = x.shape
    for f, start in enumerate(starts):
        top, bottom = _inside(start, sh, rows, H)
        columns[:, f, :, :top] = 0
        columns[:, f, :, bottom:] = 0
        image = x[:, start + sh * top : start + sh * bottom : sh]
        for j in range(kw):
            left, right = _inside(dw * j - pw, sw, Wo, W)
            first = dw * j - pw + sw * left
            part = columns[:, f, j, top:bottom]
            part[..., :left] = 0
            part[..., right:] = 0
            part[..., left:right] = image[..., first : first + sw * (right - left) : sw]


def _inside(start, step, count, n):
    """The range of k in range(count) for which start + step k is in range(n)."""
    first = min(max(0, -(start // step)), count)
    return first, max(first, min(count, -((start - n) // step)))
