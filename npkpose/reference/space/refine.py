"""Twin of `npkpose.space.refine`: Gauss-Newton with the cameras' methods, one point at a time."""

import numpy as np


def refine_points(points, pixels, weights, cameras):
    """Return ``points`` (M, 3) at the least squares of weighted reprojection errors."""
    refined = points.copy()
    for m in range(len(points)):
        seen = np.flatnonzero(weights[m])
        for _ in range(20):
            residuals = [cameras[v].project(refined[m]) - pixels[m, v] for v in seen]
            slopes = [cameras[v].project_derivative(refined[m]) for v in seen]
            w = np.repeat(weights[m, seen], 2)
            A, r = np.reshape(slopes, (-1, 3)), np.ravel(residuals)
            if np.isfinite(A).all() and len(seen) > 1:
                refined[m] -= np.linalg.lstsq(w[:, None] * A, w * r)[0]
    return refined


def reprojection_errors(points, pixels, weights, cameras):
    """Return the reprojection errors (M, V) in pixels of the used views."""
    seen = np.stack([camera.project(points) for camera in cameras], axis=1)  # (M, V, 2)
    return np.where(weights > 0, np.hypot(*np.moveaxis(seen - pixels, -1, 0)), np.nan)
