"""Operators that read and write numbers at indices, sort, and select.

Specification: ONNX, Operators.md, versions 1 to 24. Negative indices count from the end.
"""

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.arguments import along, check_axis, check_inside, scalar


def gather(x, indices, *, axis=0):
    """Gather-1: slices of x along an axis, in the shape of the indices."""
    axis = check_axis(axis, x.ndim)
    check_size(x.shape[:axis] + indices.shape + x.shape[axis + 1 :], x.itemsize)
    return np.take(x, check_inside(indices, x.shape[axis]), axis)


def gather_elements(x, indices, *, axis=0):
    """GatherElements-11: y[i][j] = x[indices[i][j]][j] for axis 0."""
    return x[_along(x, indices, axis)]


def gather_nd(x, indices, *, batch_dims=0):
    """GatherND-11: the last axis of the indices is a place in x, after ``batch_dims`` axes."""
    b, k = batch_dims, indices.shape[-1]
    if not 0 <= b < min(x.ndim, indices.ndim) or b + k > x.ndim or k < 1:
        raise ValueError(f"indices: expected places in {list(x.shape)}, got {list(indices.shape)}")
    if x.shape[:b] != indices.shape[:b]:
        raise ValueError(f"indices: expected batches {x.shape[:b]}, got {indices.shape[:b]}")
    check_size(indices.shape[:-1] + x.shape[b + k :], x.itemsize)
    places = check_inside(indices, np.array(x.shape[b : b + k]))
    batches = np.indices(indices.shape[:-1], sparse=True)[:b]
    return x[(*batches, *np.moveaxis(places, -1, 0))]


def scatter_elements(x, indices, updates, *, axis=0, reduction="none"):
    """ScatterElements-11 (Scatter-9): y[indices[i][j]][j] = updates[i][j] for axis 0."""
    places = _along(x, indices, axis)
    if indices.shape != updates.shape:
        raise ValueError(f"updates: expected shape {indices.shape}, got {updates.shape}")
    return _written(x, places, updates, reduction)


def scatter_nd(x, indices, updates, *, reduction="none"):
    """ScatterND-11: the last axis of the indices is the place of an update."""
    k = indices.shape[-1]
    if k > x.ndim or updates.shape != indices.shape[:-1] + x.shape[k:]:
        raise ValueError(
            f"updates: expected one of {list(x.shape[k:])} for each index, got {updates.shape}"
        )
    places = tuple(check_inside(indices[..., i], n) for i, n in enumerate(x.shape[:k]))
    return _written(x, places, updates, reduction)


def _along(x, indices, axis):
    """Return an index of x for each of ``indices`` along one axis, its own along the others."""
    axis = check_axis(axis, x.ndim)
    if x.ndim != indices.ndim:
        raise ValueError(f"indices: expected {x.ndim} axes, got shape {list(indices.shape)}")
    places = list(np.indices(indices.shape, sparse=True))
    if any(n > m for a, (n, m) in enumerate(zip(indices.shape, x.shape)) if a != axis):
        raise ValueError(f"indices: expected at most {list(x.shape)}, got {list(indices.shape)}")
    places[axis] = check_inside(indices, x.shape[axis])
    return tuple(places)


def _written(x, places, updates, reduction):
    """Return x with updates at some places, which replace its numbers or are added and so on."""
    functions = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}
    if reduction not in ("none", *functions):
        raise ValueError(f"reduction: expected none or {sorted(functions)}, got {reduction!r}")
    y = x.copy()
    if reduction == "none":
        y[places] = updates
    else:
        functions[reduction].at(y, places, updates)
    return y


def nonzero(x):
    """NonZero-9: the indices of numbers that are not 0, (axes, count)."""
    return np.stack(np.nonzero(x)).astype(np.int64) if x.ndim else np.zeros((1, int(x != 0)), int)


def compress(x, condition, *, axis=None):
    """Compress-9: slices, or numbers, where a condition is true."""
    places = np.flatnonzero(condition)
    if axis is None:
        return x.reshape(-1)[check_inside(places, x.size)]
    axis = check_axis(axis, x.ndim)
    return np.take(x, check_inside(places, x.shape[axis]), axis)


def one_hot(indices, depth, values, *, axis=-1):
    """OneHot-9: values[1] at an index along a new axis of length depth, else values[0]."""
    depth, axis = int(scalar(depth)), check_axis(axis, indices.ndim + 1)
    check_size((*indices.shape, depth), values.itemsize)
    places = np.expand_dims(np.asarray(indices).astype(np.int64), axis)
    inside = (places >= -depth) & (places < depth)
    steps = along(np.arange(depth), axis, places.ndim)
    return np.where(inside & (places % max(depth, 1) == steps), values[1], values[0])


def top_k(x, k, *, axis=-1, largest=1, sorted=1):
    """TopK-1, k an input from 10: the k largest or smallest; of equal ones the first."""
    axis, k = check_axis(axis, x.ndim), int(scalar(k))
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"k: expected 0 to {x.shape[axis]}, got {k}")
    order = x
    if largest:  # descending, by an order that keeps equal numbers as they are
        order = -x if x.dtype.kind == "f" else np.invert(x)
    indices = np.argsort(order, axis, kind="stable")
    indices = np.take(indices, range(k), axis)
    return np.take_along_axis(x, indices, axis), indices.astype(np.int64)


OPS = {
    "Gather": {1: gather}, "GatherElements": {11: gather_elements}, "GatherND": {11: gather_nd},
    "Scatter": {9: scatter_elements}, "ScatterElements": {11: scatter_elements},
    "ScatterND": {11: scatter_nd}, "NonZero": {9: nonzero}, "Compress": {9: compress},
    "OneHot": {9: one_hot}, "TopK": {1: top_k},
}  # fmt: skip
