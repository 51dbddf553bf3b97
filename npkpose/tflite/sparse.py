"""Sparse weights: an array whose numbers are listed level by level, as in a tree.

A level is an axis, in the order of ``traversal_order``: dense, with a node for each index, or
sparse, where node p of the level before has the indices[segments[p] : segments[p + 1]]. After the
axes come the levels inside of blocks: ``block_map`` has their axes. The leaves are the numbers.
Source: TensorFlow Lite, schema.fbs, SparsityParameters; Chou et al., "Format abstraction for
sparse tensor algebra compilers", OOPSLA 2018, arXiv:1804.10112.
"""

import math

import numpy as np

MAX_RATIO = 64  # numbers of the whole array for each one that the file has
_INDICES = {1: "<i4", 2: "<u2", 3: "u1"}  # types of the union SparseIndexVector
_DENSE, _SPARSE = 0, 1


def fill(values, table, shape, where):
    """Return the whole array of a ``shape``, zero where the file lists nothing.

    ``table`` is the SparsityParameters, ``values`` (n,) the numbers in the file's order.
    """
    order, block_axes, levels = table.integers(0), table.integers(1), table.tables(2)
    if math.prod(shape) > MAX_RATIO * len(values):
        raise ValueError(
            f"{where}: expected at most {MAX_RATIO} times the {len(values)} numbers it lists, "
            f"got shape {list(shape)}"
        )
    axes = [*range(len(shape)), *block_axes]
    if sorted(order) != list(range(len(axes))) or len(levels) != len(axes):
        raise ValueError(f"{where}: expected {len(axes)} levels in some order, got {order}")
    sizes = {}
    coordinates = np.zeros((0, 1), np.int64)  # of the levels until now, for each node
    for axis, level in zip(order, levels):
        sizes[axis] = level.number(1, "i")
        coordinates = _descend(coordinates, level, len(values), where)
    if coordinates.shape[1] != len(values):
        raise ValueError(f"{where}: expected {coordinates.shape[1]} numbers, got {len(values)}")
    found = dict(zip(order, coordinates))
    places = [found[axis] for axis in range(len(shape))]
    for i, axis in enumerate(block_axes, len(shape)):
        if not 0 <= axis < len(shape):
            raise ValueError(f"{where}: expected blocks of an axis of {list(shape)}, got {axis}")
        places[axis] = places[axis] * sizes[i] + found[i]
    if any(p.size and not (p.min() >= 0 and p.max() < n) for p, n in zip(places, shape)):
        raise ValueError(f"{where}: expected indices inside of shape {list(shape)}")
    array = np.zeros(shape, values.dtype)
    array[tuple(places)] = values
    return array


def _descend(coordinates, level, most, where):
    """Return the coordinates (levels + 1, nodes) of the nodes one level further down."""
    nodes, kind, size = coordinates.shape[1], level.number(0, "b"), level.number(1, "i")
    if kind == _DENSE:
        counts = np.full(nodes, size)
        indices = None
    else:
        segments, indices = _vector(level, 2, where), _vector(level, 4, where)
        counts = np.diff(segments)
        fits = len(segments) == nodes + 1 and segments[0] == 0 and segments[-1] == len(indices)
        if kind != _SPARSE or not fits:
            raise ValueError(f"{where}: expected the indices of {nodes} nodes at byte {level.at}")
    if nodes and counts.min(initial=0) < 0 or int(counts.sum()) > 8 * most + 2**16:
        raise ValueError(f"{where}: expected at most {most} numbers, got more at byte {level.at}")
    if indices is None:
        indices = np.tile(np.arange(size if nodes else 0), nodes)
    return np.concatenate([np.repeat(coordinates, counts, axis=1), indices[None]])


def _vector(level, field, where):
    """Return the vector of integers in a union: its type in a field, its table in the next."""
    kind, table = level.number(field, "B"), level.table(field + 1)
    if kind not in _INDICES or table is None:
        raise ValueError(f"{where}: expected indices at byte {level.at}, got type {kind}")
    return table.numbers(0, _INDICES[kind]).astype(np.int64)
