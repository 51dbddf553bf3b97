"""Consensus: which views of a point agree. Each pair of views proposes a point, and all views vote.

Two rays c + s d pass close to each other; the midpoint of their shortest connection is the
proposal. A view agrees if the reprojection error of the proposal is at most a threshold. The
proposal with the most agreeing views wins (ties: the smaller sum of errors, then the earlier
pair), and the views that disagree with it are dropped.

This is RANSAC, Fischler and Bolles, "Random Sample Consensus", Communications of the ACM 1981,
with all pairs instead of random ones: V cameras have only V (V - 1) / 2. Of more than 1000 pairs,
about 1000 evenly spaced ones are tried. Errors are in pixels without lens distortion.
"""

import numpy as np

from npkpose._jit import helper, kernel

_MAX_PAIRS = 1000


def consensus(rays, weights, cameras, threshold):
    """Return ``weights`` (M, V) with 0 for views that disagree; all 0 if no two views agree.

    Parameters
    ----------
    rays : ndarray, shape (M, V, 2)
        (X / Z, Y / Z) in each camera's frame; not read where the weight is 0.
    weights : ndarray, shape (M, V)
    cameras : sequence of V Camera
    threshold : float
        Pixels.
    """
    poses = np.array([np.column_stack([c.R, c.t]) for c in cameras]).reshape(-1, 3, 4)
    positions = np.array([c.position for c in cameras]).reshape(-1, 3)
    focal = np.array([c.focal for c in cameras]).reshape(-1, 2)
    agreeing = np.zeros_like(weights)
    _consensus(rays, weights, poses, positions, focal, (threshold, _MAX_PAIRS), agreeing)
    return agreeing


@kernel
def _consensus(rays, weights, poses, positions, focal, limits, agreeing):
    """Copy the weights of agreeing views to ``agreeing`` (M, V), which is all 0."""
    views = rays.shape[1]
    directions, point, best_point = np.empty((views, 3)), np.empty(3), np.empty(3)
    seen = np.empty(views, np.int64)
    for m in range(rays.shape[0]):
        n = _directions(rays[m], weights[m], poses, seen, directions)
        step = max(1, n * (n - 1) // 2 // limits[1])
        pair, best, best_total = 0, 1, 0.0
        for i in range(n):
            for j in range(i + 1, n):
                pair += 1
                a, b = seen[i], seen[j]
                if pair % step or not _halfway(
                    positions[a], directions[a], positions[b], directions[b], point
                ):
                    continue
                count, total = 0, 0.0
                for k in range(n):
                    v = seen[k]
                    error = _distance(rays[m, v], poses[v], focal[v], point)
                    if error <= limits[0]:
                        count, total = count + 1, total + error
                if count > best or count == best and total < best_total:
                    best, best_total = count, total
                    for axis in range(3):
                        best_point[axis] = point[axis]
        if best >= 2:
            for k in range(n):
                v = seen[k]
                if _distance(rays[m, v], poses[v], focal[v], best_point) <= limits[0]:
                    agreeing[m, v] = weights[m, v]


@helper
def _directions(rays, weights, poses, seen, directions):
    """Fill the views that see the point and their rays in the world; return their number."""
    n = 0
    for v in range(rays.shape[0]):
        if weights[v] > 0.0:
            seen[n] = v
            n += 1
            for i in range(3):
                x, y = rays[v, 0], rays[v, 1]
                directions[v, i] = x * poses[v, 0, i] + y * poses[v, 1, i] + poses[v, 2, i]
    return n


@helper
def _halfway(c, d, e, f, point):
    """Fill the midpoint (3,) between rays c + s d and e + u f; return False if parallel."""
    dd, df, ff, dw, fw = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        w = e[i] - c[i]
        dd += d[i] * d[i]
        df += d[i] * f[i]
        ff += f[i] * f[i]
        dw += d[i] * w
        fw += f[i] * w
    sine = dd * ff - df * df  # times both lengths, squared
    if not sine > 1e-12 * dd * ff:
        return False
    s, u = (dw * ff - fw * df) / sine, (dw * df - fw * dd) / sine
    for i in range(3):
        point[i] = 0.5 * (c[i] + s * d[i] + e[i] + u * f[i])
    return True


@helper
def _distance(ray, pose, focal, point):
    """Return the pixels from ``ray`` (2,) to the projection of ``point``; infinite behind."""
    depth = pose[2, 3]
    for i in range(3):
        depth += pose[2, i] * point[i]
    if depth > 0.0:
        squared = 0.0
        for axis in range(2):
            local = pose[axis, 3]
            for i in range(3):
                local += pose[axis, i] * point[i]
            squared += (focal[axis] * (local / depth - ray[axis])) ** 2
        return np.sqrt(squared)
    return np.inf
