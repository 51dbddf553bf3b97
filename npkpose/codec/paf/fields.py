"""Part affinity fields: for each limb, a unit vector along it wherever the limb is.

    F(p) = v = (b - a) / |b - a|   where p is within ``width`` of the segment from a to b
         = 0                       elsewhere; the mean where the limbs of several people meet

The score of a candidate limb from a to b is the line integral

    E = integral_0^1 F(p(u)) . v du,   p(u) = (1 - u) a + u b

computed as the mean over evenly spaced samples, both ends included.

Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017,
arXiv:1611.08050, equations 8 to 11. Departures: the samples are bilinear, where published
code rounds them to pixels; the band includes the half discs beyond both ends, and ``width`` is
sqrt(2) pixels by default. A bilinear sample on the segment reads pixels up to that far from it,
so E is exactly 1 along a limb that meets no other.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from npkpose._check import (
    LARGEST,
    check_array,
    check_finite,
    check_float_dtype,
    check_integer,
    check_kind,
    check_memory,
    check_number,
    check_size,
)
from npkpose._jit import helper, kernel
from npkpose.grid import Grid, check_grid
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton

MAX_SAMPLES = 10_000  # of a line integral


def paf_fields(
    poses: Poses | ArrayLike, skeleton: Skeleton, size: int | tuple[int, int],
    width: float = math.sqrt(2), grid: Grid | None = None, dtype: DTypeLike = np.float32,
) -> NDArray:  # fmt: skip
    """Return the fields (C, H, W) that a network should give for these people.

    Parameters
    ----------
    poses : Poses, or array_like of shape (P, K, 2)
        (x, y) in heatmap pixels, or in image pixels where ``grid`` is given; NaN is missing.
    skeleton : Skeleton of K keypoints
        Its ``paf_channels`` say where each limb's x and y components go.
    size : int or (H, W)
    width : float
        Half the width of the band around a limb, heatmap pixels, positive.
    grid : Grid, optional
        How the map lies on the image.
    dtype : float32 or float64

    Returns
    -------
    fields : ndarray, shape (C, H, W)
        Vectors of length at most 1; zero where there is no limb. A limb with a missing end or
        of zero length adds nothing.

    Raises
    ------
    ValueError
        Wrong shape, an infinite coordinate, a size below 1 or width <= 0.
    """
    check_kind("skeleton", skeleton, Skeleton)
    check_grid(grid)
    keypoints = poses.keypoints if isinstance(poses, Poses) else poses
    keypoints = check_array("poses", keypoints, ("P", skeleton.num_keypoints, 2), finite=False)
    check_finite("poses", np.where(np.isnan(keypoints), 0.0, keypoints))
    size = check_size("size", size)
    width = check_number("width", width, above=0)
    dtype = check_float_dtype("dtype", dtype)
    if grid is not None:
        keypoints = grid.to_map(keypoints, size)
    with check_memory("size"):
        fields, count = np.zeros((skeleton.num_paf_channels, *size)), np.empty(size)
        _draw(skeleton.limbs_and_channels, keypoints, width, fields, count)
        return fields.astype(dtype, copy=False)


def limb_scores(
    paf: ArrayLike, starts: ArrayLike, ends: ArrayLike, num_samples: int = 10,
) -> NDArray:  # fmt: skip
    """Return the mean projection of the field on each limb's direction.

    Parameters
    ----------
    paf : array_like, shape (2, H, W)
        x and y components of one limb type's field.
    starts, ends : array_like, shape (M, 2)
        Limb end points (x, y) in heatmap pixels.
    num_samples : int, from 2 to 10,000
        Samples along each limb, both end points included.

    Returns
    -------
    scores : ndarray, shape (M,)
        Within [-1, 1] where the field's vectors have length at most 1. Zero for a limb of
        zero length.

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, fields above 1e150, an end point outside the grid, or fewer
        than 2 samples.
    """
    paf = check_array("paf", paf, (2, "H", "W"), largest=LARGEST)
    starts = check_array("starts", starts, ("M", 2))
    ends = check_array("ends", ends, (len(starts), 2))
    _check_inside("starts", starts, paf.shape)
    _check_inside("ends", ends, paf.shape)
    num_samples = check_integer("num_samples", num_samples, 2, MAX_SAMPLES)
    scores = np.empty(len(starts))
    _limb_scores(paf, starts, ends, num_samples, scores)
    return scores


def check_fields(pafs, skeleton):
    """Return ``pafs`` (C, H, W) as float32 with all channels of the skeleton, or ValueError."""
    check_kind("skeleton", skeleton, Skeleton)
    pafs = check_array("pafs", pafs, ("C", "H", "W"), np.float32, finite=False)
    if len(pafs) < skeleton.num_paf_channels:
        raise ValueError(
            f"pafs: expected at least {skeleton.num_paf_channels} channels for {skeleton.name}, "
            f"got {len(pafs)}"
        )
    return pafs


def _check_inside(name, points, shape):
    right, bottom = shape[2] - 1, shape[1] - 1
    outside = ((points < 0) | (points > [right, bottom])).any(axis=1)
    if outside.any():
        m = int(outside.argmax())
        x, y = points[m]
        raise ValueError(
            f"{name}[{m}]: expected (x, y) inside [0, {right}] x [0, {bottom}], got ({x:g}, {y:g})"
        )


@kernel
def _draw(limbs, people, width, fields, count):
    """Add to fields (C, H, W) the limbs (L, 4), ends and channels, of people (P, K, 2).

    ``count`` (H, W) is a scratch buffer: how many people's limbs cover each pixel.
    """
    for limb in range(limbs.shape[0]):
        a, b, channel_x, channel_y = limbs[limb]
        field_x, field_y = fields[channel_x], fields[channel_y]
        count[:] = 0.0
        for p in range(people.shape[0]):
            _add_limb(people[p, a], people[p, b], width, field_x, field_y, count)
        _average(field_x, field_y, count)


@helper
def _add_limb(a, b, width, field_x, field_y, count):
    """Add the unit vector from a to b to the field, at each pixel within ``width`` of the limb."""
    (ax, ay), (bx, by) = a, b
    length = math.hypot(bx - ax, by - ay)
    if not 0.0 < length < np.inf:  # zero, overflow, or NaN for a missing end
        return
    vx, vy = (bx - ax) / length, (by - ay) / length
    left, right = _pixel_range(ax, bx, width, count.shape[1])
    top, bottom = _pixel_range(ay, by, width, count.shape[0])
    for y in range(top, bottom):
        for x in range(left, right):
            along = (x - ax) * vx + (y - ay) * vy
            beyond = along - min(max(along, 0.0), length)
            across = (x - ax) * vy - (y - ay) * vx
            if across * across + beyond * beyond <= width * width:
                field_x[y, x] += vx
                field_y[y, x] += vy
                count[y, x] += 1.0


@helper
def _pixel_range(a, b, width, size):
    """Return the range of pixels, of ``size``, within ``width`` of the interval from a to b."""
    first = min(max(min(a, b) - width, 0.0), float(size))
    last = min(max(max(a, b) + width + 1.0, 0.0), float(size))
    return int(first), int(last)


@helper
def _average(field_x, field_y, count):
    """Divide the sums of vectors by the number of limbs at each pixel."""
    for y in range(count.shape[0]):
        for x in range(count.shape[1]):
            if count[y, x] > 1.0:
                field_x[y, x] /= count[y, x]
                field_y[y, x] /= count[y, x]


@kernel
def _limb_scores(paf, starts, ends, num_samples, scores):
    for m in range(starts.shape[0]):
        dx, dy = ends[m, 0] - starts[m, 0], ends[m, 1] - starts[m, 1]
        length = math.hypot(dx, dy)
        total = 0.0
        for s in range(num_samples):
            u = s / (num_samples - 1)
            x = (1.0 - u) * starts[m, 0] + u * ends[m, 0]
            y = (1.0 - u) * starts[m, 1] + u * ends[m, 1]
            total += _bilinear(paf[0], x, y) * dx + _bilinear(paf[1], x, y) * dy
        scores[m] = total / (num_samples * length) if length > 0.0 else 0.0


@helper
def _bilinear(image, x, y):
    x0, y0 = min(int(x), image.shape[1] - 1), min(int(y), image.shape[0] - 1)
    x1, y1 = min(x0 + 1, image.shape[1] - 1), min(y0 + 1, image.shape[0] - 1)
    fx, fy = x - x0, y - y0
    top = (1.0 - fx) * image[y0, x0] + fx * image[y0, x1]
    bottom = (1.0 - fx) * image[y1, x0] + fx * image[y1, x1]
    return (1.0 - fy) * top + fy * bottom
