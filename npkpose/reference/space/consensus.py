"""Twin of `npkpose.space.consensus`: each pair's point by least squares, as in a textbook."""

from itertools import combinations

import numpy as np


def consensus(rays, weights, cameras, threshold):
    """Return ``weights`` (M, V) with 0 for views that disagree; all 0 if no two views agree."""
    agreeing = np.zeros_like(weights)
    for m, ray in enumerate(rays):
        seen = np.flatnonzero(weights[m])
        best, best_total = 1, 0.0
        for a, b in combinations(seen, 2):
            point = halfway(cameras[a], ray[a], cameras[b], ray[b])
            errors = np.array([distance(cameras[v], ray[v], point) for v in seen])
            agree = errors <= threshold
            if (agree.sum(), best_total) > (best, errors[agree].sum()):
                best, best_total = agree.sum(), errors[agree].sum()
                agreeing[m] = 0
                agreeing[m, seen[agree]] = weights[m, seen[agree]]
    return agreeing


def halfway(first, ray, second, other):
    """Return the midpoint of the shortest connection between two cameras' rays."""
    d, f = first.R.T @ [*ray, 1], second.R.T @ [*other, 1]
    s, u = np.linalg.lstsq(np.column_stack([d, -f]), second.position - first.position)[0]
    return (first.position + s * d + second.position + u * f) / 2


def distance(camera, ray, point):
    """Return the pixels, without lens, from a ray to the projection of the point."""
    x, y, z = camera.R @ point + camera.t
    return np.hypot(*(camera.focal * (np.array([x, y]) / z - ray))) if z > 0 else np.inf
