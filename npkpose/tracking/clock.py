"""The time of each frame: told by the caller, or counted from the frame rate."""

from npkpose._check import check_number

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
