"""The direct linear transform (DLT): a 3-D point from its rays, by linear algebra alone.

A camera [R | t] with rows p_i that sees the point X along the ray (x, y, 1) gives two equations:

    (x p_3 - p_1) . (X, 1) = 0,    (y p_3 - p_2) . (X, 1) = 0

They are two rows of a matrix A, scaled by focal length and weight. The solution is the unit vector
v that minimises |A v|: the eigenvector of the smallest eigenvalue of A^T A. The error in pixels is
close to its minimum, not at it. Hartley and Zisserman, "Multiple View Geometry in Computer
Vision", 2nd ed. 2004, section 12.2.

Departures from the book: inverse iteration with one Cholesky factor of A^T A replaces an SVD of A.
For a well-determined point the smallest eigenvalue is far below the others, so a few solves are
enough; the factor's third pivot is nearly 0 if the rays are parallel. And the minimiser depends on
the unit and the origin of X (in mm, a point near the origin can be lost), so here the origin is
the mean camera position and the unit is the distance of the farthest camera: the result does not
depend on the world's origin or scale.
"""

import numpy as np

from npkpose._jit import helper, kernel

OK, TOO_FEW_VIEWS, DEGENERATE, BEHIND = 0, 1, 3, 4  # of `triangulate.Status`

_PARALLEL = 1e-12  # squared sine: rays a millionth of a radian apart
_ITERATIONS = 50


def linear_points(rays, weights, cameras):
    """Return points (M, 3) and their status (M,) int8.

    Parameters
    ----------
    rays : ndarray, shape (M, V, 2)
        (X / Z, Y / Z) in each camera's frame, undistorted; not read where the weight is 0.
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
    """Return the cameras' mean position (3,) and the largest distance from it, 1 if that is 0."""
    if not cameras:
        return np.zeros(3), 1.0
    positions = np.array([camera.position for camera in cameras])
    origin = positions.mean(axis=0)
    farthest = np.linalg.norm(positions - origin, axis=1).max()
    return origin, farthest if farthest > 0 else 1.0


@kernel
def _linear(rays, weights, poses, focal, limits, points, status):
    """Fill ``points`` (M, 3), which is all NaN, and ``status`` (M,)."""
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


@helper
def _normal_matrix(rays, weights, poses, focal, row, normal):
    """Fill the lower half of A^T A (4, 4) of one point; return its number of views."""
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


@helper
def _cholesky(normal, parallel, factor):
    """Fill the lower factor (4, 4), its pivots inverted; return whether three are above 0."""
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


@helper
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


@helper
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
