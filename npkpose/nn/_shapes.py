"""Checks shared by the layers: integers, factors, lists, groups, images, gradients."""

import numpy as np

from npkpose._check import MAX_SIDE, check_array, check_integer, check_kind, check_number, shown

FLOATS = (np.float32, np.float64)  # kept, in either byte order; other real types: the first
_MAX_FLOAT32 = 3.4e38
_MAX_COUNT = 1 << 16


def pair(name, value, at_least):
    """Return ``(vertical, horizontal)`` for an int or a pair, or raise ValueError."""
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name}: expected an int or a pair, got {shown(value)}")
    return tuple(check_integer(name, item, at_least, MAX_SIDE) for item in value)


def check_list(name, value, kind, length=None):
    """Return ``value`` as a list of objects of the class ``kind``, or raise ValueError.

    ``length``, if given, is how many there must be.
    """
    try:
        items = None if isinstance(value, (str, bytes, set, dict)) else list(value)
    except Exception:  # no iterator, or one that fails
        items = None
    if items is None:
        raise ValueError(f"{name}: expected a sequence, got {shown(value)}")
    if length is not None and len(items) != length:
        raise ValueError(f"{name}: expected {length} items, got {shown(value)}")
    return [check_kind(f"{name}[{i}]", item, kind) for i, item in enumerate(items)]


def check_count(name, value, at_least=0):
    """Return ``value`` as a sane number of channels or blocks, or raise ValueError."""
    return check_integer(name, value, at_least, _MAX_COUNT)


def check_counts(name, value, length=None):
    """Return ``value`` as a tuple of ``length`` positive numbers of channels or blocks."""
    return tuple(check_count(name, item, 1) for item in check_list(name, value, object, length))


def check_groups(groups, in_channels, out_channels):
    """Return ``groups`` as an int that divides both numbers, or raise ValueError."""
    groups = check_integer("groups", groups, 1)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            "groups: expected a divisor of in_channels and out_channels "
            f"({in_channels} and {out_channels}), got {groups}"
        )
    return groups


def check_factor(name, value, at_least=-_MAX_FLOAT32):
    """Return ``value`` as a float that float32 can hold, or raise ValueError."""
    return check_number(name, value, at_least=at_least, at_most=_MAX_FLOAT32)


def check_images(x, channels="C"):
    """Return ``x`` as an array (N, channels, H, W) of FLOATS, or raise ValueError."""
    return check_array("x", x, ("N", channels, "H", "W"), FLOATS, finite=False)


def check_gradient(dy, shape, dtype):
    """Return ``dy`` as an array of the output's shape and dtype, or raise ValueError."""
    return check_array("dy", dy, shape, dtype, finite=False)
