"""Identities over time: which detection of this frame is which person of the frames before.

Every tracked person is predicted for this frame (`tracking.motion`). Detections are then matched,
so that the sum of similarities (`tracking.similarity`) is highest, in three rounds:

    1. detections with a high score   with all identified people, those that are lost included
    2. detections with a low score    with identified people of the last frame that round 1 left
    3. high scores that are left      with people that were seen once

A detection with a low score is often a person half hidden: it continues an identity and never
begins one. A high score that is left begins a track, which gets its identity if it is matched in
the next frame too, and is forgotten otherwise; in the first frame, at once. A person who is not
matched is lost, and forgotten after a while.

Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", ECCV 2022,
arXiv:2110.06864. Departures: keypoints are compared besides boxes; a pair of a lost person has less
weight, by the certainty of the prediction; and of detections that are nearly the same (duplicates
of a bottom-up network) only the best is used.
"""

import dataclasses

import numpy as np

from npkpose._check import check_kind, check_number
from npkpose.codec.assignment import assign
from npkpose.codec.nms import oks_nms
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton
from npkpose.tracking.clock import check_interval, next_time
from npkpose.tracking.motion import MovingPeople
from npkpose.tracking.similarity import sigmas_of, track_similarity

NOBODY = -1
DUPLICATE = 0.6  # OKS with a detection of higher score above which another is not used
LARGEST = 1e9  # pixels


class Tracker:
    """Follow the people of one video, frame by frame.

    Parameters
    ----------
    skeleton : Skeleton
        Of the poses; a keypoint without an OKS constant counts as one of 0.05.
    fps : float
        Frames per second, where `update` is not told the time.
    high, low : float
        The two thresholds of person scores. A detection below ``low`` is not used; one from ``low``
        to ``high`` continues an identity, and never begins one.
    keep : float
        Seconds after which a lost person is forgotten; who returns later is a new identity.
    min_similarity : float
        Least similarity of a match, 0 to 1.

    Raises
    ------
    ValueError
        A number that is out of range, or ``low`` above ``high``.
    """

    def __init__(self, skeleton, fps=30.0, high=0.25, low=0.1, keep=2.0, min_similarity=0.3):
        self.skeleton = check_kind("skeleton", skeleton, Skeleton)
        self._interval = check_interval(fps)
        self._high = check_number("high", high)
        self._low = check_number("low", low, at_most=self._high)
        self._keep = check_number("keep", keep, at_least=0)
        self._min_similarity = check_number("min_similarity", min_similarity, at_least=0, at_most=1)
        self._known = dataclasses.replace(skeleton, sigmas=sigmas_of(skeleton))
        self._tolerance = (2 * np.array(self._known.sigmas)) ** 2
        self._people = MovingPeople(skeleton.num_keypoints)
        self._ids = np.zeros(0, np.int64)  # of each tracked person; NOBODY if seen only once
        self._tracks = np.zeros(0, np.int64)  # a number for each, also of those without identity
        self._seen = np.zeros(0)  # when, in seconds
        self._time, self._next_id, self._num_tracks = None, 1, 0

    def update(self, poses, time=None):
        """Return the detections of this frame that have an identity, as `Poses` with its ``ids``.

        Parameters
        ----------
        poses : Poses
            The people of this frame, in any order. Their own ``ids`` are not read. Those without
            keypoints, and duplicates, are not used.
        time : float, optional
            Of the frame in seconds, later than that of the frame before. Default: 1 / fps later.

        Returns
        -------
        Poses
            In the order of ``poses``. An id is a positive integer, never used for two people.

        Raises
        ------
        ValueError
            Another number of keypoints, coordinates above 1e9, or a time that is not later.
        """
        ids, _ = self.match(poses, time)
        found = poses[ids != NOBODY]
        found.ids = ids[ids != NOBODY]
        return found

    def match(self, poses, time=None):
        """Return the id (P,) of each detection, -1 where it has none; arguments as `update`.

        Also the number (P,) of its track, -1 if it has none: a detection that begins a track has
        no id yet, and gets it if the track is continued. See `track_sequence`.
        """
        poses = self._check(poses)
        last, self._time = self._time, next_time(self._time, time, self._interval)
        used = np.flatnonzero((poses.person_scores >= self._low) & (poses.num_present > 0))
        used = used[np.sort(oks_nms(poses[used], self._known, threshold=DUPLICATE))]
        found = poses[used]
        if last is not None:
            self._people.predict(self._time - last)
            self._forget(self._seen < self._time - self._keep)
        similarity, certainty = self._compare(found)
        people, detections = self._match(found, similarity, certainty, last)
        self._people.update(people, found.keypoints[detections])
        self._seen[people] = self._time
        self._identify(people)
        rows = np.full(len(found), NOBODY)
        rows[detections] = people
        self._begin(found, rows, last is None)
        ids, tracks = np.full((2, len(poses)), NOBODY)
        ids[used] = np.append(self._ids, NOBODY)[rows]
        tracks[used] = np.append(self._tracks, NOBODY)[rows]
        return ids, tracks

    def _check(self, poses):
        check_kind("poses", poses, Poses)
        poses._check_skeleton("skeleton", self.skeleton)
        if (abs(poses.keypoints) > LARGEST).any():
            raise ValueError(f"poses: expected coordinates of at most {LARGEST:g} in size")
        return poses

    def _compare(self, found):
        """Return the similarity (T, D) of tracked people with detections, and certainties (T,)."""
        people, sizes = self._people, self._people.sizes
        exact = (sizes**2)[:, None] * self._tolerance
        variances = exact + people.spreads + people.covariances[:, :1]
        similarity = track_similarity(people.keypoints, variances, sizes, found.keypoints)
        return similarity, np.sqrt(np.sqrt(exact / variances).mean(axis=1))

    def _match(self, found, similarity, certainty, last):
        """Return the pairs of people and detections: two index arrays."""
        gain = np.where(similarity >= self._min_similarity, similarity, np.nan)
        gain = gain * certainty[:, None]
        high = found.person_scores >= self._high
        known, recent = self._ids != NOBODY, self._seen == last
        pairs = [np.zeros((2, 0), np.int64)]
        free_people, free = np.ones(len(gain), bool), np.ones(len(found), bool)
        for people, detections in ((known, high), (known & recent, ~high), (~known, high)):
            rows = np.flatnonzero(people & free_people)
            columns = np.flatnonzero(detections & free)
            r, c = assign(-gain[np.ix_(rows, columns)], unassigned=0.0)
            pairs.append(np.stack([rows[r], columns[c]]))
            free_people[rows[r]], free[columns[c]] = False, False
        return np.concatenate(pairs, axis=1)

    def _identify(self, people):
        """Give an identity to matched people who have none."""
        new = people[self._ids[people] == NOBODY]
        self._ids[np.sort(new)] = self._new_ids(len(new))

    def _begin(self, found, rows, is_first):
        """Begin tracks of the detections that are left; in the first frame, with identities.

        ``rows`` (D,) says which person each detection is; those that begin are filled in.
        """
        gone = (self._ids == NOBODY) & (self._seen < self._time)
        rows[rows >= 0] -= np.cumsum(gone)[rows[rows >= 0]]
        self._forget(gone)
        new = (rows == NOBODY) & (found.person_scores >= self._high)
        count = int(new.sum())
        rows[new] = len(self._ids) + np.arange(count)
        self._people.add(found.keypoints[new])
        ids = self._new_ids(count) if is_first else np.full(count, NOBODY)
        self._ids = np.append(self._ids, ids)
        self._tracks = np.append(self._tracks, self._num_tracks + np.arange(count))
        self._num_tracks += count
        self._seen = np.append(self._seen, np.full(count, self._time))

    def _new_ids(self, count):
        first, self._next_id = self._next_id, self._next_id + count
        return np.arange(first, self._next_id)

    def _forget(self, gone):
        self._people.keep(~gone)
        self._ids, self._seen, self._tracks = (
            each[~gone] for each in (self._ids, self._seen, self._tracks)
        )
