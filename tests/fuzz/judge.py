"""One call of a public function, and whether its outcome is allowed.

Three kinds of calls: valid arguments; the same values in another layout; one wrong argument. A
finding is a sentence, and None is no finding.
"""

import copy
import inspect
import re
import warnings
import zlib

import numpy as np

from npkpose._numba import COMPILES
from npkpose.nn import Module, Optimizer
from tests.fuzz import calls_models, calls_nn
from tests.fuzz.calls import CALLS, invoke
from tests.fuzz.draw import Draw
from tests.fuzz.hostile import MAYBE_RIGHT, PLAINLY_WRONG, hurt_array, layouts
from tests.fuzz.public import public_functions, twin_of

TAKES_ANYTHING = {  # (function, argument): also what is plainly wrong elsewhere
    ("Poses.to_coco", "image_id"), ("Poses.to_coco", "category_id"), ("Skeleton", "keypoints"),
    *(("Skeleton", text) for text in ("name", "group", "source", "note")),
    ("check_image", "name"), ("find_peaks", "max_peaks"),
    *(("Detections", ids) for ids in ("image_id", "category_id")),  # ids may be text
    *(("GroundTruth", ids) for ids in ("image_id", "category_id", "id", "images", "categories")),
    ("run_branches", "inputs"), ("backward_branches", "dys"),
}  # fmt: skip
OF_A_LAYER = {"run_branches": ["x"], "backward_branches": ["dy"]}  # also named by its errors
OVERFLOW = "ignore" if not COMPILES else "always"  # only NumPy warns, not kernels
LAYERS = {*calls_nn.CALLS, *calls_models.CALLS}
CHANGES = np.random.Generator, Module, Optimizer  # a call may change them
EXACT = {"column-major", "read-only", "strided", "reversed", "unaligned", "other byte order"}


def try_call(name, seed, case):
    """Make one call; return a finding or None."""
    warnings.simplefilter("ignore", UserWarning)  # of scores that are empty
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), case])
    function, arguments = public_functions()[name], CALLS[name](Draw(rng))
    part = case % 4
    if part == 0 or not set(arguments) - {"self"}:
        return _judge_valid(name, function, arguments)
    if part == 1:
        return _judge_layout(name, function, arguments, rng)
    return _judge_wrong(name, function, arguments, rng, arrays=part == 3)


def _judge_valid(name, function, arguments):
    """The call returns, leaves its inputs as they were, and agrees with the twin."""
    before = copy.deepcopy(arguments)
    result, error = _call(name, function, arguments)
    if error is not None:
        refused = isinstance(error, ValueError) and _names(error, arguments)
        return None if refused else f"valid call: {_text(error)}"
    for key, value in before.items():
        if key not in ("self", "layers", "schedulers") and not isinstance(value, CHANGES):
            if not _same(value, arguments[key], 0):
                return f"{key}: changed by the call"
    return _against_twin(function, before, result)


def _against_twin(function, arguments, result):
    twin = twin_of(function)
    if twin is None or set(inspect.signature(twin).parameters) != set(arguments):
        return None
    with np.errstate(all="ignore"):
        expected = twin(**arguments)
    shapes = [[np.shape(leaf) for leaf in _leaves(each)] for each in (expected, result)]
    same = shapes[0] != shapes[1] or _same(expected, result, 1e-5)
    return None if same else "the twin in npkpose.reference gives another answer"


def _judge_layout(name, function, arguments, rng):
    """One array in another layout: the same answer, or a refusal that names it."""
    arrays = [key for key, value in arguments.items() if isinstance(value, np.ndarray)]
    if not arrays:
        return None
    key = arrays[rng.integers(len(arrays))]
    options = layouts(arguments[key])
    layout = list(options)[rng.integers(len(options))]
    expected, error = _call(name, function, copy.deepcopy(arguments))
    if error is not None:
        return None
    changed = {**copy.deepcopy(arguments), key: options[layout]}
    result, error = _call(name, function, changed)
    if error is not None:
        fair = layout not in EXACT and isinstance(error, (ValueError, TypeError))
        return None if fair and _names(error, [key]) else f"{key} {layout}: {_text(error)}"
    tolerance = 0 if layout in EXACT else 1e-3
    same = _same(expected, result, tolerance)
    return None if same else f"{key} {layout}: another answer than for a plain array"


def _judge_wrong(name, function, arguments, rng, arrays):
    """One argument replaced: any answer without a warning, or an error that names it."""
    keys = [key for key in arguments if key != "self"]
    key = keys[rng.integers(len(keys))]
    value, plainly = arguments[key], False
    if arrays and isinstance(value, np.ndarray):
        what, value = hurt_array(value, rng)
    else:
        plainly = rng.random() < 0.6
        kinds = PLAINLY_WRONG if plainly else MAYBE_RIGHT
        what = list(kinds)[rng.integers(len(kinds))]
        value = kinds[what]()
        plainly &= not (what == "None" and _is_optional(function, key))
        plainly &= (name, key) not in TAKES_ANYTHING
    _, error = _call(name, function, {**arguments, key: value})
    where = f"{key} = {what}"
    if error is None:
        return f"{where}: accepted" if plainly and value is not None else None
    names = [*arguments, *OF_A_LAYER.get(name, [])]
    fair = isinstance(error, (ValueError, TypeError)) and _names(error, names)
    fair |= isinstance(error, FileNotFoundError)  # text where a path may be given
    return None if fair else f"{where}: {_text(error)}"


def _is_optional(function, key):
    parameters = inspect.signature(function).parameters
    return key in parameters and parameters[key].default is not inspect.Parameter.empty


def _call(name, function, arguments):
    """Return (result, None) or (None, error); a warning of the interpreter is an error.

    A layer takes any number. Where it answers with infinity or NaN, NumPy's warning is right.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("ignore")
        warnings.simplefilter(OVERFLOW, RuntimeWarning)
        warnings.simplefilter("error", DeprecationWarning)
        try:
            result = invoke(name, function, arguments)
        except (Exception, RecursionError) as error:
            return None, error
    if not warned or name in LAYERS and not _is_finite(result):
        return result, None
    return None, warned[0].message


def _names(error, names):
    return any(re.search(rf"\b{re.escape(name)}\b", str(error)) for name in names)


def _text(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _same(a, b, tolerance):
    a, b = _leaves(a), _leaves(b)
    return len(a) == len(b) and all(map(lambda x, y: _equal(x, y, tolerance), a, b))


def _equal(a, b, tolerance):
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind not in "biuf" or b.dtype.kind not in "biuf":
        return a.shape == b.shape and (a.dtype == object or bool((a == b).all()))
    return a.shape == b.shape and np.allclose(a, b, tolerance, tolerance, equal_nan=True)


def _is_finite(value):
    floats = [each for each in map(np.asarray, _leaves(value)) if each.dtype.kind == "f"]
    return all(np.isfinite(each).all() for each in floats)


def _leaves(value):
    """Return the arrays, numbers and texts of a nested value, in order."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list) and all(isinstance(each, (int, float)) for each in value):
        return [np.array(value)]
    if isinstance(value, (list, tuple)):
        return [leaf for each in value for leaf in _leaves(each)]
    if hasattr(value, "__dict__") and not isinstance(value, (type, np.ndarray)):
        return _leaves(vars(value)) if not callable(value) else []
    if isinstance(value, (np.ndarray, np.generic, int, float, str, bool)):
        return [value]
    return []
