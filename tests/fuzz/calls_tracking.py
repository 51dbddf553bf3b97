"""Valid arguments of the public functions of `npkpose.tracking`."""

import numpy as np

from npkpose import COCO_17, Poses
from npkpose.tracking import PoseSmoother, Tracker
from tests.fuzz.draw import CHAIN


def _cutoffs(d):
    return {
        "fps": d.number(1, 60), "min_cutoff": d.number(), "beta": d.number(0),
        "d_cutoff": d.number(),
    }  # fmt: skip


def _tracker(d):
    return {
        "skeleton": d.choice(CHAIN, COCO_17), "fps": d.number(1, 60), "high": d.number(0.5, 1),
        "low": d.number(0, 0.5), "keep": d.number(0), "min_similarity": d.number(0, 1),
    }  # fmt: skip


def _update(d):
    tracker = Tracker(CHAIN)
    tracker.update(d.poses(4))
    return {"self": tracker, "poses": d.poses(4), "time": d.choice(None, d.number())}


def _smooth(d):
    smoother = PoseSmoother(beta=d.number(0))
    smoother.update(Poses(d.points((2, 4))))
    return {"self": smoother, "poses": d.poses(4), "time": d.choice(None, d.number())}


def _smooth_points(d):
    points = d.array((2, 4, 3))
    return {"self": PoseSmoother(), "ids": np.array([3, 1]), "points": points, "time": None}


CALLS = {
    "OneEuroFilter": _cutoffs,
    "PoseSmoother": lambda d: {**_cutoffs(d), "keep": d.number(0)},
    "PoseSmoother.update": _smooth,
    "PoseSmoother.update_points": _smooth_points,
    "Tracker": _tracker,
    "Tracker.match": _update,
    "Tracker.update": _update,
    "fill_and_smooth": lambda d: {
        "frames": [d.poses(4) for _ in range(3)], "fps": d.number(8, 60),
        "max_gap": d.choice(None, d.number(0)), "cutoff": d.choice(None, d.number()), "times": None,
    },
    "track_sequence": lambda d: {
        "frames": [d.poses(4) for _ in range(3)], "skeleton": CHAIN, "fps": d.number(8, 60),
        "times": d.choice(None, np.array([0.0, 1, 3])),
    },
    "fill_short_gaps": lambda d: {
        "points": d.points((d.size(0, 4), 2)), "fps": d.number(1, 60), "max_gap": d.number(0),
        "times": None,
    },
    "smooth_sequence": lambda d: {
        "points": d.points((d.size(0, 4), 2)), "fps": d.number(8, 60), "cutoff": d.number(),
        "times": None,
    },
}  # fmt: skip
