"""The direct linear transform: a point from the rays that see it, by linear algebra alone.

A camera [R | t] that sees the point X along the ray (x, y, 1) says, with p_i the rows of [R | t],

    (x p_3 - p_1) . (X, 1) = 0,    (y p_3 - p_2) . (X, 1) = 0

two rows of A for each view. The answer is the vector of length 1 that A, its rows times focal
length and weight, brings nearest to zero: the eigenvector of the smallest eigenvalue of A^T A.
It minimises no error in pixels but comes close. Hartley and Zisserman, "Multiple View Geometry in
Computer Vision", 2nd ed. 2004, section 12.2.

Departure from the book: inverse iteration with one Cholesky factor of A^T A in place of an SVD of
A. The smallest eigenvalue lies far below the others where the point is well determined, so a few
solves suffice, and the factor's third pivot, all but 0 when rays are parallel, tells where it is
not. And what is nearest to zero depends on the unit of X and on the origin it is counted from (in
mm, a point near the origin can be lost altogether), so here the origin lies amid the cameras and
the unit is the distance of the farthest of them: moving or scaling the world changes nothing.
"""

import numpy as np

from npkpose._jit import kernel

OK, TOO_FEW_VIEWS, DEGENERATE, BEHIND = 0, 1, 3, 4  # of `triangulate.Status`

_PARALLEL = 1e-12  # squared sine: rays a millionth of a radian apart
_ITERATIONS = 50


def linear_points(rays, weights, cameras):
    """Return points (M, 3) and what became of them (M,) int8.

    Parameters
    ----------
    rays : ndarray, shape (M, V, 2)
        (X / Z, Y / Z) in each camera's frame, the lens undone; not read where the weight is 0.
    weights : ndarray, shape (M, V)
        0 where a view does not see the point.
    cameras : sequence of V Camera

    Returns
    -------
    points : ndarray, shape (M, 3)
        NaN unless the status is OK.
    status : ndarray, shape (M,)
    """
    origin, unit = middle_of(cameras)
    poses = [np.column_stack([c.R, (c.R @ origin + c.t) / unit]) for c in cameras]
    poses = np.reshape(poses, (-1, 3, 4))
    focal = np.reshape([c.focal for c in cameras], (-1, 2))
    points = np.full((len(rays), 3), np.nan)
    status = np.empty(len(rays), dtype=np.int8)
    _linear(rays, weights, poses, focal, (_PARALLEL, _ITERATIONS), points, status)
    return unit * points + origin, status


def middle_of(cameras):
    """Return the mean place (3,) of the cameras and the distance of the farthest, 1 if all 0."""
    if not cameras:
        return np.zeros(3), 1.0
    places = np.array([camera.position for camera in cameras])
    origin = places.mean(axis=0)
    farthest = np.linalg.norm(places - origin, axis=1).max()
    return origin, farthest if farthest > 0 else 1.0


@kernel
def _linear(rays, weights, poses, focal, limits, points, status):
    """Fill ``points`` (M, 3), all NaN before, and ``status`` (M,)."""
    normal, factor, x = np.empty((4, 4)), np.empty((4, 4)), np.empty(4)
    for m in range(rays.shape[0]):
        if _normal_matrix(rays[m], weights[m], poses, focal, x, normal) < 2:
            status[m] = TOO_FEW_VIEWS
        elif not _cholesky(normal, limits[0], factor):
            status[m] = DEGENERATE
        else:
            _smallest(factor, limits[1], x)
            behind = x[3] == 0.0
            for v in range(rays.shape[1]):
                if weights[m, v] > 0.0 and not behind:
                    depth = poses[v, 2, 3]
                    for i in range(3):
                        depth += poses[v, 2, i] * x[i] / x[3]
                    behind = not depth > 0.0
            status[m] = BEHIND if behind else OK
            if not behind:
                for i in range(3):
                    points[m, i] = x[i] / x[3]


@kernel
def _normal_matrix(rays, weights, poses, focal, row, normal):
    """Fill A^T A (4, 4) of one point, lower half, and its rows in turn; return how many views."""
    views = 0
    normal[:] = 0.0
    for v in range(rays.shape[0]):
        if weights[v] > 0.0:
            views += 1
            for axis in range(2):
                scale, ray = weights[v] * focal[v, axis], rays[v, axis]
                for i in range(4):
                    row[i] = scale * (ray * poses[v, 2, i] - poses[v, axis, i])
                    for j in range(i + 1):
                        normal[i, j] += row[i] * row[j]
    return views


@kernel
def _cholesky(normal, parallel, factor):
    """Fill the lower factor (4, 4), its pivots inverted; return whether three are clear of 0."""
    for i in range(4):
        for j in range(i + 1):
            total = normal[i, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i > j:
                factor[i, j] = total * factor[j, j]
            elif i == 3:  # 0 but for rounding where the rays meet
                factor[3, 3] = 1.0 / np.sqrt(max(total, 1e-16 * normal[3, 3], 1e-300))
            elif not total > parallel * normal[i, i]:
                return False
            else:
                factor[i, i] = 1.0 / np.sqrt(total)
    return True


@kernel
def _smallest(factor, iterations, x):
    """Fill ``x`` (4,) with the eigenvector of the smallest eigenvalue of factor factor^T."""
    x[:] = 0.0
    x[3] = 1.0
    for _ in range(iterations):
        before0, before1, before2, before3 = x[0], x[1], x[2], x[3]
        _solve(factor, x)
        length = np.sqrt(x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + x[3] ** 2)
        for i in range(4):
            x[i] /= length
        change = abs(x[0] - before0) + abs(x[1] - before1) + abs(x[2] - before2)
        if change + abs(x[3] - before3) < 1e-15:
            break


@kernel
def _solve(factor, x):
    """Divide ``x`` (4,) by factor, then by its transpose, in place."""
    for i in range(4):
        for k in range(i):
            x[i] -= factor[i, k] * x[k]
        x[i] *= factor[i, i]
    for i in range(3, -1, -1):
        for k in range(i + 1, 4):
            x[i] -= factor[k, i] * x[k]
        x[i] *= factor[i, i]
