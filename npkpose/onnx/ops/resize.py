"""Images of another size, and images read between their pixels.

Resize takes one axis after the other: output number i is a weighted sum of a few inputs around
a position that the coordinate mode gives. Specification: ONNX, Operators.md, Upsample-7, Resize-10,
11, 13, 18 and 19. Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP
1981, has the cubic kernel.
"""

import math

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.arguments import along, check_axes, ints


def resize(
    x, roi=None, scales=None, sizes=None, *, mode="nearest", nearest_mode="round_prefer_floor",
    coordinate_transformation_mode="half_pixel", cubic_coeff_a=-0.75, exclude_outside=0,
    extrapolation_value=0.0, antialias=0, axes=None, keep_aspect_ratio_policy="stretch",
):  # fmt: skip
    """Resize-11: by scales, or to sizes; of all axes, or from 18 on of some."""
    axes = range(x.ndim) if axes is None else check_axes(axes, x.ndim)
    scales = None if scales is None or scales.size == 0 else [float(s) for s in scales.reshape(-1)]
    scales, sizes = _scales_and_sizes(x, scales, ints(sizes), axes, keep_aspect_ratio_policy)
    whole = list(x.shape)
    for axis, size in zip(axes, sizes):
        whole[axis] = size
    check_size(whole, max(x.itemsize, 4))
    roi = None if roi is None or roi.size != 2 * len(axes) else roi.reshape(2, -1).T
    if roi is None and coordinate_transformation_mode == "tf_crop_and_resize":
        raise ValueError("roi: expected the start and end of each axis, got none")
    y, outside = x, np.zeros([1] * x.ndim, bool)
    for i, axis in enumerate(axes):
        n, size = x.shape[axis], sizes[i]
        if size == n and scales[i] == 1 and coordinate_transformation_mode[:2] != "tf":
            continue
        at = positions(n, size, scales[i], coordinate_transformation_mode, roi, i)
        places, weights = taps_of(
            at, scales[i], mode, nearest_mode, cubic_coeff_a, antialias and scales[i] < 1
        )
        if exclude_outside and mode != "nearest":
            weights = np.where((places < 0) | (places >= n), 0, weights)
            weights = weights / weights.sum(axis=0)
        y = _weighted(y, places.clip(0, n - 1), weights, axis)
        if coordinate_transformation_mode == "tf_crop_and_resize":
            outside = outside | along((at < 0) | (at > n - 1), axis, x.ndim)
    y = np.where(outside, extrapolation_value, y) if outside.any() else y
    if x.dtype.kind in "iu" and y.dtype != x.dtype:
        limits = np.iinfo(x.dtype)
        y = np.clip(np.rint(y) if mode != "nearest" else y, limits.min, limits.max)
    return y.astype(x.dtype, copy=False)


def _scales_and_sizes(x, scales, sizes, axes, policy):
    """Return both for each axis; one of them is given."""
    lengths = [x.shape[axis] for axis in axes]
    given = sizes if scales is None else scales
    if given is None or len(given) != len(lengths) or min(given, default=0) < 0 or 0 in lengths:
        raise ValueError(f"scales: expected one or a size for each of {lengths}, got {given}")
    if scales is not None:
        if not all(0 < s < 2**31 for s in scales):
            raise ValueError(f"scales: expected numbers above 0, got {scales}")
        return scales, [math.floor(n * s) for n, s in zip(lengths, scales)]
    scales = [size / n for size, n in zip(sizes, lengths)]
    if policy != "stretch":
        scale = min(scales) if policy == "not_larger" else max(scales)
        return [scale] * len(scales), [math.floor(n * scale + 0.5) for n in lengths]
    return scales, sizes


def positions(n, size, scale, mode, roi, i):
    """Return the place in the input of each output number."""
    at, length = np.arange(size, dtype=np.float64), scale * n
    if mode == "align_corners":
        return at * 0 if length == 1 else at * (n - 1) / (length - 1)
    if mode == "asymmetric":
        return at / scale
    if mode == "tf_crop_and_resize":
        start, end = (float(v) * (n - 1) for v in roi[i])
        step = 0.0 if length == 1 else (end - start) / (length - 1)
        return start + at * step + ((end - start) / 2 if length == 1 else 0.0)
    if mode == "pytorch_half_pixel" and length == 1:
        return at - 0.5
    if mode == "half_pixel_symmetric":
        return n / 2 * (1 - size / length) + (at + 0.5) / scale - 0.5
    if mode not in ("half_pixel", "pytorch_half_pixel"):
        raise ValueError(f"coordinate_transformation_mode: expected a known one, got {mode!r}")
    return (at + 0.5) / scale - 0.5


def taps_of(at, scale, mode, nearest_mode, a, antialias):
    """Return the inputs (k, size) that each output number sums, and their weights."""
    if mode == "nearest":
        nearest = {
            "round_prefer_floor": lambda: np.ceil(at - 0.5), "floor": lambda: np.floor(at),
            "round_prefer_ceil": lambda: np.floor(at + 0.5), "ceil": lambda: np.ceil(at),
        }  # fmt: skip
        if nearest_mode not in nearest:
            raise ValueError(f"nearest_mode: expected one of {list(nearest)}, got {nearest_mode!r}")
        return nearest[nearest_mode]().astype(np.int64)[None], None
    if mode not in ("linear", "cubic"):
        raise ValueError(f"mode: expected nearest, linear or cubic, got {mode!r}")
    shrink = scale if antialias else 1.0
    reach = (1 if mode == "linear" else 2) / shrink
    check_size((2 * math.ceil(reach), len(at)), 16)
    places = np.floor(at)[None] + np.arange(1 - math.ceil(reach), math.ceil(reach) + 1)[:, None]
    distance = np.abs(places - at) * shrink
    weights = np.maximum(1 - distance, 0) if mode == "linear" else cubic_weights(distance, a)
    return places.astype(np.int64), weights / weights.sum(axis=0)


def cubic_weights(t, a):
    """Return Keys's kernel at distances t."""
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


def _weighted(x, places, weights, axis):
    """Return sum_k weights[k] x[places[k]] along an axis."""
    if weights is None:
        return np.take(x, places[0], axis)
    kind = np.float64 if x.dtype != np.float32 else np.float32
    return sum(
        np.take(x, place, axis) * along(weight.astype(kind), axis, x.ndim)
        for place, weight in zip(places, weights)
    )


def resize_10(x, scales, *, mode="nearest"):
    """Resize-10 and Upsample-7, 9: output i is read at i / scale."""
    scales = np.asarray(scales, np.float64)
    options = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return resize(x, None, scales, mode=mode, **options)


OPS = {
    "Resize": {10: resize_10, 11: resize}, "Upsample": {7: resize_10},
}  # fmt: skip
