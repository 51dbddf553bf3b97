"""Twin of `npkpose.space.dlt`: the last right singular vector of the stacked rows."""

import numpy as np


def linear_points(rays, weights, cameras):
    """Return points (M, 3), NaN for fewer than two views or behind a camera."""
    points = np.full((len(rays), 3), np.nan)
    positions = np.array([camera.position for camera in cameras])
    origin = positions.mean(axis=0)
    unit = np.linalg.norm(positions - origin, axis=1).max()
    for m, (ray, weight) in enumerate(zip(rays, weights)):
        views = np.flatnonzero(weight)
        rows = []
        for v in views:
            pose = np.column_stack([unit * cameras[v].R, cameras[v].R @ origin + cameras[v].t])
            difference = ray[v][:, None] * pose[2] - pose[:2]  # (2, 4)
            rows.append(weight[v] * cameras[v].focal[:, None] * difference)
        if len(views) >= 2:
            x = np.linalg.svd(np.concatenate(rows))[2][-1]
            point = unit * x[:3] / x[3] + origin
            if all((cameras[v].R @ point + cameras[v].t)[2] > 0 for v in views):
                points[m] = point
    return points
