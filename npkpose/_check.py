"""Checks of arguments, made before any kernel runs.

Compiled code reads outside an array without an error, so every public function first
checks that its arguments have the documented form. Each message reads
``name: expected ..., got ...`` and gives the index of the first wrong value.
"""

import contextlib
import math
import numbers
import reprlib

import numpy as np

MAX_INTEGER = 2**63 - 1  # the largest that a kernel can take
MAX_SIDE = 1_000_000  # pixels
LARGEST = 1e150  # of a number whose square is taken: that of a larger one overflows
_NO_INTEGERS = bool, np.bool_, np.timedelta64  # but Integral
_MAX_WHOLE = 2.0**53  # below it every integer is a float64


def check_array(name, value, shape, dtype=np.float64, finite=True, largest=None):
    """Return ``value`` as a writable C-contiguous array, or raise ValueError.

    Parameters
    ----------
    name : str
        The name of the argument in the message.
    value : array_like of real numbers
        Copied only if dtype, order or writability require it; the caller's is never changed.
    shape : tuple of int or str, or str
        Length of each axis; a string such as ``"H"`` accepts any length and names the axis in the
        message. A leading ``...`` accepts any leading axes. "NKHW" is ("N", "K", "H", "W").
    dtype : numpy dtype, or tuple of them
        Of a tuple, the value's own dtype if listed, in either byte order, else the first.
        Nothing is rounded to an integer or a bool: other numbers are refused.
    finite : bool
        Refuse NaN and infinity.
    largest : float, optional
        Refuse numbers above it in size: their products would leave float64's range.

    Raises
    ------
    ValueError
        Not an array of real numbers, wrong shape, not finite, or out of the dtype's range.
    """
    array = _as_dtype(name, value, shape, dtype, ["C", "W"])
    if finite:
        check_finite(name, array)
    if largest is not None:
        _check_all(name, array, ~(abs(array) > largest), f"at most {largest:g} in size")
    return array


def check_read_only(name, value, shape, dtype):
    """Return ``value``, which may be NaN or infinite, as a read-only view, or raise ValueError.

    For code that only reads: a read-only array, such as a file mapped into memory, is not copied.
    """
    array = _as_dtype(name, value, shape, dtype, ["C"]).view()
    array.setflags(write=False)
    return array


def real_array(name, value):
    """Return ``value`` as an ndarray of bool, integers or floats, or raise ValueError.

    A masked value is missing: it becomes NaN, and integers beside it become floats.
    """
    try:
        array = value if type(value) is np.ndarray else _unmasked(value)
    except Exception as error:  # ragged lists, and whatever a foreign __array__ raises
        got = f"{type(value).__name__} ({error})"
        raise ValueError(f"{name}: expected an array of real numbers, got {got}") from None
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array


def check_finite(name, array):
    """Raise ValueError, with the index of the first NaN or infinity, unless ``array`` is finite."""
    _check_all(name, array, np.isfinite(array), "a finite value")


def check_number(name, value, above=-math.inf, at_least=-math.inf, at_most=math.inf):
    """Return ``value`` as a finite float within the stated bounds, or raise ValueError."""
    number = value if type(value) is float else _as_float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {shown(value)}")
    if not number > above:
        raise ValueError(f"{name}: expected more than {above:g}, got {shown(value)}")
    if not number >= at_least:
        raise ValueError(f"{name}: expected at least {at_least:g}, got {shown(value)}")
    if not number <= at_most:
        raise ValueError(f"{name}: expected at most {at_most:g}, got {shown(value)}")
    return number


def check_integer(name, value, at_least=0, at_most=MAX_INTEGER):
    """Return ``value`` as an int within the stated bounds, or raise ValueError."""
    if type(value) is int and at_least <= value <= at_most:
        return value
    if not isinstance(value, numbers.Integral) or isinstance(value, _NO_INTEGERS):
        raise ValueError(f"{name}: expected an integer, got {shown(value)}")
    if value < at_least:
        raise ValueError(f"{name}: expected at least {at_least}, got {shown(value)}")
    if value > at_most:
        raise ValueError(f"{name}: expected at most {at_most}, got {shown(value)}")
    return int(value)


def check_flag(name, value):
    """Return ``value`` as a bool if it is True or False, or raise ValueError."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def check_size(name, value, at_least=1):
    """Return ``(height, width)`` for an int or a pair of ints, or raise ValueError."""
    is_row = isinstance(value, (tuple, list)) or isinstance(value, np.ndarray) and value.ndim == 1
    pair = value if is_row else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected an int or (H, W), got {shown(value)}")
    return tuple(check_integer(name, side, at_least, MAX_SIDE) for side in pair)


def check_choice(name, value, choices):
    """Return ``value`` if it is one of ``choices``, or raise ValueError."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {shown(value)}")
    return value


def check_kind(name, value, kind):
    """Return ``value`` if it is an object of the class ``kind``, or raise ValueError."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise ValueError(f"{name}: expected {article} {kind.__name__}, got {shown(value)}")
    return value


def check_rng(rng):
    """Return ``rng`` if it is a numpy Generator, or raise ValueError."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: expected a numpy.random.Generator, got {shown(rng)}")
    return rng


def check_float_dtype(name, value):
    """Return ``value`` as the dtype float32 or float64, or raise ValueError."""
    kind = np.sctypeDict.get(value) if isinstance(value, str) else value
    if isinstance(kind, (type, np.dtype)) and kind in (np.float32, np.float64, float):
        return np.dtype(kind)
    raise ValueError(f"{name}: expected one of float32, float64, got {shown(value)}")


def check_weight(name, value, shape, dtype=np.float64, finite=True):
    """Return ``value`` as an array broadcast to ``shape``, read-only, or raise ValueError."""
    array = check_array(name, value, (...,), dtype, finite)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        wanted = f"a shape that broadcasts to {shape}"
        raise ValueError(f"{name}: expected {wanted}, got {array.shape}") from None


@contextlib.contextmanager
def check_memory(name):
    """Raise ValueError if the result whose size argument ``name`` sets cannot be allocated."""
    try:
        yield
    except (MemoryError, OverflowError, ValueError) as error:  # the last for 2^63 bytes or more
        raise ValueError(f"{name}: expected a result that fits in memory, got {error}") from None


def count_windows(size, window):
    """Return (Ho, Wo): how many positions a sliding window has in an image of ``size`` (H, W).

    ``window`` is (kernel size, dilation, padding, stride), each a pair. ValueError if none fits.
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


_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 100
_REPR.maxtuple = _REPR.maxlist = _REPR.maxarray = 20


def shown(value):
    """Return ``repr(value)`` for a message, shortened; the name of its type where that fails."""
    try:
        return " ".join(_REPR.repr(value).split())
    except Exception:  # an int of thousands of digits, or a foreign __repr__
        return f"<{type(value).__name__}>"


def plain(text):
    """Return a text out of a file for a message: escaped, and at most 160 characters of it."""
    return text[:160] if text.isprintable() else ascii(text[:160])


def _as_dtype(name, value, shape, dtype, requirements):
    """Return ``value`` as an array of that shape and dtype, or raise ValueError."""
    if type(value) is np.ndarray and value.flags.carray and _fits(value.shape, shape):
        if isinstance(dtype, tuple) and value.dtype in dtype:  # the usual case, without delay
            return value
    array = real_array(name, value)
    if not _fits(array.shape, shape):
        legend = ", ".join("..." if want is ... else str(want) for want in shape)
        raise ValueError(f"{name}: expected shape ({legend}), got {array.shape}")
    if isinstance(dtype, tuple):
        dtype = _own_dtype(array.dtype, dtype)
    if array.dtype != dtype:
        _check_cast(name, array, np.dtype(dtype))
    elif array.flags.carray:  # in order, aligned, writable
        return array
    with check_memory(name), np.errstate(over="ignore"):
        converted = np.require(array, dtype, [*requirements, "A"])
    if converted.dtype.kind == "f" and converted.itemsize < array.itemsize:
        within = np.isfinite(converted) | ~np.isfinite(array)
        _check_all(name, array, within, f"a value within the range of {converted.dtype}")
    return converted


def _own_dtype(own, dtypes):
    """Return which of the dtypes an array of dtype ``own`` gets."""
    if own not in dtypes:
        is_long = own.kind == "f" and own.itemsize > 8
        own = np.dtype(np.float64) if is_long else own.newbyteorder("=")
    return own if own in dtypes else dtypes[0]


def _check_cast(name, array, dtype):
    """Raise ValueError where a cast to ``dtype``, integer or bool, would change a value."""
    if dtype.kind == "b":
        _check_all(name, array, (array == 0) | (array == 1), "True or False")
    if dtype.kind not in "iu" or array.size == 0:
        return
    if array.dtype.kind == "b" or array.dtype.kind == "f" and dtype.kind == "u":
        raise ValueError(f"{name}: expected integers ({dtype}), got dtype {array.dtype}")
    if array.dtype.kind == "f":  # whole numbers, as files have them
        array = array.astype(np.promote_types(array.dtype, np.float64), copy=False)
        good = (array == np.floor(array)) & (abs(array) < _MAX_WHOLE)
    else:
        limits = np.iinfo(dtype)
        good = (array >= limits.min) & (array <= limits.max)
    _check_all(name, array, good, f"an integer ({dtype})")


def _check_all(name, array, good, expected):
    """Raise ValueError, with the index of the first bad value, unless all are good."""
    if not good.all():
        index = np.unravel_index(int(np.argmin(good)), array.shape)
        where = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        raise ValueError(f"{name}{where}: expected {expected}, got {array[index]}")


def _unmasked(value):
    """Return ``value`` as an ndarray, its masked values as NaN."""
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ma.MaskedArray) for v in value):
        value = np.ma.array(value)
    if not isinstance(value, np.ma.MaskedArray) or not np.ma.is_masked(value):
        return np.asarray(value)
    floats = value if value.dtype.kind == "f" else value.astype(np.float64)
    return np.asarray(floats.filled(np.nan))


def _as_float(value):
    """Return a real number, or an array of no axes, as a float; NaN for anything else."""
    try:
        if isinstance(value, numbers.Real) and not isinstance(value, np.generic):
            return float(value)
        array = _unmasked(value)
        return float(array) if array.ndim == 0 and array.dtype.kind in "buif" else math.nan
    except Exception:  # 10**400, ragged lists, and whatever a foreign __array__ raises
        return math.nan


def _fits(got, wanted):
    if type(wanted) is str:
        return len(got) == len(wanted)
    if wanted and wanted[0] is ...:
        wanted = wanted[1:]
        got = got[len(got) - len(wanted) :] if len(got) >= len(wanted) else ()
    if len(got) != len(wanted):
        return False
    for want, have in zip(wanted, got):
        if type(want) is not str and want != have:
            return False
    return True
