"""Association: which detections of several views are the same person, by geometry alone.

A pixel of one view is a ray in space, and the ray projects to a line in every other view, the
epipolar line. If two detections are one person, each keypoint of one lies on the line of the
other's. The distance between two detections is

    D = median over keypoints present in both of (d(b, F a) + d(a, F^T b)) / 2

a and b are the keypoint's undistorted pixels in the two views. F is the fundamental matrix of the
views: b^T F a = 0 if a and b are the same point. d is the distance in pixels from a point to a
line. Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd ed. 2004, chapters 9
and 11.3. The median, because detectors often report a wrong joint with a high score.

Agglomerative clustering joins them: the two groups with the smallest mean distance become one,
until that distance exceeds a maximum; a group has at most one detection of each view. With two
views, all people on one line have distance 0; a third view separates them, because the mean is
over all pairs of views.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_number
from npkpose.poses import Poses
from npkpose.space.camera import check_cameras
from npkpose.space.rotations import cross_matrix
from npkpose.space.triangulate import THRESHOLD, triangulate


def associate(people, cameras, max_distance=THRESHOLD, min_views=2, min_score=0.3):
    """Return the detection of each person in each view, as indices (P, V), -1 where missing.

    Parameters
    ----------
    people : sequence of V Poses
        The detections of each view, in its pixels.
    cameras : sequence of V Camera
    max_distance : float
        In pixels: groups at a larger distance are not joined.
    min_views : int
        The fewest views of a person; use 3 or more if the detector has many false positives.
    min_score : float
        Keypoints with a lower score are not compared.

    Returns
    -------
    members : ndarray of int, shape (P, V)
        ``people[v][members[p, v]]`` is person p. People with more views come first, then those
        with a smaller mean distance; ties keep the order of views and detections.

    Raises
    ------
    ValueError
        Not one Poses per camera, or different numbers of keypoints.
    """
    cameras = check_cameras("cameras", cameras)
    people = _check_people(people, len(cameras))
    max_distance = check_number("max_distance", max_distance, at_least=0)
    min_views = check_integer("min_views", min_views, at_least=1)
    view = np.repeat(np.arange(len(people)), [len(poses) for poses in people])  # (N,)
    index = np.concatenate([np.arange(len(poses)) for poses in people] + [[]]).astype(int)
    distances = _distances(people, cameras, check_number("min_score", min_score))
    rows = []
    in_view = view[:, None] == np.arange(len(people))
    for distance, group in _cluster(distances, in_view, max_distance):
        if len(group) >= min_views:
            row = np.full(len(people), -1)
            row[view[group]] = index[group]
            rows.append((-len(group), distance, row))
    rows.sort(key=lambda row: row[:2])
    return np.array([row for _, _, row in rows], dtype=int).reshape(len(rows), len(people))


def triangulate_people(people, cameras, members, threshold=THRESHOLD):
    """Return the robust `Triangulation` of people (P, K), weighted by keypoint scores.

    ``members`` (P, V) is the result of `associate`; ``threshold`` is that of `triangulate`.
    """
    cameras = check_cameras("cameras", cameras)
    people = _check_people(people, len(cameras))
    members = check_array("members", members, ("P", len(people)), np.int64)
    for v, poses in enumerate(people):
        wrong = (members[:, v] < -1) | (members[:, v] >= len(poses))
        if wrong.any():
            p = int(wrong.argmax())
            expected = f"-1 or one of {len(poses)} people"
            raise ValueError(f"members[{p}, {v}]: expected {expected}, got {members[p, v]}")
    parts = people[0].keypoints.shape[1] if people else 0
    pixels = np.full((len(people), len(members), parts, 2), np.nan)
    weights = np.zeros(pixels.shape[:-1])
    for v, poses in enumerate(people):
        seen = members[:, v] >= 0
        pixels[v, seen] = poses.keypoints[members[seen, v]]
        weights[v, seen] = poses.scores[members[seen, v]]
    return triangulate(pixels, cameras, weights.clip(0), robust=True, threshold=threshold)


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


def _distances(people, cameras, min_score):
    """Return D (N, N) for all N detections of all views, NaN if no keypoint is in both."""
    undistorted = [
        np.where((poses.scores >= min_score)[..., None], camera.undistort(poses.keypoints), np.nan)
        for poses, camera in zip(people, cameras)
    ]
    ends = np.cumsum([0] + [len(poses) for poses in people])
    distances = np.full((ends[-1], ends[-1]), np.nan)
    for u in range(len(people)):
        for v in range(u):
            F = fundamental_matrix(cameras[u], cameras[v])
            a, b = np.broadcast_arrays(undistorted[u][:, None], undistorted[v])  # (P_u, P_v, K, 2)
            block = _median(epipolar_distances(a, b, F))
            distances[ends[u] : ends[u + 1], ends[v] : ends[v + 1]] = block
            distances[ends[v] : ends[v + 1], ends[u] : ends[u + 1]] = block.T
    return distances


def _median(values):
    """Return the median over the last axis, without NaN; NaN if all values are NaN."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    middle = [np.maximum((count - 1) // 2, 0), np.minimum(count // 2, values.shape[-1] - 1)]
    return sum(np.take_along_axis(ordered, m, axis=-1)[..., 0] for m in middle) / 2


def _cluster(distances, in_view, max_distance):
    """Return (mean distance, indices) of the groups, each with at most one detection per view.

    ``in_view`` (N, V) is True for the view of each detection. Joining two groups adds their rows
    of ``in_view``, of the sums of distances and of the numbers of distances.
    """
    groups = [[n] for n in range(len(in_view))]
    known = ~np.isnan(distances)
    total, count, in_view = np.where(known, distances, 0.0), known.astype(int), in_view.astype(int)
    while groups:
        excluded = (in_view @ in_view.T > 0) | (count == 0)  # a common view, or nothing to compare
        gap = np.where(excluded, np.inf, total / np.maximum(count, 1))
        i, j = np.unravel_index(np.argmin(gap), gap.shape)  # the first minimum, so i < j
        if not gap[i, j] <= max_distance:
            break
        groups[i] += groups.pop(j)
        in_view[i] += in_view[j]
        in_view = np.delete(in_view, j, axis=0)
        total, count = _join(total, i, j), _join(count, i, j)
    means = np.diagonal(total) / np.maximum(np.diagonal(count), 1)
    return list(zip(means, groups))


def _join(sums, i, j):
    """Return ``sums`` (G - 1, G - 1) with group j added to i, in rows and columns."""
    sums[i] += sums[j]
    sums[:, i] += sums[:, j]
    return np.delete(np.delete(sums, j, axis=0), j, axis=1)


def _check_people(people, views):
    if isinstance(people, Poses) or not hasattr(people, "__iter__"):
        raise ValueError(f"people: expected a sequence of Poses, got {type(people).__name__}")
    people = list(people)
    if len(people) != views:
        raise ValueError(f"people: expected {views} views, one per camera, got {len(people)}")
    for v, poses in enumerate(people):
        if not isinstance(poses, Poses):
            raise ValueError(f"people[{v}]: expected Poses, got {type(poses).__name__}")
        parts, expected = poses.keypoints.shape[1], people[0].keypoints.shape[1]
        if parts != expected:
            raise ValueError(f"people[{v}]: expected {expected} keypoints, got {parts}")
    return people
