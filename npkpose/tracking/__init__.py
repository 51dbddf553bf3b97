"""People over time: who is who in each frame of a video, and smooth curves of their keypoints.

Read in this order:

    clock.py         the time of each frame
    motion.py        how a tracked person moves: a Kalman filter of its place, and its shape
    similarity.py    how similar a detection is to a tracked person: OKS and box overlap
    tracker.py       identities: two thresholds and optimal assignment, as in ByteTrack
    one_euro.py      the One-Euro filter: smooth at rest, quick in motion
    pose_smoother.py that filter for every keypoint of every identity
    zero_lag.py      a smoother for recorded sequences, which sees what comes later
    fill.py          short gaps filled in, and marked
    sequence.py      a whole recorded sequence: identities, then gaps and curves
"""

from npkpose.tracking.fill import fill_short_gaps
from npkpose.tracking.one_euro import OneEuroFilter
from npkpose.tracking.pose_smoother import PoseSmoother
from npkpose.tracking.sequence import fill_and_smooth, track_sequence
from npkpose.tracking.tracker import Tracker
from npkpose.tracking.zero_lag import smooth_sequence

__all__ = [
    "OneEuroFilter", "PoseSmoother", "Tracker", "fill_and_smooth", "fill_short_gaps",
    "smooth_sequence", "track_sequence",
]  # fmt: skip
