"""Short gaps filled in: a keypoint that is missing for a moment lies between where it was and is.

    x(t) = x(a) + (t - a) / (b - a) (x(b) - x(a))

a and b are the last time before and the first time after the gap at which the keypoint was found.
Nothing is filled in before the first and after the last one, and no gap longer than a limit. What
is filled in is marked, so that nobody takes it for a measurement.
"""

import numpy as np

from npkpose._check import check_array, check_number
from npkpose.tracking.clock import check_interval, check_times
from npkpose.tracking.zero_lag import LARGEST


def fill_short_gaps(points, fps=30.0, max_gap=0.5, times=None):
    """Return ``points`` with short gaps filled in, and which points are: bool (F, K).

    Parameters
    ----------
    points : array_like, shape (F, K, D)
        One person's keypoints in F frames, NaN where missing.
    fps : float
        Frames per second.
    max_gap : float
        The longest gap that is filled in: seconds from the last to the next time that the keypoint
        was found.
    times : array_like, shape (F,), optional
        Ascending, in seconds. Default: 0, 1 / fps, and so on.

    Raises
    ------
    ValueError
        Wrong shape, a point that is infinite or partly NaN, or times that do not ascend.
    """
    points = check_array("points", points, ("F", "K", "D"), finite=False, largest=LARGEST)
    missing = np.isnan(points)
    if (missing.any(axis=2) != missing.all(axis=2)).any():
        raise ValueError("points: expected each point finite or all NaN")
    interval = check_interval(fps)
    max_gap = check_number("max_gap", max_gap, at_least=0)
    times = check_times(times, len(points), interval)
    filled, missing = points.copy(), missing.any(axis=2)
    is_filled = np.zeros(missing.shape, bool)
    for k in range(points.shape[1]):
        is_filled[:, k] = _fill(filled[:, k], np.flatnonzero(~missing[:, k]), times, max_gap)
    return filled, is_filled


def _fill(points, found, times, max_gap):
    """Fill the gaps of a keypoint (F, D) between the frames ``found``; return which are filled."""
    is_filled = np.zeros(len(points), bool)
    for a, b in zip(found, found[1:]):
        if b - a > 1 and times[b] - times[a] <= max_gap * (1 + 1e-9):
            share = (times[a + 1 : b] - times[a]) / (times[b] - times[a])
            points[a + 1 : b] = points[a] + share[:, None] * (points[b] - points[a])
            is_filled[a + 1 : b] = True
    return is_filled
