"""Checks of arguments, made before any kernel runs.

Compiled code reads outside an array without an error, so every public function first
checks that its arguments have the documented form. Each message reads
``name: expected ..., got ...`` and gives the index of the first wrong value.
"""

import math
import numbers

import numpy as np


def check_array(name, value, shape, dtype=np.float64, finite=True, largest=None):
    """Return ``value`` as a writable C-contiguous array, or raise ValueError.

    Parameters
    ----------
    name : str
        The name of the argument in the message.
    value : array_like of real numbers
        Copied only if dtype, order or writability require it; the caller's array
        is never changed.
    shape : tuple of int or str
        Length of each axis; a string such as ``"H"`` accepts any length and
        names the axis in the message. A leading ``...`` accepts any leading axes.
    dtype : numpy dtype, or tuple of them
        Of a tuple, the value's own dtype if listed, else the first.
    finite : bool
        Refuse NaN and infinity.
    largest : float, optional
        Refuse numbers above it in size: their products would leave float64's range.

    Raises
    ------
    ValueError
        Not an array of real numbers, wrong shape, or not finite.
    """
    array = real_array(name, value)
    if isinstance(dtype, tuple):
        dtype = array.dtype if array.dtype in dtype else dtype[0]
    if not (array.flags.carray and array.dtype == dtype):  # in order, aligned, writable
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinity
            array = np.require(array, dtype, ["C", "W"])
    if not _fits(array.shape, shape):
        raise ValueError(f"{name}: expected shape ({_legend(shape)}), got {array.shape}")
    if finite:
        check_finite(name, array)
    if largest is not None:
        _check_largest(name, array, largest)
    return array


def real_array(name, value):
    """Return ``value`` as an ndarray of bool, integers or floats, or raise ValueError."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:  # ragged lists
        raise ValueError(f"{name}: expected an array of real numbers, got {error}") from None
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array


def check_finite(name, array):
    """Raise ValueError, with the index of the first NaN or infinity, unless ``array`` is finite."""
    finite = np.isfinite(array)
    if not finite.all():
        index = np.unravel_index(int(np.argmin(finite)), array.shape)
        where = ", ".join(str(int(i)) for i in index)
        raise ValueError(f"{name}[{where}]: expected a finite value, got {array[index]}")


def _check_largest(name, array, largest):
    too_large = abs(array) > largest
    if too_large.any():
        index = np.unravel_index(int(np.argmax(too_large)), array.shape)
        where = ", ".join(str(int(i)) for i in index)
        raise ValueError(
            f"{name}[{where}]: expected at most {largest:g} in size, got {array[index]:g}"
        )


def check_number(name, value, above=-math.inf, at_least=-math.inf):
    """Return ``value`` as a finite float within the stated bounds, or raise ValueError."""
    real = isinstance(value, (numbers.Real, np.bool_)) or np.ndim(value) == 0 and _is_real(value)
    if not real or not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value!r}")
    if not value > above:
        raise ValueError(f"{name}: expected more than {above:g}, got {value!r}")
    if not value >= at_least:
        raise ValueError(f"{name}: expected at least {at_least:g}, got {value!r}")
    return float(value)


def check_integer(name, value, at_least=0):
    """Return ``value`` as an int of at least ``at_least``, or raise ValueError."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name}: expected an integer, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name}: expected at least {at_least}, got {value}")
    return int(value)


def check_size(name, value):
    """Return ``(height, width)`` for an int or a pair of positive ints, or raise ValueError."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected an int or (H, W), got {value!r}")
    return tuple(check_integer(name, side, at_least=1) for side in pair)


def check_choice(name, value, choices):
    """Return ``value`` if it is one of ``choices``, or raise ValueError."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
    return value


def check_weight(name, value, shape, dtype=np.float64, finite=True):
    """Return ``value`` as an array broadcast to ``shape``, read-only, or raise ValueError."""
    array = check_array(name, value, (...,), dtype, finite)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"{name}: expected a shape that broadcasts to {shape}, got {array.shape}"
        ) from None


def count_windows(size, window):
    """Return (Ho, Wo): how many positions a sliding window has in an image of ``size`` (H, W).

    ``window`` is (kernel size, dilation, padding, stride), each a pair. Raises ValueError where
    not even one window fits.
    """
    counts = []
    for n, k, d, p, s in zip(size, *window):
        extent = d * (k - 1) + 1
        if n + 2 * p < extent:
            raise ValueError(
                f"x: expected at least {extent} pixels (window {k}, dilation {d}) along "
                f"each axis, got {n} with padding {p}"
            )
        counts.append((n + 2 * p - extent) // s + 1)
    return tuple(counts)


def _is_real(value):
    return np.asarray(value).dtype.kind in "buif"


def _fits(got, wanted):
    if wanted and wanted[0] is ...:
        wanted = wanted[1:]
        got = got[len(got) - len(wanted) :] if len(got) >= len(wanted) else ()
    return len(got) == len(wanted) and all(
        isinstance(want, str) or want == have for want, have in zip(wanted, got)
    )


def _legend(shape):
    return ", ".join("..." if want is ... else str(want) for want in shape)
