"""How well people are followed through a sequence: IDF1, switches of identity, MOTA.

A pose and a true person are near enough in a frame if their object keypoint similarity is at least
a threshold; their distance is 1 - OKS. `metrics.distances.identities` and
`metrics.distances.clear_mot` do the rest.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_number, shown
from npkpose.metrics.distances.clear_mot import MotCounts, clear_mot
from npkpose.metrics.distances.identities import IdentityCounts, identity_scores
from npkpose.metrics.oks import oks
from npkpose.poses import Poses


class TrackingScores(NamedTuple):
    """The counts behind the scores of one sequence."""

    identities: IdentityCounts
    mot: MotCounts

    @property
    def idf1(self):
        """From 0 to 1; NaN without people."""
        return self.identities.idf1

    @property
    def switches(self):
        """How often a person is found under another identity than before."""
        return self.mot.switches

    @property
    def mota(self):
        """At most 1; NaN without true people."""
        return self.mot.mota


def evaluate_tracking(truth, found, sigmas, areas=None, threshold=0.5):
    """Return the `TrackingScores` of one sequence.

    Parameters
    ----------
    truth, found : sequence of F Poses
        The true people and the found ones of each frame, with identities in ``ids``. Of the truth,
        keypoints that are not missing count.
    sigmas : array_like, shape (K,)
        OKS constants.
    areas : sequence of F array_like (G,), optional
        Areas of the true people. Default: of the boxes around their keypoints, at least 1.
    threshold : float
        Least OKS of a match, above 0.

    Raises
    ------
    ValueError
        Sequences of different lengths, ids that are not distinct in a frame, or what `oks` refuses.
    """
    truth, found = _check_frames("truth", truth), _check_frames("found", found)
    areas = [_box_areas(poses) for poses in truth] if areas is None else areas
    if not isinstance(areas, (list, tuple)):
        raise ValueError(f"areas: expected a list of arrays, got {shown(areas)}")
    threshold = check_number("threshold", threshold, above=0, at_most=1)
    for name, frames in (("found", found), ("areas", areas)):
        if len(frames) != len(truth):
            raise ValueError(f"{name}: expected {len(truth)} frames, as truth, got {len(frames)}")
    frames = [_compare(*frame, sigmas, threshold) for frame in zip(truth, found, areas)]
    return TrackingScores(identity_scores(frames), clear_mot(frames))


def _check_frames(name, frames):
    """Return a list of Poses, or raise ValueError."""
    if not isinstance(frames, (list, tuple)):
        raise ValueError(f"{name}: expected a list of Poses, got {shown(frames)}")
    for f, poses in enumerate(frames):
        if not isinstance(poses, Poses):
            raise ValueError(f"{name}[{f}]: expected Poses, got {shown(poses)}")
        if len(np.unique(poses.ids)) < len(poses):
            raise ValueError(f"{name}[{f}].ids: expected distinct ones, got {poses.ids}")
    return list(frames)


def _box_areas(poses):
    low, high = np.nan_to_num(poses.boxes).reshape(-1, 2, 2).swapaxes(0, 1)
    return np.maximum((high - low).prod(axis=1), 1.0)


def _compare(truth, found, areas, sigmas, threshold):
    """Return ids of true people and of found ones, and distances (G, D), NaN where too far."""
    areas = check_array("areas", areas, (len(truth),))
    similarity = oks(found.keypoints, truth.keypoints, areas, sigmas, missing="zero").T
    distances = np.where(similarity >= threshold, 1 - similarity, np.nan)
    return truth.ids.tolist(), found.ids.tolist(), distances
