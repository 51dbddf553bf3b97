"""Reprojection: poses in space should project to the keypoints that were seen.

    (x, y) = clip(X / Z, -c, c), clip(Y / Z, -c, c)       in the camera's frame; c = 1: 45 degrees
    u_e = pixel of (x, y) through the lens                see `npkpose.space.camera`
    L = 1/E sum_e w_e |u_e - v_e|,    dL/dX_e = (du_e/dX_e)^T dL/du_e

v_e is the keypoint, E the number of keypoints that are not missing, and L is in the pixels of the
camera. It needs no pose labels, only the camera's intrinsic parameters: Pavllo et al., "3D human
pose estimation in video with temporal convolutions and semi-supervised training", CVPR 2019,
arXiv:1811.11742, section 4. Their pixels are half the image's width (`screen_camera`), so that L is
about as large as the other losses, in metres.

The clip keeps L finite for points near the plane of the camera. A clipped coordinate has no
gradient. Departures from the authors' code: a point behind the camera, which they mirror, is
clipped like a point in front that nears the plane of the camera; and the lens is the camera's own,
while they exchange Human3.6M's two tangential coefficients.
"""

import copy

import numpy as np

from npkpose._check import check_array, check_number
from npkpose.space.camera import Camera, check_cameras
from npkpose.space.lens import distort, distortion_derivative
from npkpose.training.losses.labels import check_confidence, check_labels, check_points
from npkpose.training.losses.mpjpe import mean_distance

LIMIT = 1.0  # c
_NEAR = 1e-6  # in units: a depth below it counts as behind the camera


def reprojection_loss(points, keypoints, camera, weight=None, limit=LIMIT):
    """Return the weighted mean distance in the image, and its gradient for ``points``.

    Parameters
    ----------
    points : array_like, shape (..., 3)
        In the camera's world and unit.
    keypoints : array_like, shape (..., 2)
        In the pixels of the camera. NaN is missing.
    camera : Camera, or a sequence of them
        One for all points, or one for each item of the first axis.
    weight : array_like, optional
        At least 0, such as the keypoints' scores; broadcasts to (...). Default 1.
    limit : float
        c, above 0: a wide camera, which sees beyond 45 degrees, needs more.

    Returns
    -------
    loss : float
        0 if all keypoints are missing.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``points``

    Raises
    ------
    ValueError
        Wrong shape, points that are not finite, infinite keypoints, coordinates above 1e15, a
        weight that is negative or above 1e6, another number of cameras, or a limit that is not
        positive.
    """
    points = check_points("points", points, (..., 3))
    keypoints = check_labels("keypoints", keypoints, (*points.shape[:-1], 2), np.float64)
    limit = check_number("limit", limit, above=0)
    weight = check_confidence("weight", weight, points.shape[:-1])
    pixels = np.empty(keypoints.shape)
    derivative = np.empty((*keypoints.shape, 3))
    for where, one in _cameras(camera, points):
        pixels[where], derivative[where] = _project(points[where], one, limit)
    loss, dpixels = mean_distance(pixels, keypoints, weight)
    dpoints = np.einsum("...uv,...u->...v", derivative, dpixels)
    return loss, dpoints.astype(points.dtype, copy=False)


def screen_camera(camera, size):
    """Return ``camera`` with the pixels of `to_screen`, for images of ``size`` (width, height).

    x spans -1 to 1 over the image, and y has the same unit: `to_screen` of what the camera
    projects to is what the new camera projects to.
    """
    check_cameras("camera", [camera])
    width, height = check_array("size", size, (2,))
    if not min(width, height) > 0:
        raise ValueError(f"size: expected a positive width and height, got {size}")
    screen = copy.copy(camera)
    screen.focal = camera.focal * (2 / width)
    screen.centre = camera.centre * (2 / width) - np.array([1, height / width])
    return screen


def _cameras(camera, points):
    """Yield (where, camera): each camera, and its part of the first axis."""
    if isinstance(camera, Camera):
        yield ..., camera
        return
    cameras = check_cameras("camera", camera)
    if points.ndim < 2 or len(cameras) != len(points):
        raise ValueError(f"camera: expected 1, or one per item of {points.shape[:-1]}, "
                         f"got {len(cameras)}")  # fmt: skip
    places = {}
    for i, one in enumerate(cameras):
        places.setdefault(id(one), []).append(i)
    for where in places.values():
        yield where, cameras[where[0]]


def _project(points, camera, limit):
    """Return u (..., 2) of the formula, and du/dX (..., 2, 3)."""
    local = camera.to_camera(points)
    front = local[..., 2:] > _NEAR  # (..., 1)
    depth = np.where(front, local[..., 2:], _NEAR)
    unclipped = local[..., :2] / depth
    ideal = np.where(front, unclipped, limit * np.sign(local[..., :2])).clip(-limit, limit)
    free = (front & (abs(unclipped) <= limit))[..., None]  # (..., 2, 1)
    division = np.concatenate([np.eye(2) + np.zeros_like(free), -ideal[..., None]], axis=-1)
    division = np.where(free, division / depth[..., None], 0)  # d(x, y) / dX_camera
    lens = camera.focal[:, None] * distortion_derivative(ideal, camera.lens)
    return camera.to_pixels(distort(ideal, camera.lens)), lens @ division @ camera.R
