"""Epipolar distances: how well detections of two views agree, by geometry alone.

A pixel of one view is a ray in space, and the ray projects to a line in every other view, the
epipolar line. If two detections are one person, each keypoint of one lies on the line of the
other's. The distance between two detections and the support for their being one person are

    D = median over k of d_k,    d_k = (d(b, F a) + d(a, F^T b)) / 2
    S = sum over k of min(s_a, s_b) max(0, 1 - d_k / D_max)

over the keypoints k present in both. a and b are the keypoint's undistorted pixels in the two
views and s_a, s_b its scores. F is the fundamental matrix of the views: b^T F a = 0 if a and b are
the same point. d is the distance in pixels from a point to a line. Hartley and Zisserman,
"Multiple View Geometry in Computer Vision", 2nd ed. 2004, chapters 9 and 11.3. The median, because
detectors often report a wrong joint with a high score; the support, because a part of a person
that was found twice can be near by few keypoints of low scores.
"""

import numpy as np

from npkpose.space.rotations import cross_matrix

_BLOCK = 2**17  # keypoints that are compared at a time


def compare(people, cameras, max_distance, min_score):
    """Return D and S (N, N) of the N detections of all views, NaN if no keypoint is in both.

    ``people`` are the Poses of each view; keypoints below ``min_score`` are not compared.
    ``max_distance`` is D_max in pixels.
    """
    undistorted = [
        np.where((poses.scores >= min_score)[..., None], camera.undistort(poses.keypoints), np.nan)
        for poses, camera in zip(people, cameras)
    ]
    ends = np.cumsum([0] + [len(poses) for poses in people])
    tables = np.full((2, ends[-1], ends[-1]), np.nan)
    for u in range(len(people)):
        for v in range(u):
            F, columns = fundamental_matrix(cameras[u], cameras[v]), slice(ends[v], ends[v + 1])
            for rows in _blocks(len(people[u]), undistorted[v][..., 0].size):
                a, b = np.broadcast_arrays(undistorted[u][rows, None], undistorted[v])
                d = epipolar_distances(a, b, F)  # (rows, P_v, K)
                scores = np.minimum(people[u].scores[rows, None], people[v].scores)
                block = np.stack([median(d), _support(d, scores, max_distance)])
                rows = slice(ends[u] + rows.start, ends[u] + rows.stop)
                tables[:, rows, columns] = block
                tables[:, columns, rows] = block.swapaxes(1, 2)
    return tables


def fundamental_matrix(first, second):
    """Return F (3, 3): b^T F a = 0 for a point at a in ``first`` and at b in ``second``.

    a and b are undistorted pixels (u, v, 1).
    """
    R = second.R @ np.linalg.inv(first.R)
    t = second.t - R @ first.t
    return np.linalg.inv(second.K).T @ cross_matrix(t) @ R @ np.linalg.inv(first.K)


def epipolar_distances(a, b, F):
    """Return (d(b, F a) + d(a, F^T b)) / 2 (...) of undistorted pixels a, b (..., 2)."""
    a = np.concatenate([a, np.ones_like(a[..., :1])], axis=-1)
    b = np.concatenate([b, np.ones_like(b[..., :1])], axis=-1)
    line_b, line_a = a @ F.T, b @ F
    with np.errstate(invalid="ignore", divide="ignore"):
        scales = sum(1 / np.linalg.norm(line[..., :2], axis=-1) for line in (line_a, line_b))
        return abs((b * line_b).sum(axis=-1)) * scales / 2


def median(values):
    """Return the median over the last axis, without NaN; NaN if all values are NaN."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    middle = [np.maximum((count - 1) // 2, 0), np.minimum(count // 2, values.shape[-1] - 1)]
    return sum(np.take_along_axis(ordered, m, axis=-1)[..., 0] for m in middle) / 2


def _support(d, scores, max_distance):
    """Return S (...) of distances and scores (..., K)."""
    with np.errstate(over="ignore"):
        closeness = 1 - d / max(max_distance, np.finfo(float).tiny)
    return np.where(closeness > 0, scores * np.maximum(closeness, 0.0), 0.0).sum(axis=-1)


def _blocks(rows, size):
    """Yield slices of ``rows`` rows of ``size`` keypoints, a block at a time."""
    step = max(1, _BLOCK // max(size, 1))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
