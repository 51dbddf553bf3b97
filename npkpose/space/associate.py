"""Association: which person of one view is which of another, by geometry alone.

A pixel of one view is a ray in space, and that ray a line in any other picture: if two people are
one, each keypoint of the one lies on the line of the other's. The distance of two people is

    D = median over keypoints that both show of (d(b, F a) + d(a, F^T b)) / 2

a and b are where the two views show the keypoint, the lens undone, F is the fundamental matrix of
the views, so that b^T F a = 0 for one point seen twice, and d is the distance in pixels of a point
from a line. Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd ed. 2004,
chapters 9 and 11.3. The median, because a detector that is sure of a wrong joint is common.

People are joined as in agglomerative clustering: the two groups whose mean distance is smallest
become one, again and again, until it exceeds a maximum; two people of one view never meet in a
group. One pair of views can be fooled, as people on one line all have distance 0; a third view
sees them apart, and the mean over all pairs of views heeds it.
"""

import numpy as np

from npkpose._check import check_integer, check_number
from npkpose.poses import Poses
from npkpose.space.camera import check_cameras
from npkpose.space.rotations import cross_matrix
from npkpose.space.triangulate import THRESHOLD, triangulate


def associate(people, cameras, max_distance=THRESHOLD, min_views=2, min_score=0.3):
    """Return which person of each view is which, as indices (P, V), -1 where a view lacks one.

    Parameters
    ----------
    people : sequence of V Poses
        Who is in each picture, in its pixels.
    cameras : sequence of V Camera
    max_distance : float
        Pixels: groups farther apart stay apart.
    min_views : int
        Views that must show a person; 3 or more where detectors invent people.
    min_score : float
        Keypoints below it are not compared.

    Returns
    -------
    members : ndarray of int, shape (P, V)
        ``people[v][members[p, v]]`` is person p. Those of most views come first, then those that
        are closest together; ties go by the order of views and people.

    Raises
    ------
    ValueError
        As many views as cameras are needed, of Poses of one number of keypoints.
    """
    cameras = check_cameras("cameras", cameras)
    people = _check_people(people, len(cameras))
    max_distance = check_number("max_distance", max_distance, at_least=0)
    min_views = check_integer("min_views", min_views, at_least=1)
    view = np.repeat(np.arange(len(people)), [len(poses) for poses in people])  # (N,)
    index = np.concatenate([np.arange(len(poses)) for poses in people] + [[]]).astype(int)
    distances = _distances(people, cameras, check_number("min_score", min_score))
    rows = []
    shown = view[:, None] == np.arange(len(people))
    for spread, group in _cluster(distances, shown, max_distance):
        if len(group) >= min_views:
            row = np.full(len(people), -1)
            row[view[group]] = index[group]
            rows.append((-len(group), spread, row))
    rows.sort(key=lambda row: row[:2])
    return np.array([row for _, _, row in rows], dtype=int).reshape(len(rows), len(people))


def triangulate_people(people, cameras, members, threshold=THRESHOLD):
    """Return the robust `Triangulation` of people (P, K), their scores being the weights.

    ``members`` (P, V) is what `associate` returned. The rest is as for `triangulate`.
    """
    people = _check_people(people, len(cameras))
    parts = people[0].keypoints.shape[1] if people else 0
    pixels = np.full((len(people), len(members), parts, 2), np.nan)
    weights = np.zeros(pixels.shape[:-1])
    for v, poses in enumerate(people):
        shown = members[:, v] >= 0
        pixels[v, shown] = poses.keypoints[members[shown, v]]
        weights[v, shown] = poses.scores[members[shown, v]]
    return triangulate(pixels, cameras, weights.clip(0), robust=True, threshold=threshold)


def fundamental_matrix(first, second):
    """Return F (3, 3) with b^T F a = 0 for a point at a in ``first`` and b in ``second``.

    a and b are (u, v, 1) in pixels, the lens undone.
    """
    R = second.R @ np.linalg.inv(first.R)
    t = second.t - R @ first.t
    return np.linalg.inv(second.K).T @ cross_matrix(t) @ R @ np.linalg.inv(first.K)


def epipolar_distances(a, b, F):
    """Return (d(b, F a) + d(a, F^T b)) / 2, the lens undone: a, b (..., 2) in pixels to (...)."""
    a = np.concatenate([a, np.ones_like(a[..., :1])], axis=-1)
    b = np.concatenate([b, np.ones_like(b[..., :1])], axis=-1)
    line_b, line_a = a @ F.T, b @ F
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = sum(1 / np.linalg.norm(line[..., :2], axis=-1) for line in (line_a, line_b))
        return abs((b * line_b).sum(axis=-1)) * shares / 2


def _distances(people, cameras, min_score):
    """Return D for all N people of all views (N, N), NaN where there is nothing to compare."""
    straight = [
        np.where((poses.scores >= min_score)[..., None], camera.undistort(poses.keypoints), np.nan)
        for poses, camera in zip(people, cameras)
    ]
    ends = np.cumsum([0] + [len(poses) for poses in people])
    distances = np.full((ends[-1], ends[-1]), np.nan)
    for u in range(len(people)):
        for v in range(u):
            F = fundamental_matrix(cameras[u], cameras[v])
            a, b = np.broadcast_arrays(straight[u][:, None], straight[v])  # (P_u, P_v, K, 2)
            block = _median(epipolar_distances(a, b, F))
            distances[ends[u] : ends[u + 1], ends[v] : ends[v + 1]] = block
            distances[ends[v] : ends[v + 1], ends[u] : ends[u + 1]] = block.T
    return distances


def _median(values):
    """Return the median over the last axis of what is not NaN, NaN if nothing is."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    middle = [np.maximum((count - 1) // 2, 0), np.minimum(count // 2, values.shape[-1] - 1)]
    return sum(np.take_along_axis(ordered, m, axis=-1)[..., 0] for m in middle) / 2


def _cluster(distances, shown, max_distance):
    """Return (mean distance, indices) of groups in which no view is twice.

    ``shown`` (N, V) says whose view is which. Rows of it, and of the sums of distances between two
    groups and their numbers, are added when groups are joined.
    """
    groups = [[n] for n in range(len(shown))]
    known = ~np.isnan(distances)
    total, count, shown = np.where(known, distances, 0.0), known.astype(int), shown.astype(int)
    while groups:
        apart = (shown @ shown.T > 0) | (count == 0)  # no view twice; nothing to compare
        gap = np.where(apart, np.inf, total / np.maximum(count, 1))
        i, j = np.unravel_index(np.argmin(gap), gap.shape)  # the first, so i < j
        if not gap[i, j] <= max_distance:
            break
        groups[i] += groups.pop(j)
        shown[i] += shown[j]
        shown = np.delete(shown, j, axis=0)
        total, count = _join(total, i, j), _join(count, i, j)
    spread = np.diagonal(total) / np.maximum(np.diagonal(count), 1)
    return list(zip(spread, groups))


def _join(sums, i, j):
    """Return ``sums`` (G - 1, G - 1) with group j added to i, in rows and columns."""
    sums[i] += sums[j]
    sums[:, i] += sums[:, j]
    return np.delete(np.delete(sums, j, axis=0), j, axis=1)


def _check_people(people, views):
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
