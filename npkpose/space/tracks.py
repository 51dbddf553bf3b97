"""People followed through a sequence: which detections of successive images are one person.

A file of results lists the people of each image in any order. Identities that the file gives are
used if they tell the people of each image apart. Otherwise detections are linked by distance:

    d(a, b) = mean of |a_k - b_k| over the keypoints k that both have / diagonal of a's box

a is the last detection of a track, b a detection in the next image. Pairs are joined in the order
of ascending d, each track and each detection once, while d <= 1. A detection that remains begins a
track. So a track may have gaps, but it never jumps by more than the size of the person.

Cost is bounded: of each image, the 64 people with the highest scores are used, and of the tracks,
the 128 that were seen last are continued.
"""

import numpy as np

MAX_DISTANCE = 1.0  # diagonals
MAX_PEOPLE, MAX_TRACKS = 64, 128
UNKNOWN = -1  # the id of a person whom the file does not identify


def follow_people(frames):
    """Return the detections of each person in a sequence.

    Parameters
    ----------
    frames : sequence of Poses
        The people of each frame, all with K keypoints. Their ``ids`` are identities, -1 if unknown.

    Returns
    -------
    list of (list of int, ndarray (T, K, 2))
        The T frames in which a person was found, in order, and the keypoints there, NaN where
        missing. The person with the highest sum of person scores comes first. A person without
        keypoints is left out.
    """
    frames = [_best(poses) for poses in frames]
    tracks = _by_identity(frames) if _are_identified(frames) else _by_distance(frames)
    totals = [sum(frames[f].person_scores[p] for f, p in track.items()) for track in tracks]
    order = sorted(range(len(tracks)), key=lambda n: -totals[n])
    return [_detections(frames, tracks[n]) for n in order]


def _best(poses):
    """Return the people with keypoints, at most `MAX_PEOPLE` of them, in the same order."""
    some = np.flatnonzero(poses.num_present)
    best = np.argsort(-poses.person_scores[some], kind="stable")[:MAX_PEOPLE]
    return poses[some[np.sort(best)]]


def _are_identified(frames):
    """Return whether ids are known, and tell apart the people of each frame and of the sequence."""
    ids = {identity for poses in frames for identity in poses.ids.tolist()}
    distinct = all(len(np.unique(poses.ids)) == len(poses) for poses in frames)
    return distinct and UNKNOWN not in ids and len(ids) > 0


def _by_identity(frames):
    """Return a track {frame: index of the person} for each id."""
    tracks = {}
    for f, poses in enumerate(frames):
        for p, identity in enumerate(poses.ids.tolist()):
            tracks.setdefault(identity, {})[f] = p
    return list(tracks.values())


def _by_distance(frames):
    """Return tracks {frame: index of the person}, linked by distance."""
    tracks, recent = [], []
    for f, poses in enumerate(frames):
        last = [_last(frames, track) for track in recent]
        joined = _join(np.stack(last), poses.keypoints) if last and len(poses) else {}
        seen = [recent[joined[p]] if p in joined else {} for p in range(len(poses))]
        tracks += [track for track in seen if not track]
        for p, track in enumerate(seen):
            track[f] = p
        unseen = [track for n, track in enumerate(recent) if n not in joined.values()]
        recent = (seen + unseen)[:MAX_TRACKS]
    return tracks


def _last(frames, track):
    """Return the last keypoints of a track, (K, 2)."""
    f = next(reversed(track))
    return frames[f].keypoints[track[f]]


def _join(last, found):
    """Return {detection: track} for the last poses (T, K, 2) of tracks and detections (P, K, 2)."""
    low, high = np.nanmin(last, axis=1), np.nanmax(last, axis=1)
    diagonals = np.linalg.norm(high - low, axis=1)  # (T,)
    steps = np.linalg.norm(last[:, None] - found, axis=3)  # (T, P, K)
    common = ~np.isnan(steps)
    totals = np.where(common, steps, 0.0).sum(2)
    counts = common.sum(2)
    near = (counts > 0) & (totals <= MAX_DISTANCE * counts * diagonals[:, None])
    pairs = np.argwhere(near)
    distances = totals[near] / (counts[near] * np.maximum(diagonals[pairs[:, 0]], 1e-12))
    joined, used = {}, set()
    for t, p in pairs[np.argsort(distances, kind="stable")].tolist():
        if p not in joined and t not in used:
            joined[p] = t
            used.add(t)
    return joined


def _detections(frames, track):
    """Return the frames of a track, and its keypoints there."""
    return list(track), np.stack([frames[f].keypoints[p] for f, p in track.items()])
