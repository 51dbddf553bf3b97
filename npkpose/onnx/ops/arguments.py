"""What operators do with their arguments: axes, sizes, spatial attributes."""

import numpy as np


def ints(value):
    """Return an attribute or an input of integers as a list of int; None stays None."""
    return None if value is None else [int(v) for v in np.asarray(value).reshape(-1)]


def scalar(value, default=None):
    """Return the single number in an input that may be left out."""
    if value is None:
        return default
    value = np.asarray(value)
    if value.size != 1:
        raise ValueError(f"input: expected one number, got shape {list(value.shape)}")
    return value.reshape(-1)[0]


def check_axis(axis, ndim):
    """Return an axis counted from the front."""
    axis = int(axis)
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis: expected -{ndim} to {ndim - 1}, got {axis}")
    return axis % ndim


def check_axes(axes, ndim):
    """Return distinct axes counted from the front."""
    axes = [check_axis(axis, ndim) for axis in ints(axes)]
    if len(set(axes)) < len(axes):
        raise ValueError(f"axes: expected different ones, got {axes}")
    return tuple(axes)


def along(numbers, axis, ndim):
    """Return numbers (n,) in a shape that is broadcast along one of ``ndim`` axes."""
    return numbers.reshape(-1, *[1] * (ndim - 1 - axis))


def per_axis(name, value, count, default, at_least):
    """Return an attribute that has a number for each of ``count`` spatial axes."""
    numbers = [default] * count if value is None else ints(value)
    if len(numbers) != count or min(numbers, default=at_least) < at_least:
        raise ValueError(
            f"{name}: expected {count} numbers of at least {at_least}, got {numbers}"
        )
    return tuple(numbers)


def read_window(
    size, kernel_shape, strides=None, dilations=None, pads=None, auto_pad="NOTSET"
):
    """Return kernel size, strides, dilations and (before, after) of each spatial axis."""
    kernel = per_axis("kernel_shape", kernel_shape, len(size), 1, 1)
    strides = per_axis("strides", strides, len(size), 1, 1)
    dilations = per_axis("dilations", dilations, len(size), 1, 1)
    pads = resolve_pads(size, kernel, strides, dilations, pads, auto_pad)
    return kernel, strides, dilations, pads


def resolve_pads(size, kernel, strides, dilations, pads, auto_pad):
    """Return [(before, after), ...] for each spatial axis.

    SAME puts an odd pixel after the image (UPPER) or before it (LOWER).
    """
    n = len(size)
    if auto_pad in ("NOTSET", ""):
        pads = [0] * (2 * n) if pads is None else ints(pads)
        if len(pads) != 2 * n:
            raise ValueError(f"pads: expected {2 * n} numbers, got {pads}")
        return list(zip(pads[:n], pads[n:]))
    if auto_pad == "VALID":
        return [(0, 0)] * n
    if auto_pad not in ("SAME_UPPER", "SAME_LOWER"):
        raise ValueError(f"auto_pad: expected NOTSET, VALID or SAME, got {auto_pad!r}")
    found = []
    for length, k, s, d in zip(size, kernel, strides, dilations):
        total = max((-(-length // s) - 1) * s + d * (k - 1) + 1 - length, 0)
        small, large = total // 2, total - total // 2
        found.append((small, large) if auto_pad == "SAME_UPPER" else (large, small))
    return found


def taps(kernel, strides, dilations, size):
    """Return {kernel tap: the slices of the last axes that ``size`` windows see there}."""
    return {
        tap: (..., *(slice(d * i, d * i + s * (n - 1) + 1, s)
                     for i, d, s, n in zip(tap, dilations, strides, size)))
        for tap in np.ndindex(*kernel)
    }  # fmt: skip


def parts(x, lengths, axis):
    """Return the parts of x of given lengths along an axis."""
    if sum(lengths) != x.shape[axis] or min(lengths, default=0) < 0:
        raise ValueError(f"split: expected lengths that sum to {x.shape[axis]}, got {lengths}")
    return np.split(x, np.cumsum(lengths[:-1], dtype=int), axis)


def check_inside(indices, length):
    """Return indices counted from the front; ValueError for one outside of an axis.

    ``length`` may be an array of lengths, one for each number of the indices' last axis.
    """
    indices = np.asarray(indices)
    if ((indices < -length) | (indices >= length)).any():
        raise ValueError(
            f"indices: expected {-length} to {length - 1}, got {indices.min()} to {indices.max()}"
        )
    return np.where(indices < 0, indices + length, indices)
