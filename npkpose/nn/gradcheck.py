"""Gradient check: does ``backward`` agree with what ``forward`` does?

Take L = <dy, forward(x)> for a fixed random dy. For each array a, x or a parameter,
and one random direction u, the slope of L along u has two names:

    <dL/da, u>  from backward    and    (L(a + eps u) - L(a - eps u)) / (2 eps)

An error anywhere in dL/da shows in <dL/da, u>, save for a set of u of measure zero.
Rounding disturbs the right side by about (machine epsilon / eps) sum |dy y|, which is
the absolute tolerance: a slope below it, such as that of a bias in front of a batch
normalisation, counts as zero.
"""

import copy

import numpy as np

from npkpose._check import LARGEST, check_array, check_number, check_rng, shown

_ROUNDING = 10.0  # allowed multiple of that estimate; the layers here stay below 0.6


def check_layer(layer, x, rng, eps=1e-6, rtol=1e-6):
    """Compare a layer's ``backward`` with central differences of its ``forward``.

    Parameters
    ----------
    layer : Module, or any object with ``forward`` and ``backward``
        Other objects may hold ``params`` and ``grads`` dicts of arrays. The check
        uses a copy in float64; the layer itself is not touched. It should be in
        training mode and not random.
    x : array_like
        Input, not changed. Keep values further than a few ``eps`` from any kink.
    rng : numpy.random.Generator
        Draws dy and the directions.
    eps, rtol : float
        Step, and tolerated relative error.

    Raises
    ------
    ValueError
        An argument of another kind, or numbers above 1e150.
    AssertionError
        A gradient that is missing, of the wrong shape, or wrong; or an argument that
        ``forward`` or ``backward`` changed. The message names the layer and the array.
    """
    eps, rtol = check_number("eps", eps, above=0.0), check_number("rtol", rtol, above=0.0)
    check_rng(rng)
    if not all(callable(getattr(layer, name, None)) for name in ("forward", "backward")):
        raise ValueError(f"layer: expected forward and backward, got {shown(layer)}")
    name = type(layer).__name__
    layer = _float64_copy(layer)
    x = np.array(check_array("x", x, (...,), largest=LARGEST))
    arrays = {"x": x, **_named(layer, "params")}
    x_seen = x.copy()
    y = np.array(layer.forward(x_seen))
    dy = rng.normal(size=y.shape)
    dy_seen = dy.copy()
    exact = {"x": np.array(layer.backward(dy_seen))}
    exact |= {key: np.array(array) for key, array in _named(layer, "grads").items()}
    _check_unchanged(f"x of {name}", x, x_seen)
    _check_unchanged(f"dy of {name}", dy, dy_seen)
    floor = _ROUNDING * np.finfo(float).eps / eps * abs(dy * y).sum()
    for key, array in arrays.items():
        if key not in exact or exact[key].shape != array.shape:
            got = exact[key].shape if key in exact else "none"
            raise AssertionError(f"dL/d{key} of {name}: expected shape {array.shape}, got {got}")
        direction = rng.normal(size=array.shape)
        got = (exact[key] * direction).sum()
        wanted = _slope(layer, x, array, eps * direction, dy) / (2.0 * eps)
        if not abs(got - wanted) <= rtol * abs(wanted) + floor:
            raise AssertionError(
                f"dL/d{key} of {name}: expected slope {wanted:.9g} along a random "
                f"direction (central differences), got {got:.9g} from backward"
            )


def _slope(layer, x, array, step, dy):
    """L(array + step) - L(array - step), leaving ``array`` as it was."""
    before = array.copy()
    array += step
    above = np.array(layer.forward(x.copy()))
    array[...] = before - step
    below = layer.forward(x.copy())
    array[...] = before
    return ((above - below) * dy).sum()


def _check_unchanged(name, before, after):
    if not np.array_equal(before, after):
        raise AssertionError(f"{name}: expected to be left alone, was changed")


def _float64_copy(layer):
    layer = copy.deepcopy(layer)
    if hasattr(layer, "astype"):
        return layer.astype(np.float64)
    params = getattr(layer, "params", {})
    for key in params:
        params[key] = params[key].astype(np.float64, copy=False)
    return layer


def _named(layer, kind):
    """``params`` or ``grads`` as {name: array}, from below a Module as well."""
    if hasattr(layer, "named_parameters"):
        return dict(layer.named_parameters() if kind == "params" else layer.named_gradients())
    return getattr(layer, kind, {})
