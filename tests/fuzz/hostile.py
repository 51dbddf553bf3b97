"""Wrong values for an argument, and the same values in another layout."""

import numpy as np


def _nested(depth=3000):
    value = 1.0
    for _ in range(depth):
        value = [value]
    return value


PLAINLY_WRONG = {
    "None": lambda: None,
    "text": lambda: "text",
    "an object": object,
    "a class": lambda: dict,
    "10**400": lambda: 10**400,
    "complex": lambda: 1j,
    "timedelta": lambda: np.timedelta64(5, "s"),
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "nested": _nested,
    "objects": lambda: np.array([None, {}], dtype=object),
    "text array": lambda: np.array(["a", "b"]),
    "dictionary": lambda: {"a": 1},
    "set": lambda: {1, 2},
    "bytes": lambda: b"bytes",
    "a function": lambda: len,
}
MAYBE_RIGHT = {
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "1e308": lambda: 1e308,
    "1e-320": lambda: 1e-320,
    "2.5": lambda: 2.5,
    "True": lambda: True,
    "2**64": lambda: 2**64,
    "9 axes": lambda: np.zeros((1,) * 9),
    "an empty list": list,
    "0 x 0": lambda: np.zeros((0, 0)),
    "bool array": lambda: np.ones((2, 2), bool),
    "scalar array": lambda: np.array(3.0),
}


def hurt_array(array, rng):
    """Return what was done, and the array with some values or its shape changed."""
    array = np.array(array)
    kinds = {
        "NaN": lambda: _set(array, np.nan, rng), "inf": lambda: _set(array, np.inf, rng),
        "1e300": lambda: _set(array, 1e300, rng), "1e-310": lambda: array * 1e-310,
        "-1": lambda: _set(array, -1, rng), "all 1e160": lambda: np.full(array.shape, 1e160),
        "all NaN": lambda: np.full(array.shape, np.nan),
        "all zero": lambda: np.zeros_like(array), "an axis more": lambda: array[None],
        "an axis less": lambda: array[0] if array.ndim and len(array) else array,
        "a row more": lambda: np.concatenate([array, array[:1]]) if array.ndim else array,
        "no rows": lambda: array[:0] if array.ndim else array,
        "an empty last axis": lambda: array[..., :0] if array.ndim else array,
        "bool": lambda: array.astype(bool), "complex": lambda: array.astype(complex),
        "objects": lambda: array.astype(object), "text": lambda: array.astype(str),
        "masked": lambda: np.ma.masked_array(array, mask=np.ones(array.shape, bool)),
        "2^63": lambda: np.full(array.shape, 2**63, np.uint64),
        "longdouble": lambda: array.astype(np.longdouble),
    }  # fmt: skip
    what = list(kinds)[rng.integers(len(kinds))]
    with np.errstate(all="ignore"):
        return what, kinds[what]()


def _set(array, value, rng):
    array = array.astype(np.float64)
    if array.size:
        array.flat[rng.integers(array.size)] = value
    return array


def layouts(array):
    """Return {name: the same values otherwise in memory, or as another type}."""
    double = (*array.shape[:-1], 2 * array.shape[-1]) if array.ndim else (2,)
    strided = np.zeros(double, array.dtype)
    strided[..., ::2] = array
    backward = np.ascontiguousarray(np.flip(array))
    raw = np.zeros(array.nbytes + 1, np.uint8)
    unaligned = raw[1:].view(array.dtype).reshape(array.shape)
    unaligned[...] = array
    readonly = array.copy()
    readonly.flags.writeable = False
    found = {
        "column-major": np.asfortranarray(array), "read-only": readonly,
        "strided": strided[..., ::2] if array.ndim else array,
        "reversed": np.flip(backward), "unaligned": unaligned,
        "other byte order": array.astype(array.dtype.newbyteorder()),
    }  # fmt: skip
    as_list = array.tolist()
    again = np.asarray(as_list)
    if (again.dtype, again.shape) == (array.dtype, array.shape):  # which a list may not keep
        found["list"] = as_list
    if array.dtype == np.float64:
        floats = {name: array.astype(name) for name in ("float32", "float16")}
        found |= {name: each for name, each in floats.items() if (each == array).all()}
        if (array == np.rint(array)).all():
            found |= {"int64": array.astype(np.int64), "int16": array.astype(np.int16)}
    return found | _foreign(array)


def _foreign(array):
    try:
        import torch

        return {"tensor": torch.tensor(array.copy(), requires_grad=array.dtype.kind == "f")}
    except (ImportError, TypeError):
        return {}
