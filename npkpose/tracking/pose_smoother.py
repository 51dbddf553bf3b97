"""The One-Euro filter for people: one filter for each coordinate of each identity.

Speeds are measured in sizes of the person per second, so that one setting fits near and far people
and all image resolutions: beta / size is the filter's beta. For points in space the unit is the
points' own. A person who is away for longer than a while begins anew.
"""

import numpy as np

from npkpose._check import check_array, check_kind, check_number
from npkpose.poses import Poses
from npkpose.tracking.clock import check_interval, next_time
from npkpose.tracking.motion import sizes_of
from npkpose.tracking.one_euro import LARGEST, check_cutoffs, filter_sample, unseen


class PoseSmoother:
    """Smooth the keypoints of people, frame by frame, without looking ahead.

    Parameters
    ----------
    fps : float
        Frames per second, where `update` is not told the time.
    min_cutoff : float
        Cutoff frequency at rest, Hz.
    beta : float
        Rise of the cutoff, Hz per size of the person (or unit of points) per second.
    d_cutoff : float
        Cutoff frequency of the speed, Hz.
    keep : float
        Seconds after which a person who is not seen is forgotten.
    """

    def __init__(self, fps=30.0, min_cutoff=0.4, beta=2.5, d_cutoff=1.0, keep=2.0):
        self._cutoffs = check_cutoffs(min_cutoff, beta, d_cutoff)
        self._interval = check_interval(fps)
        self._keep = check_number("keep", keep, at_least=0)
        self._time = None
        self._states = {}  # {id: (state (3, K, D) of the filter, time)}

    def update(self, poses, time=None):
        """Return ``poses`` with smooth keypoints; one that is missing is still missing.

        Parameters
        ----------
        poses : Poses
            Its ``ids`` are identities, as `Tracker.update` returns them.
        time : float, optional
            Of the frame in seconds, later than that of the frame before. Default: 1 / fps later.

        Raises
        ------
        ValueError
            Ids that are not distinct, coordinates above 1e50, or a time that is not later.
        """
        check_kind("poses", poses, Poses)
        sizes = np.ones(len(poses))
        some = poses.num_present > 0
        sizes[some] = sizes_of(poses.keypoints[some])
        return poses.with_keypoints(self._update(poses.ids, poses.keypoints, sizes, time))

    def update_points(self, ids, points, time=None):
        """Return smooth points (P, K, D) of the people ``ids`` (P,), for example in metres.

        NaN where ``points`` are. Raises ValueError as `update` does.
        """
        points = check_array("points", points, ("P", "K", "D"), finite=False, largest=LARGEST)
        ids = check_array("ids", ids, (len(points),), np.int64)
        return self._update(ids, points, np.ones(len(points)), time)

    def _update(self, ids, points, sizes, time):
        if len(set(ids.tolist())) < len(ids):
            raise ValueError(f"ids: expected distinct ones, got {ids.tolist()[:20]}")
        check_array("poses", points, points.shape, finite=False, largest=LARGEST)
        time = next_time(self._time, time, self._interval)
        known = {id: s for id, s in self._states.items() if s[1] >= time - self._keep}
        new = unseen(points.shape[1:])
        old = [known.get(id, (new,))[0] for id in ids.tolist()]
        _check_shape(old, points)
        self._time, self._states = time, known
        if not old:
            return points
        old = np.stack(old, axis=1)  # (3, P, K, D)
        states = filter_sample(old, points, time, self._cutoffs, sizes[:, None, None])
        for id, state in zip(ids.tolist(), np.moveaxis(states, 1, 0)):
            self._states[id] = state, time
        return np.where(np.isnan(points), np.nan, states[0])


def _check_shape(states, points):
    """Raise ValueError unless the states (3, K, D) are of points (P, K, D)."""
    for state in states:
        if state.shape[1:] != points.shape[1:]:
            raise ValueError(
                f"points: expected {state.shape[1:]} for each person, as before, "
                f"got {points.shape[1:]}"
            )
