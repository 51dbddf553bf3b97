"""The One-Euro filter: a low-pass filter whose cutoff frequency rises with speed.

    y_t      = a(f) x_t + (1 - a(f)) y_{t-1},       a(f) = 1 / (1 + 1 / (2 pi f dt))
    speed_t  = a(d_cutoff) (x_t - y_{t-1}) / dt + (1 - a(d_cutoff)) speed_{t-1}
    f        = min_cutoff + beta |speed_t|          Hz

x is the signal, y the filtered one, dt the time since the last sample. At rest, a low cutoff
removes jitter, where lag is not seen; in motion, a high cutoff removes lag, where jitter is not
seen. Casiez, Roussel and Vogel, "1 EUR Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems", CHI 2012.

The numbers are those of the authors' OneEuroFilter for Python, where the speed is that from the
last filtered value. Departures: the filter takes arrays, each number of which is a signal of its
own; NaN is a gap, after which dt is the time since the signal's last sample, so that what is long
ago has little weight; and a time of 0 is a time (there it counts as none).
"""

import numpy as np

from npkpose._check import check_array, check_number
from npkpose.tracking.clock import check_interval, next_time

SMALLEST, LARGEST = 1e-9, 1e50  # of a cutoff; of a cutoff, a value, and beta


class OneEuroFilter:
    """Filter signals, one call per sample.

    Parameters
    ----------
    fps : float
        Samples per second, where a call is not told the time.
    min_cutoff : float
        Cutoff frequency at rest, Hz. Lower it until jitter at rest is gone.
    beta : float
        How fast the cutoff rises, Hz per unit of speed. Raise it until lag in motion is gone.
    d_cutoff : float
        Cutoff frequency of the speed, Hz.

    Raises
    ------
    ValueError
        A frame rate or a cutoff that is not positive, or a negative beta.
    """

    def __init__(self, fps=30.0, min_cutoff=1.0, beta=0.0, d_cutoff=1.0):
        self._interval = check_interval(fps)
        self._cutoffs = check_cutoffs(min_cutoff, beta, d_cutoff)
        self._time = None
        self._state = None

    def __call__(self, values, time=None):
        """Return the filtered values, in the shape of ``values``; NaN where they are NaN.

        Parameters
        ----------
        values : array_like
            In the shape of the first call.
        time : float, optional
            In seconds, later than in the call before. Default: 1 / fps later.

        Raises
        ------
        ValueError
            Another shape, a value that is infinite or above 1e50, or a time that is not later.
        """
        shape = (...,) if self._state is None else self._state.shape[1:]
        values = check_array("values", values, shape, finite=False, largest=LARGEST)
        self._time = next_time(self._time, time, self._interval)
        if self._state is None:
            self._state = unseen(values.shape)
        self._state = filter_sample(self._state, values, self._time, self._cutoffs)
        return np.where(np.isnan(values), np.nan, self._state[0])


def check_cutoffs(min_cutoff, beta, d_cutoff):
    """Return the three numbers as floats, or raise ValueError."""
    return (
        check_number("min_cutoff", min_cutoff, at_least=SMALLEST, at_most=LARGEST),
        check_number("beta", beta, at_least=0, at_most=LARGEST),
        check_number("d_cutoff", d_cutoff, at_least=SMALLEST, at_most=LARGEST),
    )


def filter_sample(state, values, time, cutoffs, unit=1.0):
    """Return the state after ``values`` (...) at ``time``, which are not checked.

    A state (3, ...) holds the filtered values, speeds, and times of the last samples. ``unit`` is
    that of length in ``beta``; it broadcasts with ``values``.
    """
    min_cutoff, beta, d_cutoff = cutoffs
    filtered, speed, last = state
    present, first = ~np.isnan(values), np.isnan(filtered)
    dt = np.where(present & ~first, time - last, 1.0)
    change = np.where(first, 0.0, values - filtered)
    a = _weight(d_cutoff, dt)
    new_speed = np.where(first, 0.0, a * change / dt + (1 - a) * speed)
    a = _weight(min_cutoff + beta * abs(new_speed) / unit, dt)
    smooth = np.where(first, values, a * values + (1 - a) * filtered)
    return np.where(present, np.stack([smooth, new_speed, np.full_like(values, time)]), state)


def unseen(shape):
    """Return the state (3, ...) of signals without a sample."""
    return np.full((3, *shape), np.nan)


def _weight(cutoff, dt):
    """Return a: the weight of the new sample."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff * dt))
