"""A whole recorded sequence: identities in all frames, then gaps filled in and curves smoothed.

Where the future is known, a person has its identity from the first sight on, which `Tracker.update`
gives only from the second one; and keypoints are smoothed without lag.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import shown
from npkpose.poses import Poses
from npkpose.tracking.clock import check_interval, check_times
from npkpose.tracking.fill import fill_short_gaps
from npkpose.tracking.tracker import NOBODY, Tracker
from npkpose.tracking.zero_lag import smooth_sequence


def track_sequence(frames, skeleton, fps=30.0, times=None):
    """Return the id of each detection of each frame: F int arrays (P,), -1 where it has none.

    Parameters
    ----------
    frames : sequence of F Poses
    skeleton : Skeleton
    fps : float
        Frames per second.
    times : array_like, shape (F,), optional
        Ascending, in seconds. Default: 0, 1 / fps, and so on.
    """
    times = _times(frames, fps, times)
    tracker, tracks, names = Tracker(skeleton, fps), [], {}
    for poses, time in zip(frames, times):
        ids, track = tracker.match(poses, time)
        names.update((t, i) for t, i in zip(track.tolist(), ids.tolist()) if i != NOBODY)
        tracks.append(track.tolist())
    return [np.array([names.get(t, NOBODY) for t in track], np.int64) for track in tracks]


def fill_and_smooth(frames, fps=30.0, max_gap=None, cutoff=None, times=None):
    """Return people with short gaps filled in, and smooth; and which keypoints are filled in.

    Parameters
    ----------
    frames : sequence of F Poses
        Their ids are identities, distinct in each frame.
    fps : float
        Frames per second.
    max_gap : float, optional
        As of `fill_short_gaps`, in seconds. Default: nothing is filled in.
    cutoff : float, optional
        As of `smooth_sequence`, in Hz. Default: nothing is smoothed.
    times : array_like, shape (F,), optional
        Ascending, in seconds.

    Returns
    -------
    frames : list of F Poses
        First the people of the frame, in their order, then those whom the frame lacked. The score
        of what is filled in lies between the scores before and after.
    filled : list of F bool arrays (P, K)
    """
    times = _times(frames, fps, times)
    lives = _lives(frames)
    found = [{} for _ in frames]
    for identity, life in lives.items():
        keypoints, filled = life.keypoints, np.zeros(life.scores.shape, bool)
        span = times[life.first : life.first + len(keypoints)]
        if max_gap is not None:
            keypoints, filled = fill_short_gaps(keypoints, fps, max_gap, span)
        scores = _fill_scores(life, filled, span)
        if cutoff is not None:
            keypoints = smooth_sequence(keypoints, fps, cutoff, span)
        rows = zip(keypoints, scores, _person_scores(life, span), filled)
        for f, row in enumerate(rows, start=life.first):
            if not np.isnan(row[0]).all():
                found[f][identity] = row
    return _join(frames, found)


class _Life(NamedTuple):
    """One identity from the first frame in which it is found to the last."""

    first: int
    keypoints: np.ndarray  # (T, K, 2)
    scores: np.ndarray  # (T, K)
    person_scores: np.ndarray  # (T,); NaN where it is missing


def _times(frames, fps, times):
    """Return the times (F,) of the frames, or raise ValueError."""
    if not isinstance(frames, (list, tuple)) or not all(isinstance(p, Poses) for p in frames):
        raise ValueError(f"frames: expected a list of Poses, got {shown(frames)}")
    if len({poses.keypoints.shape[1] for poses in frames}) > 1:
        raise ValueError("frames: expected as many keypoints in each")
    return check_times(times, len(frames), check_interval(fps))


def _lives(frames):
    """Return {id: `_Life`}, or raise ValueError."""
    where = {}
    for f, poses in enumerate(frames):
        for p, identity in enumerate(poses.ids.tolist()):
            if where.setdefault(identity, {}).setdefault(f, p) != p:
                raise ValueError(f"frames[{f}].ids: expected distinct ones, got {poses.ids}")
    return {identity: _life(frames, rows) for identity, rows in where.items()}


def _life(frames, rows):
    """Return the `_Life` of the person who is number rows[f] in frame f."""
    first, last = min(rows), max(rows)
    K = frames[first].keypoints.shape[1]
    life = _Life(
        first, np.full((last - first + 1, K, 2), np.nan), np.zeros((last - first + 1, K)),
        np.full(last - first + 1, np.nan),
    )  # fmt: skip
    for f, p in rows.items():
        life.keypoints[f - first] = frames[f].keypoints[p]
        life.scores[f - first] = frames[f].scores[p]
        life.person_scores[f - first] = frames[f].person_scores[p]
    return life


def _fill_scores(life, filled, times):
    """Return scores (T, K), interpolated where keypoints are filled in."""
    scores, present = life.scores.copy(), ~np.isnan(life.keypoints[..., 0])
    for k in np.flatnonzero(filled.any(axis=0)):
        at = present[:, k]
        scores[filled[:, k], k] = np.interp(times[filled[:, k]], times[at], scores[at, k])
    return scores


def _person_scores(life, times):
    found = ~np.isnan(life.person_scores)
    return np.interp(times, times[found], life.person_scores[found])


def _join(frames, found):
    """Return the frames of {id: (keypoints, scores, person score, filled)}, and what is filled."""
    result, masks = [], []
    for poses, people in zip(frames, found):
        rest = [identity for identity in people if identity not in set(poses.ids.tolist())]
        ids = [identity for identity in poses.ids.tolist() if identity in people] + rest
        if not ids:
            result.append(Poses.empty(poses.keypoints.shape[1]))
            masks.append(np.zeros(result[-1].scores.shape, bool))
            continue
        keypoints, scores, person_scores, filled = zip(*(people[identity] for identity in ids))
        result.append(Poses(np.stack(keypoints), np.stack(scores), person_scores, ids))
        masks.append(np.stack(filled))
    return result, masks
