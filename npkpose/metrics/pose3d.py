"""How far are 3-D poses from the truth?

    MPJPE      mean over joints of |p - q|
    PA-MPJPE   the same after the best similarity (`procrustes`), mirror images excluded
    N-MPJPE    the same after the best scale s = <p, q> / <p, p> about the root
    MPJVE      MPJPE of velocities p[f + 1] - p[f]: how much the pose trembles in a sequence
    PVE        MPJPE of a mesh's vertices
    3-D PCK    share of joints nearer than 150 mm; AUC: its mean over thresholds 0, 5, ... 150 mm

p is the estimate and q the truth, both usually relative to a root joint, because the depth of the
whole person is a separate problem. Ionescu et al., "Human3.6M", TPAMI 2014 (MPJPE, also called
protocol 1, and PA-MPJPE, protocol 2); Rhodin et al., CVPR 2018, arXiv:1803.04775 (N-MPJPE); Pavllo
et al., CVPR 2019, arXiv:1811.11742 (MPJVE); Mehta et al., 3DV 2017, arXiv:1611.09813 (PCK, AUC).

A true joint that is NaN is not labelled and is left out. An estimated joint that is NaN is missing:
if it is labelled, mean distances are NaN, and it is not correct for the PCK.
"""

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import LARGEST, check_array, check_integer, check_number
from npkpose.space.procrustes import procrustes

PCK_THRESHOLD_MM = 150.0  # about half a head
AUC_THRESHOLDS_MM = np.linspace(0.0, 150.0, 31)


def mpjpe(points: ArrayLike, true_points: ArrayLike, root: int | None = None) -> float:
    """Return the mean distance of joints from the truth, in the unit of both.

    Parameters
    ----------
    points, true_points : array_like, shape (..., K, 3)
        Any number of poses, in one unit.
    root : int, optional
        Both poses are moved so that this joint is at 0. Default: they are compared as they are.

    Returns
    -------
    error : float
        NaN if nothing is labelled, or a labelled joint is missing.

    Raises
    ------
    ValueError
        Wrong shape, infinity, numbers above 1e150, or a root that is not a joint.
    """
    points, true_points = _check_poses(points, true_points, root)
    return _mean_distance(points, true_points)


def pa_mpjpe(points: ArrayLike, true_points: ArrayLike) -> float:
    """Return `mpjpe` after each pose is moved, rotated and scaled to fit the truth best."""
    points, true_points = _check_poses(points, true_points)
    return _mean_distance(procrustes(points, true_points).apply(points), true_points)


def n_mpjpe(points: ArrayLike, true_points: ArrayLike, root: int | None = None) -> float:
    """Return `mpjpe` after each pose is scaled, about its root or 0, to fit the truth best.

    A pose with all joints at 0 stays as it is.
    """
    points, true_points = _check_poses(points, true_points, root)
    product = np.nansum(points * true_points, axis=(-1, -2), keepdims=True)
    squared = np.where(np.isnan(true_points), 0.0, np.nan_to_num(points) ** 2)
    squared = squared.sum(axis=(-1, -2), keepdims=True)
    scale = np.where(squared > 0, product / np.where(squared > 0, squared, 1.0), 1.0)
    return _mean_distance(scale * points, true_points)


def mpjve(points: ArrayLike, true_points: ArrayLike, root: int | None = None) -> float:
    """Return the mean distance of velocities from the truth, in the poses' unit per frame.

    ``points`` and ``true_points`` (F, ..., K, 3) are sequences of F frames. NaN for a single
    frame. The rest is as for `mpjpe`.
    """
    points, true_points = _check_poses(points, true_points, root)
    if points.ndim < 3:
        raise ValueError(f"points: expected shape (F, ..., K, 3), got {points.shape}")
    return _mean_distance(np.diff(points, axis=0), np.diff(true_points, axis=0))


def pve(vertices, true_vertices, roots=None):
    """Return the mean distance of vertices (..., M, 3) from the truth, in the unit of both.

    Parameters
    ----------
    roots : pair of array_like, shape (..., 3), optional
        The root joint of each estimated mesh, and of each true one; subtracted from the vertices.
        Default: the vertices are compared as they are.
    """
    names = "vertices", "true_vertices"
    vertices, true_vertices = _check_poses(vertices, true_vertices, names=names)
    if roots is not None:
        shape = (2, *vertices.shape[:-2], 3)
        own, true = check_array("roots", roots, shape, largest=LARGEST)[..., None, :]
        vertices, true_vertices = vertices - own, true_vertices - true
    return _mean_distance(vertices, true_vertices)


def pck_3d(points, true_points, root=None, threshold=PCK_THRESHOLD_MM):
    """Return the share of labelled joints nearer to the truth than ``threshold``.

    The threshold is in the poses' unit; 150 means mm. NaN if nothing is labelled.
    """
    points, true_points = _check_poses(points, true_points, root)
    threshold = check_number("threshold", threshold, at_least=0)
    return _share_nearer(points, true_points, [threshold])


def auc_3d(points, true_points, root=None, thresholds=AUC_THRESHOLDS_MM):
    """Return the mean of `pck_3d` over ``thresholds`` (T,), in the poses' unit.

    A joint must be nearer than the threshold, so none is correct at 0, and the best value is 30/31.
    """
    points, true_points = _check_poses(points, true_points, root)
    thresholds = check_array("thresholds", thresholds, ("T",))
    if len(thresholds) == 0:
        raise ValueError("thresholds: expected at least 1, got 0")
    return _share_nearer(points, true_points, thresholds)


def _check_poses(points, true_points, root=None, names=("points", "true_points")):
    """Return both as arrays (..., K, 3), moved so that joint ``root`` is at 0."""
    points = check_array(names[0], points, (..., "K", 3), finite=False)
    true_points = check_array(names[1], true_points, points.shape, finite=False)
    for name, array in zip(names, (points, true_points)):
        if np.isinf(array).any():
            raise ValueError(f"{name}: expected finite values or NaN, got infinity")
        check_array(name, array, array.shape, finite=False, largest=LARGEST)
    if root is None:
        return points, true_points
    root = check_integer("root", root)
    if root >= points.shape[-2]:
        raise ValueError(f"root: expected less than {points.shape[-2]}, got {root}")
    return tuple(array - array[..., root : root + 1, :] for array in (points, true_points))


def _mean_distance(points, true_points):
    distances = np.linalg.norm(points - true_points, axis=-1)
    labelled = ~np.isnan(true_points).any(axis=-1)
    return float(distances[labelled].mean()) if labelled.any() else float("nan")


def _share_nearer(points, true_points, thresholds):
    """Return the mean over thresholds of the share of joints nearer; missing joints are not."""
    distances = np.linalg.norm(points - true_points, axis=-1)
    labelled = ~np.isnan(true_points).any(axis=-1)
    if not labelled.any():
        return float("nan")
    return float(np.mean([(distances[labelled] < threshold).mean() for threshold in thresholds]))
