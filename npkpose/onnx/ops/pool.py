"""Pooling: the largest, or the mean, of the numbers under a sliding window.

Specification: ONNX, Operators.md, MaxPool-1 to 22, AveragePool-1 to 22. One kernel tap of all
windows is taken at a time, as in `npkpose.nn.pool`.
"""

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.arguments import read_window, taps


def max_pool(x, *, kernel_shape, ceil_mode=0, storage_order=0, outputs, **window):
    """MaxPool-1: the largest number in each window, and where it is, counted through x."""
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    window = _window(x, kernel_shape, ceil_mode, **window)
    if outputs == 1:
        return _pooled(x, window, lowest, np.maximum)
    values = np.stack(list(_seen(x, window, lowest)))
    places = np.stack(list(_seen(_places(x, storage_order), window, -1)))
    best = values.argmax(axis=0)[None]
    return tuple(np.take_along_axis(a, best, 0)[0] for a in (values, places))


def _places(x, storage_order):
    """Return the number of each pixel, counted through all channels; by columns if 1."""
    places = np.arange(x.size).reshape(x.shape)
    if storage_order:
        places = places.reshape(*x.shape[:2], *x.shape[:1:-1])
        places = places.transpose(0, 1, *range(x.ndim - 1, 1, -1))
    return places


def average_pool(x, *, kernel_shape, ceil_mode=0, count_include_pad=0, **window):
    """AveragePool-1: the mean of each window, of its numbers inside of the image by default.

    With ``count_include_pad`` the padding counts too, but nothing beyond it.
    """
    window = _window(x, kernel_shape, ceil_mode, **window)
    total = _pooled(x, window, 0, np.add)
    ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
    if count_include_pad:
        ones = np.pad(ones, [(0, 0), (0, 0), *window[3]], constant_values=1)
        window = *window[:3], [(0, 0)] * (x.ndim - 2), window[4]
    return total / _pooled(ones, window, 0, np.add)


def _window(x, kernel_shape, ceil_mode, auto_pad="NOTSET", **window):
    """Return (kernel size, strides, dilations, pads, output size)."""
    window = read_window(x.shape[2:], kernel_shape, auto_pad=auto_pad, **window)
    kernel, strides, dilations, pads = window
    if min(min(pair) for pair in pads) < 0:
        raise ValueError(f"pads: expected at least 0, got {pads}")
    size = []
    for length, k, s, d, (a, b) in zip(x.shape[2:], kernel, strides, dilations, pads):
        room = length + a + b - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode and auto_pad == "NOTSET" else room // s) + 1
        if ceil_mode and (count - 1) * s >= length + a:  # it would begin after the image
            count -= 1
        size.append(count)
    if min(size) < 1:
        raise ValueError(f"x: expected at least one window of {kernel}, got {list(x.shape)}")
    check_size((*x.shape[:2], *size), x.itemsize)
    return *window, size


def _pooled(x, window, fill, function):
    """Return the maximum or sum of each window, one kernel tap of all after the other."""
    seen = _seen(x, window, fill)
    y = next(seen).copy()
    for tap in seen:
        function(y, tap, out=y)
    return y


def _seen(x, window, fill):
    """Yield for each kernel tap the numbers that all windows see there, with padding."""
    kernel, strides, dilations, pads, size = window
    reach = [(m - 1) * s + d * (k - 1) + 1 for m, s, d, k in zip(size, strides, dilations, kernel)]
    widths = [(a, max(r - n - a, 0)) for n, (a, _), r in zip(x.shape[2:], pads, reach)]
    check_size((*x.shape[:2], *map(sum, zip(x.shape[2:], map(sum, widths)))), x.itemsize)
    if any(map(any, widths)):
        x = np.pad(x, [(0, 0), (0, 0), *widths], constant_values=fill)
    for place in taps(kernel, strides, dilations, size).values():
        yield x[place]


def over_images(function):
    """Return an operator that makes one number of each channel of each image."""
    return lambda x: function(x, axis=tuple(range(2, x.ndim)), keepdims=True)


OPS = {
    "MaxPool": {1: max_pool}, "AveragePool": {1: average_pool},
    "GlobalAveragePool": {1: over_images(np.mean)}, "GlobalMaxPool": {1: over_images(np.max)},
}  # fmt: skip
