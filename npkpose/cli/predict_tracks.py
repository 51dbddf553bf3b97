"""The options --track and --smooth of ``npkpose predict``: identities over time."""

from npkpose.tracking import PoseSmoother, Tracker

LEAST_STEP = 1e-6  # seconds between two frames, also where time stamps say less


def make_follower(options, skeleton, fps):
    """Return a function of the people of a frame and its time, for --track and --smooth.

    It returns the people with identities as ids, and smooth; without both options, as they are.
    """
    if not (options.track or options.smooth):
        return lambda poses, time=None: poses
    tracker = Tracker(skeleton, fps=fps)
    smoother = PoseSmoother(fps=fps) if options.smooth else None
    last = None

    def follow(poses, time=None):
        nonlocal last
        if time is not None and last is not None:
            time = max(time, last + LEAST_STEP)
        last = time
        poses = tracker.update(poses, time)
        return poses if smoother is None else smoother.update(poses, time)

    return follow
