"""Operators that move numbers, as jobs of the engine or as views: see `npkpose.onnx.lower`.

Operators that only rename axes or take a part give a view of their input, which costs nothing.
"""

import numpy as np

from npkpose.engine import copies, windows
from npkpose.onnx.ops import find_operator
from npkpose.onnx.ops.arguments import check_axis
from npkpose.onnx.ops.resize import positions, taps_of
from npkpose.onnx.run import call


def _resize(plan, node):
    a = dict(node.attributes)
    (x,) = plan.reads(node, 1)
    shape = plan.shape(node.outputs[0])
    if x.ndim != 4 or shape[:2] != x.shape[:2] or a.get("antialias") or a.get("axes"):
        return None
    old = node.op == "Upsample" or node.version < 11
    mode = a.get("mode", "nearest")
    coordinates = a.get("coordinate_transformation_mode", "half_pixel")
    coordinates, nearest = (
        ("asymmetric", "floor") if old
        else (coordinates, a.get("nearest_mode", "round_prefer_floor"))
    )  # fmt: skip
    if mode not in ("nearest", "linear") or coordinates == "tf_crop_and_resize":
        return None
    given = None if old else plan.numbers(node, 2, float)
    scales = (given or [size / n for size, n in zip(shape, x.shape)])[-2:]
    taps = []
    for n, size, scale in zip(x.shape[2:], shape[2:], scales):
        at = positions(n, size, scale, coordinates, None, 0)
        places, weights = taps_of(at, scale, mode, nearest, 0, False)
        taps.append((places.clip(0, n - 1), weights))
    x, y = plan.contiguous(x), plan.write(node)
    if mode == "linear":
        windows.add_interpolated(plan.program, x, y, *taps)
        return True
    factors = [size // n for size, n in zip(shape[2:], x.shape[2:])]
    if any((p[0] != np.arange(size) // f).any() if f else True
           for (p, _), size, f in zip(taps, shape[2:], factors)):  # fmt: skip
        return None
    copies.add_enlarged(plan.program, x, y, factors)
    return True


def _concat(plan, node):
    parts = plan.reads(node, len(node.inputs))
    y, start = plan.write(node), 0
    axis = check_axis(node.attributes["axis"], y.ndim)
    for x in parts:
        place = [slice(None)] * y.ndim
        place[axis] = slice(start, start + x.shape[axis])
        target, start = y[tuple(place)], start + x.shape[axis]
        if not plan.is_same(x, target):
            copies.add_copy(plan.program, x, target)
    return True


def _view(kind):
    """Return the lowering of an operator that NumPy does without copying where it can."""

    def lower(plan, node):
        x, *others = (plan.read(name) for name in node.inputs)
        if not plan.constant(node, *range(1, len(node.inputs))):
            return None
        if kind == "reshape" and x.dtype == np.float32:
            x = plan.contiguous(x)
        elif kind == "reshape" and not x.flags.c_contiguous:
            return None
        found = call(find_operator(node), [x, *others], node)
        if any(min(v.strides, default=0) < 0 for v in found):
            return None
        for name, array in zip(node.outputs, found):
            plan.view(name, array, node.inputs[0])
        return True

    return lower


def _depth_to_space(plan, node):
    (x,) = plan.reads(node, 1)
    (N, C, H, W), b = x.shape, node.attributes["blocksize"]
    parts = plan.contiguous(x)
    if node.attributes.get("mode", "DCR") == "DCR":
        parts = parts.reshape(N, b, b, C // b**2, H, W).transpose(0, 3, 4, 1, 5, 2)
    else:
        parts = parts.reshape(N, C // b**2, b, b, H, W).transpose(0, 1, 4, 2, 5, 3)
    copies.add_copy(plan.program, parts, plan.write(node).reshape(parts.shape))
    return True


def _expand(plan, node):
    (x,) = plan.reads(node, 1)
    copies.add_copy(plan.program, x, plan.write(node))
    return True


VIEWS = {
    "Reshape": _view("reshape"), "Flatten": _view("reshape"), "Squeeze": _view("axes"),
    "Unsqueeze": _view("axes"), "Transpose": _view("axes"), "Identity": _view("axes"),
    "Slice": _view("part"), "Split": _view("part"),
}  # fmt: skip
MOVES = VIEWS | {
    "Resize": _resize, "Upsample": _resize, "Concat": _concat, "Expand": _expand,
    "DepthToSpace": _depth_to_space,
}  # fmt: skip
