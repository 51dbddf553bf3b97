"""Identities in synthetic crowds, beside norfair's tracker: ``python -m benchmarks.tracking``.

Crowds of `npkpose.data.moving_crowd`: people cross, are hidden and return; 300 frames, 8 crowds of
each number of people (seeds 0 to 7). Both trackers see the same detections, one frame at a time,
and norfair's people are those that it matched in the frame. norfair compares keypoints by OKS, of
the size of the detection; its settings were the best of six: similarity at least 0.1, 60 frames
(2 s, as ours) until a person is forgotten, one frame's delay. The oracle of IDF1 and of the
switches of identity is motmetrics. Times are of one update.

norfair asks for NumPy 1, but works with NumPy 2: ``pip install filterpy rich; pip install --no-deps
norfair``. So it is not among the peers of setup.cfg, which would all get an old NumPy with it.
"""

import logging
import time

import numpy as np

from benchmarks.timing import Row, print_table
from npkpose import COCO_17, Poses
from npkpose.data import moving_crowd
from npkpose.metrics import evaluate_tracking
from npkpose.tracking import Tracker

CROWDS = (2, 5, 15)
SEEDS = 8
MIN_OKS, LOST_FRAMES = 0.1, 60
FAST = 50  # people of the row that is only timed


class Norfair:
    """norfair's tracker with the interface of ours."""

    def __init__(self, norfair):
        logging.getLogger().setLevel(logging.ERROR)  # of a warning about scalar distances
        self._norfair, self._frame = norfair, 0
        self._variances = 2 * (2 * np.array(COCO_17.sigmas)) ** 2
        self._tracker = norfair.Tracker(
            self._distance, 1 - MIN_OKS, LOST_FRAMES, initialization_delay=1,
            detection_threshold=0.1,
        )  # fmt: skip

    def _distance(self, detection, person):
        both = detection.scores > 0.1
        if person.live_points.any():
            both &= person.live_points
        if not both.any():
            return 1.0
        squared = ((detection.points - person.estimate) ** 2).sum(axis=1)[both]
        _, _, area = detection.data
        return 1 - np.exp(-squared / (area * self._variances[both])).mean()

    def update(self, poses):
        """Return the people of this frame who have an identity."""
        self._frame += 1
        boxes = poses.boxes
        areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 100)
        detections = [
            self._norfair.Detection(
                np.nan_to_num(poses.keypoints[p]), poses.scores[p], (self._frame, p, areas[p])
            )
            for p in range(len(poses))
        ]
        people = self._tracker.update(detections)
        seen = [each for each in people if each.last_detection.data[0] == self._frame]
        found = poses[[each.last_detection.data[1] for each in seen]] if seen else Poses.empty(17)
        found.ids = np.array([each.id for each in seen], np.int64)
        return found


def follow(tracker, crowd):
    """Return the people that a tracker finds in a crowd, and the median time of an update, ms."""
    found, times = [], []
    for poses in crowd.detections:
        start = time.perf_counter()
        found.append(tracker.update(poses))
        times.append(time.perf_counter() - start)
    return found, 1e3 * float(np.median(times))


def scores(trackers, people, seeds=SEEDS, frames=300):
    """Return for each tracker an array (S, 4): IDF1, switches, MOTA, and ms of an update."""
    table = np.zeros((len(trackers), seeds, 4))
    for s in range(seeds):
        crowd = moving_crowd(np.random.default_rng([s, people]), people, frames)
        for t, make in enumerate(trackers):
            found, ms = follow(make(), crowd)
            result = evaluate_tracking(crowd.truth, found, COCO_17.sigmas, crowd.areas)
            table[t, s] = result.idf1, result.switches, result.mota, ms
            if s == 0:
                check_scores(crowd, found, result)
    return table


def check_scores(crowd, found, result):
    """Raise AssertionError unless motmetrics, if it is installed, has the same numbers."""
    try:
        import motmetrics
    except ImportError:
        return
    from npkpose.metrics.tracking import _compare

    oracle = motmetrics.MOTAccumulator(auto_id=True)
    for frame in zip(crowd.truth, found, crowd.areas):
        oracle.update(*_compare(*frame, COCO_17.sigmas, 0.5))
    names = ["idf1", "num_switches"]
    expected = motmetrics.metrics.create().compute(oracle, metrics=names).iloc[0].tolist()
    np.testing.assert_allclose([result.idf1, result.switches], expected, atol=1e-9)


def walkers(people, frames=60):
    """Yield the detections of people side by side who walk in lines."""
    rng = np.random.default_rng(0)
    bodies = rng.uniform(0, 1, (people, 17, 2)) * [60, 150] + rng.uniform(0, 3000, (people, 1, 2))
    steps = rng.normal(0, 3, (people, 1, 2))
    for f in range(frames):
        yield Poses(bodies + f * steps + rng.normal(0, 1, bodies.shape))


def smallest_update(tracker, people):
    """Return the smallest time of an update in ms, when all people are followed."""
    best, frames = np.inf, list(walkers(people))
    for poses in frames[:10]:
        tracker.update(poses)
    for poses in frames[10:]:
        start = time.perf_counter()
        tracker.update(poses)
        best = min(best, time.perf_counter() - start)
    return 1e3 * best


def rows():
    """Yield a `timing.Row` for each number of people; its note has the scores of both."""
    try:
        import norfair
    except ImportError:
        norfair = None
    makers = [lambda: Tracker(COCO_17)] + [lambda: Norfair(norfair)] * (norfair is not None)
    name = "norfair is not installed" if norfair is None else "norfair"
    start = time.perf_counter()
    for _ in range(2):
        Tracker(COCO_17).update(next(walkers(2)))
    first = time.perf_counter() - start
    for people in CROWDS:
        table = scores(makers, people)
        notes = [
            f"IDF1 {idf1:.3f} ({least:.3f} to {most:.3f}), switches {switches:.1f}, MOTA {mota:.3f}"
            for (idf1, switches, mota, _), least, most in zip(
                table.mean(axis=1), table[..., 0].min(axis=1), table[..., 0].max(axis=1)
            )
        ]
        ms = [*table[..., 3].min(axis=1), np.nan]
        note = "; norfair's ".join(notes)
        yield Row("Tracker", f"{people} people x 300", first, ms[0], name, ms[1], note)
    ms = [smallest_update(make(), FAST) for make in makers] + [np.nan]
    yield Row("Tracker", f"{FAST} people", first, ms[0], name, ms[1])


if __name__ == "__main__":
    print_table(__doc__, rows)
