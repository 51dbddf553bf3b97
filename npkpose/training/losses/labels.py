"""Checks of the losses' arguments: estimates are finite, labels may be NaN, flags are 0 or 1.

A label that is NaN is missing: it adds nothing to a loss, nor to its gradient. A number that is not
finite in an estimate is an error of the network, and raises ValueError. The losses square lengths,
so coordinates are limited: no length in any unit is near 1e15.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_weight, real_array
from npkpose.skeleton import Skeleton

FLOATS = (np.float32, np.float64)  # these dtypes are kept; others become float32
MAX_COORDINATE, MAX_WEIGHT = 1e15, 1e6  # weight * coordinate^2 fits a float32


def check_points(name, value, shape):
    """Return estimates as finite floats of a sane size, or raise ValueError."""
    points = check_array(name, value, shape, FLOATS)
    _check_magnitude(name, points)
    return points


def check_labels(name, value, shape, dtype):
    """Return labels as floats, NaN where missing, or raise ValueError."""
    labels = check_array(name, value, shape, dtype, finite=False)
    _check_magnitude(name, labels)
    return labels


def check_confidence(name, value, shape, dtype=np.float64):
    """Return weights of at least 0, broadcast to ``shape``, or raise ValueError; None is 1."""
    weight = check_weight(name, 1 if value is None else value, shape, dtype)
    _check_magnitude(name, weight, MAX_WEIGHT)
    if (weight < 0).any():
        raise ValueError(f"{name}: expected at least 0, got {weight.min():g}")
    return weight


def check_valid(name, value, count):
    """Return flags as bool (count,), all True for None, or raise ValueError."""
    if value is None:
        return np.ones(count, bool)
    flags = check_array(name, value, (count,))
    wrong = (flags != 0) & (flags != 1)
    if wrong.any():
        n = int(wrong.argmax())
        raise ValueError(f"{name}[{n}]: expected True or False, got {flags[n]:g}")
    return flags.astype(bool)


def check_limbs(name, value, count):
    """Return limbs of joints in [0, count), of a `Skeleton` or as pairs, as int64 (L, 2)."""
    pairs = real_array(name, value.limbs if isinstance(value, Skeleton) else value)
    limbs = check_array(name, np.empty((0, 2)) if pairs.size == 0 else pairs, ("L", 2))
    wrong = (limbs < 0) | (limbs >= count) | (limbs != np.floor(limbs))
    if wrong.any():
        limb, end = np.argwhere(wrong)[0]
        raise ValueError(
            f"{name}[{limb}, {end}]: expected a joint in [0, {count}), got {limbs[limb, end]:g}"
        )
    return limbs.astype(np.int64)


def check_type(name, value, kind):
    """Return ``value`` if it is a ``kind``, or raise ValueError."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def check_joint(name, value, count):
    """Return a joint in [0, count), or raise ValueError."""
    joint = check_integer(name, value)
    if joint >= count:
        raise ValueError(f"{name}: expected less than {count}, got {joint}")
    return joint


def _check_magnitude(name, array, largest=MAX_COORDINATE):
    too_large = abs(array) > largest  # NaN is not
    if too_large.any():
        index = tuple(int(i) for i in np.argwhere(too_large)[0])
        where = ", ".join(map(str, index))
        raise ValueError(
            f"{name}[{where}]: expected at most {largest:g} in size, got {array[index]:g}"
        )
