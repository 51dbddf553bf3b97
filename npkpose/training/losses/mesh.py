"""Losses of a mesh: keypoints, vertices, body parameters, and a camera that has it in front.

    2-D keypoints   1/(2 N K) sum_nk c_nk |p_nk - q_nk|^2      in [-1, 1] inside the image
    3-D keypoints   1/(3 N'K) sum_nk c_nk |p_nk - q_nk|^2      metres from the middle of the hips
    vertices        1/(3 N'V) sum_nv |p_nv - q_nv|_1           metres
    parameters      1/(N'P) sum_np (p_np - q_np)^2             rotation matrices; shape
    camera          1/N sum_n exp(-10 s_n)^2                   s is the scale, positive in front

p is the estimate and q the truth, of N bodies; c is a confidence, from an annotator (0 or 1) or a
detector. N' bodies have such labels; the others add nothing. Each loss is a mean over all numbers,
also of those with confidence 0. Zhang et al., "PyMAF", ICCV 2021, arXiv:2103.16507; the terms are
from Kolotouros et al., "Learning to Reconstruct 3D Human Pose and Shape via Model-fitting in the
Loop", ICCV 2019, arXiv:1909.12828. The camera's, and the means, are as in the authors' code
(HongwenZhang/PyMAF). Departures: a label may be NaN, which is confidence 0; the camera's
exponential is continued by its tangent above exp(60), where float32 would overflow.
"""

import numpy as np

from npkpose import nn
from npkpose._check import shown
from npkpose.training.losses.labels import (
    check_confidence,
    check_joint,
    check_labels,
    check_points,
    check_valid,
)

HIPS = (2, 3)  # among PyMAF's 24 annotated keypoints: right and left
CAMERA_RATE = 10.0
_MAX_EXPONENT = 60.0


def keypoint_2d_loss(keypoints, true_keypoints, confidence=None):
    """Return the loss and its gradient with respect to ``keypoints``.

    Parameters
    ----------
    keypoints, true_keypoints : array_like, shape (N, K, 2)
        In [-1, 1] inside the image. NaN in ``true_keypoints`` is missing.
    confidence : array_like, optional
        At least 0; broadcasts to (N, K). PyMAF trains with 0 for OpenPose's 25. Default 1.

    Returns
    -------
    loss : float
        0 without bodies.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``keypoints``

    Raises
    ------
    ValueError
        Wrong shape, an estimate that is not finite, an infinite label, coordinates above 1e15, or a
        confidence that is negative or above 1e6.
    """
    keypoints = check_points("keypoints", keypoints, ("N", "K", 2))
    q = check_labels("true_keypoints", true_keypoints, keypoints.shape, keypoints.dtype)
    c = check_confidence("confidence", confidence, q.shape[:2], q.dtype)
    return _squared_error(keypoints, q, c, np.ones(len(q), bool))


def keypoint_3d_loss(points, true_points, confidence=None, valid=None, hips=HIPS):
    """Return the loss of keypoints (N, K, 3), and its gradient with respect to ``points``.

    ``valid`` (N,), True or False, says which bodies have 3-D labels; default all. ``hips`` are the
    two keypoints whose middle becomes 0: a body without a label for one of them has none. The loss
    is 0 if no body is valid. The rest is as for `keypoint_2d_loss`.
    """
    points = check_points("points", points, ("N", "K", 3))
    N, K, _ = points.shape
    q = check_labels("true_points", true_points, points.shape, points.dtype)
    c = check_confidence("confidence", confidence, (N, K), q.dtype)
    hips = [check_joint("hips", hip, K) for hip in _check_pair("hips", hips)]
    points, q = (array - array[:, hips].mean(axis=1, keepdims=True) for array in (points, q))
    loss, gradient = _squared_error(points, q, c, check_valid("valid", valid, N))
    shift = gradient.sum(axis=1) / 2
    for hip in hips:
        gradient[:, hip] -= shift
    return loss, gradient


def vertex_loss(vertices, true_vertices, valid=None):
    """Return the mean absolute error of vertices (N, V, 3), and its gradient for ``vertices``.

    ``valid`` (N,), True or False, says which bodies have labels; default all. The loss is 0 if none
    has. PyMAF's published configuration gives it no weight.
    """
    vertices = check_points("vertices", vertices, ("N", "V", 3))
    true_vertices = check_points("true_vertices", true_vertices, vertices.shape)
    weight = _share(check_valid("valid", valid, len(vertices)), vertices)
    difference = vertices - true_vertices.astype(vertices.dtype, copy=False)
    loss = (weight * abs(difference)).sum(dtype=np.float64)
    return float(loss), (weight * np.sign(difference)).astype(vertices.dtype)


def parameter_loss(parameters, true_parameters, valid=None):
    """Return the mean squared error of body parameters (N, ...), and its gradient.

    They are rotation matrices (N, 24, 3, 3), or shapes (N, 10). ``valid`` is as in `vertex_loss`.
    """
    parameters = check_points("parameters", parameters, (...,))
    if parameters.ndim == 0:
        raise ValueError("parameters: expected shape (N, ...), got ()")
    true_parameters = check_points("true_parameters", true_parameters, parameters.shape)
    weight = _share(check_valid("valid", valid, len(parameters)), parameters)
    difference = parameters - true_parameters.astype(parameters.dtype, copy=False)
    loss = (weight * difference**2).sum(dtype=np.float64)
    return float(loss), (2 * weight * difference).astype(parameters.dtype)


def camera_loss(camera):
    """Return the loss that keeps bodies in front of cameras (N, 3), and its gradient.

    A camera is (s, tx, ty), as in `npkpose.models.mesh.pymaf_body`; the loss is 1 at s = 0.
    """
    camera = check_points("camera", camera, ("N", 3))
    N, exponent = max(len(camera), 1), -2 * CAMERA_RATE * camera[:, 0].astype(np.float64)
    capped = exponent.clip(max=_MAX_EXPONENT)
    slope = np.exp(capped)
    gradient = np.zeros_like(camera)
    gradient[:, 0] = -2 * CAMERA_RATE * slope / N
    return float((slope * (1 + exponent - capped)).sum() / N), gradient


def _check_pair(name, value):
    """Return ``value`` as a tuple of two, or raise ValueError."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{name}: expected a pair, got {shown(value)}")
    return tuple(value)


def _squared_error(p, q, confidence, valid):
    """Return the mean over valid bodies of weighted squares, and its gradient; q may be NaN."""
    labelled = ~np.isnan(q).any(axis=-1)
    weight = np.where(labelled & valid[:, None], confidence, 0)[..., None]
    loss, gradient = nn.mse_loss(p, np.where(labelled[..., None], q, 0), weight)
    share = len(valid) / max(int(valid.sum()), 1)  # mse_loss is a mean over all bodies
    return loss * share, gradient * p.dtype.type(share)


def _share(valid, array):
    """Return, for each body, 1 over the number of numbers in valid bodies: (N, 1, ...), or 0."""
    count = int(valid.sum()) * array[:1].size
    return valid.reshape(-1, *[1] * (array.ndim - 1)) / max(count, 1)
