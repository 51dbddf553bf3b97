"""N-MPJPE: mean distance of joints after each pose has the scale that fits the truth best.

    s = <p, q> / <p, p>,    L = 1/E sum_k |s p_k - q_k|

p is a pose of K joints and q the truth, E the number of labelled joints in all poses. Let g_k be
the gradient of L for s p_k, a unit vector over E. Since ds = <dp, q - 2 s p> / <p, p>,

    dL/dp_k = s g_k + (sum_j g_j.p_j) (q_k - 2 s p_k) / <p, p>

It is orthogonal to p: a pose and twice that pose have the same loss, so a network trained with it
alone learns no scale. Rhodin et al., "Learning Monocular 3D Human Pose Estimation from Multi-view
Images", CVPR 2018, arXiv:1803.04775. `npkpose.n_mpjpe` is the same as a score.
"""

import numpy as np

from npkpose.training.losses.labels import check_joint, check_labels, check_points
from npkpose.training.losses.mpjpe import from_root, from_root_backward, mean_distance

_SMALL = 1e-30  # <p, p> of a pose without a scale


def n_mpjpe_loss(points, true_points, root=None):
    """Return the mean distance of scaled joints, and its gradient with respect to ``points``.

    Parameters
    ----------
    points, true_points : array_like, shape (..., K, 3)
        Any number of poses, relative to their root joint. NaN in ``true_points`` is not labelled.
    root : int, optional
        Both poses are moved so that this joint is at 0. Default: they are scaled about 0 as they
        are.

    Returns
    -------
    loss : float
        In the unit of ``true_points``; 0 if nothing is labelled. A pose whose labelled joints are
        all at 0 (to 1e-15) has no scale: it stays as it is, with the gradient of `mpjpe_loss`.
    gradient : ndarray, the shape and dtype (float32 or float64) of ``points``

    Raises
    ------
    ValueError
        Wrong shape, points that are not finite, infinite labels, coordinates above 1e15, or a root
        that is not a joint.
    """
    points = check_points("points", points, (..., "K", 3))
    true_points = check_labels("true_points", true_points, points.shape, points.dtype)
    root = None if root is None else check_joint("root", root, points.shape[-2])
    p, q = from_root(points, root), from_root(true_points, root)
    labelled = ~np.isnan(q).any(axis=-1, keepdims=True)
    p = np.where(labelled, p, 0)
    squared = _inner(p, p)
    has_scale = squared > _SMALL
    squared = np.where(has_scale, squared, 1)
    s = np.where(has_scale, _inner(p, np.where(labelled, q, 0)) / squared, 1)
    loss, g = mean_distance(s * p, q, np.ones(p.shape[:-1], p.dtype))
    ds = np.where(has_scale & labelled, q - 2 * s * p, 0) / squared  # ds/dp
    return loss, from_root_backward(s * g + _inner(g, p) * ds, root)


def _inner(a, b):
    """Return <a, b> of each pose, (..., 1, 1)."""
    return (a * b).sum(axis=(-1, -2), keepdims=True)
