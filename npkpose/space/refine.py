"""Refinement: move a point to the least squares of its reprojection errors.

    minimise over X:   sum_v w_v^2 |project_v(X) - (u, v)_v|^2

project_v includes lens distortion, so errors are measured in the image, where the detector makes
them. The result is the maximum-likelihood point for Gaussian noise of deviation 1 / w_v. Each
Levenberg-Marquardt step uses the residuals r and their derivatives J:

    (J^T J + lambda diag(J^T J)) step = -J^T r

A step that decreases the sum divides lambda by 10. Any other step is undone and multiplies lambda
by 10: gradient descent far from the minimum, Gauss-Newton near it. Marquardt, "An Algorithm for
Least-Squares Estimation of Nonlinear Parameters", SIAM Journal 1963. The start is
`dlt.linear_points`; ten steps are usually enough.
"""

import numpy as np

from npkpose._jit import helper, kernel

_ITERATIONS = 30
_TOLERANCE = 1e-6  # stop when a step is expected to decrease the sum by less than this fraction


def refine_points(points, pixels, weights, cameras):
    """Return ``points`` (M, 3) moved to the minimum; NaN stays NaN.

    Parameters
    ----------
    points : ndarray, shape (M, 3)
    pixels : ndarray, shape (M, V, 2)
        Lens distortion included; not read where the weight is 0.
    weights : ndarray, shape (M, V)
    cameras : sequence of V Camera
    """
    refined = points.copy()
    _refine(pixels, weights, camera_table(cameras), (_ITERATIONS, _TOLERANCE), refined)
    return refined


def reprojection_errors(points, pixels, weights, cameras):
    """Return the distances (M, V) in pixels from ``pixels`` to the projections of ``points``.

    NaN where the weight is 0 or the point is NaN, infinite behind a camera. The arrays are those
    of `refine_points`.
    """
    errors = np.full(weights.shape, np.nan)
    _errors(pixels, weights, camera_table(cameras), points, errors)
    return errors


def camera_table(cameras):
    """Return the 29 numbers of each camera (V, 29): R, t, focal, centre and the `Lens`."""
    rows = [[*c.R.ravel(), *c.t, *c.focal, *c.centre, *c.lens] for c in cameras]
    return np.array(rows, dtype=np.float64).reshape(-1, 29)


@kernel
def _refine(pixels, weights, table, limits, points):
    """Move ``points`` (M, 3)."""
    systems, view = np.empty((2, 3, 4)), np.empty((2, 4))  # the accepted system and the trial's
    trial, step = np.empty(3), np.empty(3)
    for m in range(points.shape[0]):
        damping, now = 1e-3, 0
        best = _normal_equations(pixels[m], weights[m], table, points[m], view, systems[now])
        for _ in range(limits[0]):
            if not best < np.inf or not _solve(systems[now], damping, step):
                break
            gain = 0.0
            for i in range(3):
                trial[i] = points[m, i] - step[i]
                gain += systems[now, i, 3] * step[i]
            if gain <= limits[1] * best:
                _copy(trial, points[m])
                break
            total = _normal_equations(pixels[m], weights[m], table, trial, view, systems[1 - now])
            if total <= best:
                _copy(trial, points[m])
                best, now, damping = total, 1 - now, damping * 0.1
            else:
                damping *= 10.0


@helper
def _copy(source, target):
    """Copy three numbers. For an array Numba would compile an error message, in two seconds."""
    for i in range(3):
        target[i] = source[i]


@helper
def _normal_equations(pixels, weights, table, point, view, system):
    """Fill (J^T J | J^T r) (3, 4); return the sum of squares, infinite behind a camera."""
    total = 0.0
    system[:] = 0.0
    for v in range(weights.shape[0]):
        if weights[v] > 0.0:
            if not _project(table[v], point, view):
                return np.inf
            squared = weights[v] * weights[v]
            for axis in range(2):
                residual = view[axis, 3] - pixels[v, axis]
                total += squared * residual * residual
                for i in range(3):
                    slope = squared * view[axis, i]
                    system[i, 3] += slope * residual
                    for j in range(i, 3):
                        system[i, j] += slope * view[axis, j]
    return total


@kernel
def _errors(pixels, weights, table, points, errors):
    """Fill the errors (M, V) of used views."""
    view = np.empty((2, 4))
    for m in range(points.shape[0]):
        for v in range(weights.shape[1]):
            if weights[m, v] > 0.0 and points[m, 0] == points[m, 0]:
                errors[m, v] = np.inf
                if _project(table[v], points[m], view):
                    dx, dy = view[0, 3] - pixels[m, v, 0], view[1, 3] - pixels[m, v, 1]
                    errors[m, v] = np.sqrt(dx * dx + dy * dy)


@helper
def _project(camera, point, view):
    """Fill (derivative | pixel) (2, 4); return whether the point is in front of the camera.

    For one camera, a row of `camera_table`, and one point.
    """
    X, Y, Z = camera[9], camera[10], camera[11]
    for i in range(3):
        X += camera[i] * point[i]
        Y += camera[3 + i] * point[i]
        Z += camera[6 + i] * point[i]
    if not Z > 0.0:
        return False
    x, y = X / Z, Y / Z
    view[0, 3], view[1, 3], ux, uy, vx, vy = _distort(x, y, camera)
    view[0, 3] = camera[12] * view[0, 3] + camera[14]
    view[1, 3] = camera[13] * view[1, 3] + camera[15]
    for i in range(3):
        dx = (camera[i] - x * camera[6 + i]) / Z
        dy = (camera[3 + i] - y * camera[6 + i]) / Z
        view[0, i] = camera[12] * (ux * dx + uy * dy)
        view[1, i] = camera[13] * (vx * dx + vy * dy)
    return True


@helper
def _distort(x, y, camera):
    """Return (x', y') and, by rows, d(x', y') / d(x, y), as in `lens`."""
    k1, k2, p1, p2, k3, m = camera[16], camera[17], camera[18], camera[19], camera[20], camera[21]
    k4, k5, k6, s1, s2 = camera[22], camera[23], camera[24], camera[25], camera[26]
    s3, s4 = camera[27], camera[28]
    q = x * x + y * y
    b = 1.0 + q * (k4 + q * (k5 + q * k6))
    radial = (1.0 + q * (k1 + q * (k2 + q * k3))) / b
    slope = k1 + q * (2.0 * k2 + q * 3.0 * k3)
    slope = 2.0 * ((slope - radial * (k4 + q * (2.0 * k5 + q * 3.0 * k6))) / b)
    s = radial + m * (p1 * y + p2 * x)
    sx, sy = slope * x + m * p2, slope * y + m * p1
    u, v = 2.0 * p2 + (2.0 * s1 + q * (4.0 * s2)), 2.0 * p1 + (2.0 * s3 + q * (4.0 * s4))
    across = x * s + p2 * q + q * (s1 + q * s2)
    down = y * s + p1 * q + q * (s3 + q * s4)
    return across, down, s + x * sx + u * x, x * sy + u * y, y * sx + v * x, s + y * sy + v * y


@helper
def _solve(system, damping, step):
    """Fill ``step`` (3,) by Cramer's rule; return False if the damped matrix is singular."""
    more = 1.0 + damping
    a, d, f = system[0, 0] * more, system[1, 1] * more, system[2, 2] * more
    b, c, e = system[0, 1], system[0, 2], system[1, 2]
    A, B, C = d * f - e * e, c * e - b * f, b * e - c * d
    D, E, F = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * A + b * B + c * C
    if not determinant > 1e-14 * a * d * f:
        return False
    g, h, k = system[0, 3] / determinant, system[1, 3] / determinant, system[2, 3] / determinant
    step[0] = A * g + B * h + C * k
    step[1] = B * g + D * h + E * k
    step[2] = C * g + E * h + F * k
    return True
