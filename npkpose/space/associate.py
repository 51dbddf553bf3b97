"""Association: which detections of several views are the same person, by geometry alone.

Three steps, the first two each in its file:

    1. epipolar   distance D and support S of each two detections of different views
    2. cluster    the two groups with the largest mean S join, as long as their mean D is at most
                  a maximum and they have no view in common
    3. copies     what is left over can agree by chance beside a person: a group whose points in
                  space are as a rule nearer to an earlier group's than a third of that person's
                  size (the standard deviation of its points) is dropped

With two views, all people on one line have distance 0; a third view separates them, because the
means are over all pairs of views. N detections take time and memory as N^2.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_number
from npkpose.poses import Poses
from npkpose.space.camera import check_cameras
from npkpose.space.cluster import cluster
from npkpose.space.epipolar import compare, median
from npkpose.space.triangulate import THRESHOLD, triangulate

_COPY = 1 / 3  # of a person's size: 15 cm, where two people that touch are 25 apart


def associate(people, cameras, max_distance=THRESHOLD, min_views=2, min_score=0.3):
    """Return the detection of each person in each view, as indices (P, V), -1 where missing.

    Parameters
    ----------
    people : sequence of V Poses
        The detections of each view, in its pixels.
    cameras : sequence of V Camera
    max_distance : float
        In pixels: groups at a larger mean distance are not joined.
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
    min_score = check_number("min_score", min_score)
    distances, support = compare(people, cameras, max_distance, min_score)
    view = np.repeat(np.arange(len(people)), [len(poses) for poses in people])  # (N,)
    in_view = view[:, None] == np.arange(len(people))
    groups = cluster(distances, support, in_view, max_distance)
    groups = [(distance, group) for distance, group in groups if len(group) >= min_views]
    groups.sort(key=lambda group: (-len(group[1]), group[0]))
    index = np.concatenate([np.arange(len(poses)) for poses in people] + [[]]).astype(int)
    members = np.full((len(groups), len(people)), -1)
    for row, (_, group) in zip(members, groups):
        row[view[group]] = index[group]
    return _without_copies(people, cameras, members, max_distance or THRESHOLD)


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


def _without_copies(people, cameras, members, threshold):
    """Return the rows of ``members`` (P, V) whose person in space is not that of an earlier row."""
    if len(members) < 2:
        return members
    points = triangulate_people(people, cameras, members, threshold).points  # (P, K, 3)
    known = np.isfinite(points[..., :1])
    count = np.maximum(known.sum(axis=1), 1)
    middle = np.where(known, points, 0.0).sum(axis=1) / count
    away = np.where(known, points - middle[:, None], 0.0)
    size = np.sqrt((away * away).sum(axis=(1, 2)) / count[:, 0])  # (P,)
    kept = []
    for p in range(len(points)):
        apart = median(np.linalg.norm(points[kept] - points[p], axis=-1))
        if not (apart < _COPY * size[kept]).any():
            kept.append(p)
    return members[kept]


def _check_people(people, views):
    try:
        people = list(people)
    except TypeError:
        got = type(people).__name__
        raise ValueError(f"people: expected a sequence of Poses, got {got}") from None
    if len(people) != views:
        raise ValueError(f"people: expected {views} views, one per camera, got {len(people)}")
    for v, poses in enumerate(people):
        if not isinstance(poses, Poses):
            raise ValueError(f"people[{v}]: expected Poses, got {type(poses).__name__}")
        parts, expected = poses.keypoints.shape[1], people[0].keypoints.shape[1]
        if parts != expected:
            raise ValueError(f"people[{v}]: expected {expected} keypoints, got {parts}")
    return people
