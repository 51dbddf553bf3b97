"""Images read at points: GridSample and RoiAlign.

Specification: ONNX, Operators.md, GridSample-16, 20 and 22, RoiAlign-10, 16 and 22. Jaderberg et
al., "Spatial Transformer Networks", NIPS 2015; He et al., "Mask R-CNN", ICCV 2017.
"""

import itertools
import math
from functools import partial

import numpy as np

from npkpose.onnx.limits import check_size
from npkpose.onnx.ops.arguments import check_inside
from npkpose.onnx.ops.resize import cubic_weights

_FAR = 2.0**30


def grid_sample(x, grid, *, mode="linear", padding_mode="zeros", align_corners=0):
    """GridSample-16: x (N, C, ...) at points (..., axes), from -1 to 1, the last axis first."""
    n = x.ndim - 2
    if grid.ndim != x.ndim or grid.shape[-1] != n or len(grid) != len(x) or 0 in x.shape:
        raise ValueError(f"grid: expected points in {list(x.shape)}, got shape {list(grid.shape)}")
    taps = {"nearest": 1, "linear": 2, "bilinear": 2, "cubic": 4, "bicubic": 4}
    if mode not in taps or padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"mode: expected {list(taps)}, got {mode!r}, {padding_mode!r}")
    check_size((*x.shape[:2], *grid.shape[1:-1]), x.itemsize)
    axes = []
    for axis, length in enumerate(x.shape[2:]):
        u = np.nan_to_num(grid[..., n - 1 - axis].astype(np.float64)).clip(-_FAR, _FAR)
        u = (u + 1) / 2 * (length - 1) if align_corners else ((u + 1) * length - 1) / 2
        axes.append(_axis_taps(u, taps[mode], length, padding_mode, align_corners))
    batch = np.arange(len(x)).reshape(-1, *[1] * n)
    y = 0
    for combination in itertools.product(*axes):
        weight = math.prod(w for _, w in combination)
        pixels = np.moveaxis(x, 1, -1)[(batch, *(place for place, _ in combination))]
        y = y + pixels * weight[..., None]
    return np.moveaxis(y, -1, 1).astype(x.dtype)


def _axis_taps(u, count, length, padding_mode, align_corners):
    """Return [(index, weight), ...] of the pixels around positions u along one axis."""
    first = np.rint(u) if count == 1 else np.floor(u) - (count // 2 - 1)
    taps = []
    for k in range(count):
        place, distance = first + k, np.abs(first + k - u)
        weight = np.ones_like(u)
        if count > 1:
            weight = 1 - distance if count == 2 else cubic_weights(distance, -0.75)
        if padding_mode == "zeros":
            weight = np.where((place >= 0) & (place < length), weight, 0)
        elif padding_mode == "reflection":
            place = _reflect(place, length, align_corners)
        taps.append((place.clip(0, length - 1).astype(np.int64), weight))
    return taps


def _reflect(place, length, align_corners):
    """Return places mirrored at the first and last pixel, or at the image's edges."""
    low, span = (0, length - 1) if align_corners else (-0.5, length)
    if span == 0:
        return place * 0
    away = np.abs(place - low) % (2 * span)
    return np.where(away > span, 2 * span - away, away) + low


def roi_align(
    x, rois, batch_indices, *, output_height=1, output_width=1, sampling_ratio=0,
    spatial_scale=1.0, mode="avg", coordinate_transformation_mode="half_pixel",
):  # fmt: skip
    """RoiAlign-16: each box (x, y, x, y) as a small image; a pixel is a mean over points in it."""
    (C, H, W), half = x.shape[1:], 0.5 * (coordinate_transformation_mode == "half_pixel")
    shape = check_size((len(rois), C, output_height, output_width), x.itemsize)
    y = np.zeros(shape, x.dtype)
    boxes = rois.astype(np.float64) * spatial_scale - half
    for r, n in enumerate(check_inside(batch_indices, len(x))):
        start, extent = boxes[r, :2], boxes[r, 2:] - boxes[r, :2]
        extent = extent if half else np.maximum(extent, 1)
        bins = extent / (output_width, output_height)
        points = [sampling_ratio] * 2 if sampling_ratio > 0 else np.ceil(bins).clip(0, _FAR)
        px, py = (int(p) for p in points)
        check_size((C, output_height * py, output_width * px), 8)
        columns = _line(start[0], bins[0], output_width, px, W)
        rows = _line(start[1], bins[1], output_height, py, H)
        y[r] = _pool(x[n], rows, columns, (output_height, py, output_width, px), mode)
    return y


def _line(start, size, bins, points, length):
    """Return the two pixels around each point along an axis, and their weights."""
    steps = np.arange(bins)[:, None] + (np.arange(points) + 0.5) / max(points, 1)
    at = start + steps.reshape(-1) * size
    inside = (at >= -1) & (at <= length)
    at = at.clip(0, length - 1)
    low = np.minimum(at.astype(np.int64), max(length - 2, 0))
    return (low, np.minimum(low + 1, length - 1)), ((1 - at + low) * inside, (at - low) * inside)


def _pool(image, rows, columns, shape, mode):
    """Return the means, or the largest weighted pixels, of the points in each bin."""
    parts = [
        image[:, row[:, None], column] * (a[:, None] * b)
        for row, a in zip(*rows) for column, b in zip(*columns)
    ]  # fmt: skip
    if 0 in shape:
        return 0
    if mode == "max":
        return np.max(parts, axis=0).reshape(-1, *shape).max(axis=(2, 4))
    return sum(parts).reshape(-1, *shape).mean(axis=(2, 4))


_roi_align_10 = partial(roi_align, coordinate_transformation_mode="output_half_pixel")
OPS = {"GridSample": {16: grid_sample}, "RoiAlign": {10: _roi_align_10, 16: roi_align}}
