"""The time of each frame: told by the caller, or counted from the frame rate."""

import numpy as np

from npkpose._check import check_array, check_number

MAX_TIME, MIN_STEP = 1e12, 1e-9  # seconds


def check_interval(fps):
    """Return the seconds from one frame to the next, or raise ValueError."""
    return 1 / check_number("fps", fps, at_least=1e-6, at_most=1e6)


def next_time(last, time, interval):
    """Return the time of a sample in seconds, later than ``last``; ``interval`` later if None."""
    if time is None:
        return 0.0 if last is None else last + interval
    time = check_number("time", time, at_least=-MAX_TIME, at_most=MAX_TIME)
    if last is not None and time - last < MIN_STEP:
        raise ValueError(f"time: expected a time later than {last:g}, got {time:g}")
    return time


def check_times(times, frames, interval):
    """Return the times (F,) of all frames, ``interval`` apart if None, or raise ValueError."""
    if times is None:
        return interval * np.arange(frames)
    times = check_array("times", times, (frames,), largest=MAX_TIME)
    early = np.flatnonzero(np.diff(times) < MIN_STEP)
    if len(early):
        f = int(early[0]) + 1
        got = f"{times[f]:g} after {times[f - 1]:g}"
        raise ValueError(f"times[{f}]: expected times that ascend, got {got}")
    return times
