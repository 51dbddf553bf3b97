"""Triangulation: 3-D points from the pixels at which several cameras see them.

Four steps, each in its own file; steps 2 and 4 are optional:

    1. each pixel becomes a ray, without distortion     Camera.rays
    2. views that disagree with the others are dropped  consensus   (``robust``)
    3. the linear solution                              dlt
    4. least squares of the reprojection errors         refine      (``refine``)

A point seen by fewer than two cameras cannot be located, nor one with another reason in `Status`:
it is NaN, and the other points are unaffected.
"""

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import check_array, check_flag, check_number, real_array
from npkpose.space.camera import LARGEST, Camera, check_cameras
from npkpose.space.consensus import consensus
from npkpose.space.dlt import linear_points
from npkpose.space.refine import refine_points, reprojection_errors

THRESHOLD = 15.0  # pixels: several times the noise of a good detector, far below a wrong joint


class Status(IntEnum):
    """OK, or the reason why a point is NaN."""

    OK = 0
    TOO_FEW_VIEWS = 1  # fewer than two
    NO_AGREEMENT = 2  # no two views within the threshold of one point
    DEGENERATE = 3  # the rays are parallel or have one origin: no depth
    BEHIND = 4  # the rays meet behind a camera


class Triangulation(NamedTuple):
    """3-D points and their reliability."""

    points: np.ndarray  # (..., 3) in the cameras' unit; NaN unless status is OK
    num_views: np.ndarray  # (...) int: number of used views
    errors: np.ndarray  # (...) mean reprojection error in pixels over used views; NaN unless OK
    status: np.ndarray  # (...) int8: values of `Status`
    used: np.ndarray  # (V, ...) bool: the used views


def triangulate(
    pixels: ArrayLike, cameras: Sequence[Camera], weights: ArrayLike | None = None,
    robust: bool = False, refine: bool = True, threshold: float = THRESHOLD,
) -> Triangulation:  # fmt: skip
    """Return the `Triangulation` of the points that ``cameras`` see at ``pixels``.

    Parameters
    ----------
    pixels : array_like, shape (V, ..., 2)
        One pixel per camera and point, lens distortion included; NaN where missing. A pixel that
        has no ray through the lens counts as missing.
    cameras : sequence of V Camera
        In one unit.
    weights : array_like, shape (V, ...), optional
        At least 0, for example a detector's scores; weight 0 means not used. Default: 1.
    robust : bool
        Use only the views that agree with the best pair of views (`npkpose.space.consensus`).
    refine : bool
        Minimise the weighted reprojection errors (`npkpose.space.refine`).
    threshold : float
        For ``robust``: a view agrees if its reprojection error is at most this, in pixels.

    Returns
    -------
    triangulation : Triangulation

    Raises
    ------
    ValueError
        Wrong shape, a pixel that is infinite or above 1e30, a negative weight, cameras in two
        units.
    """
    cameras = check_cameras("cameras", cameras)
    check_flag("robust", robust)
    check_flag("refine", refine)
    pixels = real_array("pixels", pixels)
    pixels = check_array("pixels", pixels, (len(cameras), *pixels.shape[1:-1], 2), finite=False)
    if np.isinf(pixels).any():
        raise ValueError("pixels: expected finite values or NaN, got infinity")
    check_array("pixels", pixels, pixels.shape, finite=False, largest=LARGEST)
    weights = _check_weights(weights, pixels.shape[:-1])
    threshold = check_number("threshold", threshold, above=0)
    rays = np.empty_like(pixels)
    for v, camera in enumerate(cameras):
        rays[v] = camera.rays(pixels[v])
    weights = np.where(np.isnan(rays[..., 0] + rays[..., 1]), 0.0, weights)
    used = _by_point(weights[..., None], 1)[..., 0]  # (M, V)
    rays, seen = _by_point(rays, 2), _by_point(pixels, 2)
    enough = _row_sums(used > 0) >= 2
    if robust:
        used = consensus(rays, used, cameras, threshold)
    points, status = linear_points(rays, used, cameras)
    status[enough & (status == Status.TOO_FEW_VIEWS)] = Status.NO_AGREEMENT
    if refine:
        points = refine_points(points, seen, used, cameras)
    errors = reprojection_errors(points, seen, used, cameras)
    return _in_shape(points, used > 0, errors, status, pixels.shape[:-1])


def _in_shape(points, used, errors, status, shape):
    """Return the `Triangulation` of pixels (*shape, 2) from arrays whose first axis is M points."""
    views, total = _row_sums(used), _row_sums(np.where(used, errors, 0.0))
    errors = np.where(status == Status.OK, total / np.maximum(views, 1), np.nan)
    rest = shape[1:]
    return Triangulation(
        points.reshape(*rest, 3), views.astype(int).reshape(rest), errors.reshape(rest),
        status.reshape(rest), used.T.reshape(shape),
    )  # fmt: skip


def _check_weights(weights, shape):
    """Return weights (V, ...), the largest of each point near 1: a common factor means nothing.

    They are divided by powers of 2, which changes no bit of the points.
    """
    if weights is None:
        return np.ones(shape)
    weights = check_array("weights", weights, shape)
    if (weights < 0).any():
        raise ValueError(f"weights: expected at least 0, got {weights.min():g}")
    return np.ldexp(weights, -np.frexp(weights.max(axis=0, initial=0.0))[1])


def _by_point(array, components):
    """Return (V, ..., components) as contiguous (M, V, components)."""
    points = math.prod(array.shape[1:]) // components
    return np.ascontiguousarray(array.reshape(len(array), points, components).swapaxes(0, 1))


def _row_sums(array):
    """Return the sums (M,) of short rows (M, V): a product is several times faster than `sum`."""
    return array @ np.ones(array.shape[1])
