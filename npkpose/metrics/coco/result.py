"""What a COCO evaluation found: ten numbers, the curves behind them, and who was matched."""

from typing import NamedTuple

import numpy as np

from npkpose.similarity import keypoint_similarity

RECALL_LEVELS = np.linspace(0.0, 1.0, 101)
RECALL_LEVELS.setflags(write=False)


class Settings(NamedTuple):
    """What was evaluated: see `metrics.coco.evaluate_coco`."""

    max_dets: tuple
    thresholds: np.ndarray
    areas: dict
    skeleton: object
    strict: bool


class CocoStats(NamedTuple):
    """COCO's ten numbers; -1 where there is nobody to find, or no such threshold or area."""

    ap: float
    ap50: float
    ap75: float
    ap_medium: float
    ap_large: float
    ar: float
    ar50: float
    ar75: float
    ar_medium: float
    ar_large: float


# Which mean each of the ten is: precision or recall, OKS threshold (None: all), range of areas.
MEANS = [
    (of_precision, *which)
    for of_precision in (True, False)
    for which in ((None, "all"), (0.5, "all"), (0.75, "all"), (None, "medium"), (None, "large"))
]


class ImageCounts(NamedTuple):
    """One image: people who count, and detections; what was found, false or missed."""

    image_id: object
    people: int
    detections: int
    found: int
    false: int
    missed: int


class KeypointErrors(NamedTuple):
    """Of each keypoint (K,), over the people found; NaN where none of them has it labelled."""

    counts: np.ndarray  # labelled keypoints looked at
    pixels: np.ndarray  # mean distance from the truth
    similarity: np.ndarray  # mean of exp(-d^2 / (2 A (2 sigma)^2)), the keypoint's share of OKS


class CocoResult:
    """The outcome of `evaluate_coco`; ``print`` it for the usual table.

    Axes: T thresholds, R recall levels, K categories, A ranges of areas, M numbers of detections.

    Attributes
    ----------
    stats : CocoStats
    precision, scores : ndarray, shape (T, R, K, A, M)
        At each recall level, and the score there. -1 where there is nobody to find.
    recall : ndarray, shape (T, K, A, M)
        Over all detections.
    recall_levels : ndarray, shape (R,)
    categories : ndarray of int, shape (K,)
    settings : Settings
    truth, found : GroundTruth, Detections
        What was compared.
    """

    def __init__(self, settings, categories, truth, found, meeting, similarity):
        self.settings, self.categories = settings, categories
        self.truth, self.found = truth, found
        self.meeting, self.similarity = meeting, similarity
        self.recall_levels = RECALL_LEVELS.copy()
        thresholds, areas = len(settings.thresholds), len(settings.areas)
        cells = len(categories), areas, len(settings.max_dets)
        self.precision = np.full((thresholds, len(RECALL_LEVELS), *cells), -1.0)
        self.scores = self.precision.copy()
        self.recall = np.full((thresholds, *cells), -1.0)
        table = areas, thresholds, len(meeting.detections)
        self.matched = []  # of (T, D), for each range of areas: index into meeting.people, or -1
        self.outcomes = np.empty(table, dtype=np.uint8)  # see coco_curve
        self.counts = np.zeros((areas, len(meeting.people)), dtype=np.bool_)

    @property
    def stats(self):
        """COCO's ten numbers, at the largest of ``max_dets``."""
        return CocoStats(*(self._mean(*which) for which in MEANS))

    def _mean(self, of_precision, threshold, area):
        most = 20 if self.settings.strict else max(self.settings.max_dets)
        if area not in self.settings.areas or most not in self.settings.max_dets:
            return -1.0
        values = self.precision if of_precision else self.recall
        if threshold is not None:
            exactly = 0.0 if self.settings.strict else 1e-8  # np.arange ends in other bits
            values = values[abs(self.settings.thresholds - threshold) <= exactly]
        a, m = list(self.settings.areas).index(area), self.settings.max_dets.index(most)
        values = values[..., a, m]
        defined = values[values > -1]
        return float(np.mean(defined)) if len(defined) else -1.0

    def __str__(self):
        thresholds = self.settings.thresholds
        lines = []
        for (of_precision, threshold, area), value in zip(MEANS, self.stats):
            what = "Average Precision  (AP)" if of_precision else "Average Recall     (AR)"
            at = f"{threshold or 0:.2f}"
            if threshold is None:
                at = f"{thresholds[0]:.2f}:{thresholds[-1]:.2f}"
            most = 20 if self.settings.strict else max(self.settings.max_dets)
            lines.append(
                f" {what} @[ IoU={at:<9} | area={area:>6} | maxDets={most:>3} ] = {value:.3f}"
            )
        return "\n".join(lines)

    def __repr__(self):
        return f"CocoResult(ap={self.stats.ap:.3f}, {len(self.found)} detections)"

    def matches(self, threshold=0.5, area="all"):
        """Return the annotation that each result was matched with: (D,) int, or -1.

        Both are counted in the order they were given in, as entries of the lists, and results
        that were left out are matched with nobody. A match may be a crowd or somebody else who
        does not count.
        """
        a, t = self._cell(threshold, area)
        people = np.append(self.truth.entry[self.meeting.people], -1)
        matches = np.full(self.found.listed, -1)
        matches[self.found.entry[self.meeting.detections]] = people[self.matched[a][t]]
        return matches

    def per_image(self, threshold=0.5, area="all"):
        """Return a list of `ImageCounts`, one for each image, in the order of ``truth.images``."""
        cell = self._cell(threshold, area)
        first = self.meeting.first
        true, false = (_sums(self.outcomes[cell] == which, first[:, 0]) for which in (1, 0))
        people = _sums(self.counts[cell[0]], first[:, 1])
        columns = (people, np.diff(first[:, 0]), true, false, people - true)
        shape = len(self.categories), len(self.truth.images)
        totals = [column.reshape(shape).sum(axis=0).tolist() for column in columns]
        return [ImageCounts(*row) for row in zip(self.truth.images.tolist(), *totals)]

    def keypoint_errors(self, threshold=0.5, area="all"):
        """Return the `KeypointErrors` of people found at this OKS threshold."""
        a, t = self._cell(threshold, area)
        hits = np.flatnonzero(self.outcomes[a, t] == 1)
        people = self.meeting.people[self.matched[a][t, hits]]
        offset = self.found.keypoints[self.meeting.detections[hits]] - self.truth.keypoints[people]
        squared = (offset**2).sum(axis=2)  # (N, K)
        areas = self.truth.area[people, None] + np.spacing(1)
        near = keypoint_similarity(squared, areas, self.settings.skeleton.sigmas)
        labelled = self.truth.labelled[people]
        counts = labelled.sum(axis=0)
        with np.errstate(invalid="ignore"):
            pixels = np.where(labelled, np.sqrt(squared), 0.0).sum(axis=0) / counts
            return KeypointErrors(
                counts, pixels, np.where(labelled, near, 0.0).sum(axis=0) / counts
            )

    def _cell(self, threshold, area):
        """Return the indices (a, t) of a range of areas and a threshold."""
        close = np.flatnonzero(np.isclose(self.settings.thresholds, threshold))
        if not len(close):
            raise ValueError(
                f"threshold: expected one of {self.settings.thresholds.tolist()}, got {threshold!r}"
            )
        if area not in self.settings.areas:
            raise ValueError(f"area: expected one of {list(self.settings.areas)}, got {area!r}")
        return list(self.settings.areas).index(area), int(close[0])

    def plot(self):
        """Return a Matplotlib figure: precision against recall, and how exact each keypoint is.

        Raises ImportError without Matplotlib, saying which extra to install.
        """
        from npkpose.metrics.coco.plot import plot_result  # reads Matplotlib, an extra

        return plot_result(self)


def _sums(flags, first):
    """Return how many of ``flags`` (N,) are set in each slice from first[b] to first[b + 1]."""
    return np.diff(np.append(0, np.cumsum(flags))[first])
