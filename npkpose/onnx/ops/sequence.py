"""Lists of arrays.

Specification: ONNX, Operators.md, version 11.
"""

import numpy as np

from npkpose.onnx.ops.arguments import check_axis, ints, parts, scalar


def sequence_at(sequence, position):
    """SequenceAt-11: one array; a negative position counts from the end."""
    i = int(scalar(position))
    if not -len(sequence) <= i < len(sequence):
        raise ValueError(f"position: expected an index of {len(sequence)} arrays, got {i}")
    return sequence[i]


def sequence_insert(sequence, x, position=None):
    """SequenceInsert-11: the list with another array, by default at its end."""
    i = len(sequence) if position is None else int(scalar(position))
    return [*sequence[:i], x, *sequence[i:]]


def split_to_sequence(x, split=None, *, axis=0, keepdims=1):
    """SplitToSequence-11: parts of given lengths or of one; without a split single slices."""
    axis = check_axis(axis, x.ndim)
    length = x.shape[axis]
    each = [1] * length if split is None else ints(split)
    if split is not None and np.ndim(split) == 0:
        if each[0] < 1:
            raise ValueError(f"split: expected lengths of at least 1, got {each[0]}")
        each = [min(each[0], length - i) for i in range(0, length, each[0])]
    found = parts(x, each, axis)
    return [p.squeeze(axis) for p in found] if split is None and not keepdims else found


OPS = {
    "SequenceAt": {11: sequence_at}, "SequenceConstruct": {11: lambda *inputs: list(inputs)},
    "SequenceEmpty": {11: lambda *, dtype=1: []}, "SequenceInsert": {11: sequence_insert},
    "SequenceLength": {11: lambda sequence: np.array(len(sequence), np.int64)},
    "SplitToSequence": {11: split_to_sequence},
    "ConcatFromSequence": {11: lambda sequence, *, axis, new_axis=0: (
        np.stack if new_axis else np.concatenate)(sequence, axis)},
}  # fmt: skip
