"""The result of a COCO evaluation: ten numbers, the curves behind them, and the matches."""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from npkpose._check import check_number, shown
from npkpose._html import table
from npkpose.metrics.coco.crowd_levels import crowd_levels
from npkpose.metrics.coco.curves import FALSE_POSITIVE, TRUE_POSITIVE
from npkpose.metrics.coco.protocols import COCO, Protocol
from npkpose.similarity import keypoint_similarity

RECALL_LEVELS = np.linspace(0.0, 1.0, 101)
RECALL_LEVELS.setflags(write=False)


class Settings(NamedTuple):
    """The arguments of `metrics.coco.evaluate_coco`, checked; ``skeleton`` is that of the part."""

    max_dets: tuple
    thresholds: np.ndarray
    areas: dict
    skeleton: object
    strict: bool
    protocol: Protocol = COCO


class CocoStats(NamedTuple):
    """COCO's ten numbers; -1 if all ground truth is ignored, or without that threshold or area."""

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


class CrowdPoseStats(NamedTuple):
    """CrowdPose's nine numbers, see `crowd_levels`."""

    ap: float
    ap50: float
    ap75: float
    ar: float
    ar50: float
    ar75: float
    ap_easy: float
    ap_medium: float
    ap_hard: float


# Which mean each of the ten is: precision or recall, OKS threshold (None: all), range of areas.
MEANS = [
    (of_precision, *which)
    for of_precision in (True, False)
    for which in ((None, "all"), (0.5, "all"), (0.75, "all"), (None, "medium"), (None, "large"))
]


class ImageCounts(NamedTuple):
    """One image: people not ignored, detections; people found, false detections, people missed."""

    image_id: object
    people: int
    detections: int
    found: int
    false: int
    missed: int


class KeypointErrors(NamedTuple):
    """Of each keypoint (K,), over the people found; NaN if none of them has it labelled."""

    counts: np.ndarray  # labelled keypoints
    pixels: np.ndarray  # mean distance from the truth
    similarity: np.ndarray  # mean of exp(-d^2 / (2 A (2 sigma)^2)), the keypoint's share of OKS


class CocoResult:
    """The outcome of `evaluate_coco`; ``print`` it for the usual table.

    Axes: T thresholds, R recall levels, K categories, A ranges of areas, M numbers of detections.

    Attributes
    ----------
    stats : CocoStats
    precision, scores : ndarray, shape (T, R, K, A, M)
        At each recall level, and the score there. -1 if all ground truth is ignored.
    recall : ndarray, shape (T, K, A, M)
        The final recall, over all detections.
    recall_levels : ndarray, shape (R,)
    categories : ndarray of int, shape (K,)
    settings : Settings
    truth, found : GroundTruth, Detections
        The two tables: ground truth (gt) and detections (dt).
    candidates : CandidatePairs
        Which rows of the tables were compared, see `matching`; ``similarity`` (M,) is their OKS.
    """

    def __init__(self, settings, categories, truth, found, candidates, similarity):
        self.settings, self.categories = settings, categories
        self.truth, self.found = truth, found
        self.candidates, self.similarity = candidates, similarity
        self.recall_levels = RECALL_LEVELS.copy()
        thresholds, areas = len(settings.thresholds), len(settings.areas)
        cells = len(categories), areas, len(settings.max_dets)
        self.precision = np.full((thresholds, len(RECALL_LEVELS), *cells), -1.0)
        self.scores = self.precision.copy()
        self.recall = np.full((thresholds, *cells), -1.0)
        self.matched = []  # for each range of areas (T, D): index into candidates.gt, or -1
        self.outcomes = np.empty((areas, thresholds, len(candidates.dt)), dtype=np.uint8)
        self.ignored = np.ones((areas, len(candidates.gt)), dtype=np.bool_)

    @property
    def stats(self) -> "CocoStats | CrowdPoseStats":
        """COCO's ten numbers, at the largest of ``max_dets``; with "crowdpose" its nine."""
        means = [self._mean(*which) for which in self._means]
        if self.settings.protocol.use_crowd_index:
            return CrowdPoseStats(*means, *crowd_levels(self))
        return CocoStats(*means)

    @property
    def _means(self):
        if not self.settings.protocol.use_crowd_index:
            return MEANS
        return [which for which in MEANS if which[2] == "all"]

    def _mean(self, of_precision, threshold, area):
        if area not in self.settings.areas or self.max_dets not in self.settings.max_dets:
            return -1.0
        values = self.precision if of_precision else self.recall
        if threshold is not None:
            tolerance = 0.0 if self.settings.strict else 1e-8  # np.arange has other last bits
            values = values[abs(self.settings.thresholds - threshold) <= tolerance]
        m = self.settings.max_dets.index(self.max_dets)
        values = values[..., list(self.settings.areas).index(area), m]
        defined = values[values > -1]
        return float(np.mean(defined)) if len(defined) else -1.0

    @property
    def max_dets(self) -> int:
        """The number of detections per image of the ten numbers."""
        return 20 if self.settings.strict else max(self.settings.max_dets)

    def __str__(self):
        first, last = self.settings.thresholds[[0, -1]]
        lines = []
        levels = [(True, None, level) for level in ("easy", "medium", "hard")]
        stats = self.stats
        for i, ((of_precision, threshold, area), value) in enumerate(
            zip(self._means + levels, stats)
        ):
            name = "Average Precision  (AP)" if of_precision else "Average Recall     (AR)"
            iou = f"{first:.2f}:{last:.2f}" if threshold is None else f"{threshold:.2f}"
            kind = "area" if i < len(self._means) else "type"
            where = f"IoU={iou:<9} | {kind}={area:>6} | maxDets={self.max_dets:>3}"
            lines.append(f" {name} @[ {where} ] = {value:.3f}")
        return "\n".join(lines)

    def ap_per_category(self) -> dict[int, float]:
        """Return {category id: AP}, such as of AP-10K's species; -1 if nobody is to be found."""
        m = self.settings.max_dets.index(max(self.settings.max_dets))
        values = self.precision[:, :, :, 0, m]
        return {
            id: float(np.mean(values[:, :, k])) for k, id in enumerate(self.categories.tolist())
        }

    def __repr__(self):
        return f"CocoResult(ap={self.stats.ap:.3f}, {len(self.found)} detections)"

    def _repr_html_(self):
        """Return what a notebook shows: the numbers as a table."""
        stats = self.stats._asdict()
        values = [f"{value:.3f}" if value > -1 else "-" for value in stats.values()]
        return f"<p>{self!r}</p>{table(list(stats), [values])}"

    def matches(self, threshold: float = 0.5, area: str = "all") -> NDArray:
        """Return the annotation that each result was matched with: (D,) int, or -1.

        Results and annotations are numbered by their position in the lists that were given.
        Results that were left out have no match. A match may be a crowd or otherwise ignored.
        """
        a, t = self._cell(threshold, area)
        annotations = np.append(self.truth.entry[self.candidates.gt], -1)
        matches = np.full(self.found.listed, -1)
        matches[self.found.entry[self.candidates.dt]] = annotations[self.matched[a][t]]
        return matches

    def per_image(self, threshold: float = 0.5, area: str = "all") -> list[ImageCounts]:
        """Return a list of `ImageCounts`, one for each image, in the order of ``truth.images``."""
        a, t = self._cell(threshold, area)
        first_dt, first_gt = self.candidates.first[:, 0], self.candidates.first[:, 1]
        outcomes = self.outcomes[a, t]
        people = _group_sums(~self.ignored[a], first_gt)
        found = _group_sums(outcomes == TRUE_POSITIVE, first_dt)
        false = _group_sums(outcomes == FALSE_POSITIVE, first_dt)
        columns = people, np.diff(first_dt), found, false, people - found
        images = self.truth.images
        totals = np.zeros((len(images), len(columns)), dtype=np.int64)
        np.add.at(totals, self.candidates.groups % len(images), np.transpose(columns))
        return [ImageCounts(id, *row) for id, row in zip(images.tolist(), totals.tolist())]

    def keypoint_errors(self, threshold: float = 0.5, area: str = "all") -> KeypointErrors:
        """Return the `KeypointErrors` of people found at this OKS threshold."""
        a, t = self._cell(threshold, area)
        hits = np.flatnonzero(self.outcomes[a, t] == TRUE_POSITIVE)
        dt, gt = self.candidates.dt[hits], self.candidates.gt[self.matched[a][t, hits]]
        squared = ((self.found.keypoints[dt] - self.truth.keypoints[gt]) ** 2).sum(axis=2)  # (N, K)
        areas = self.truth.area[gt, None] + np.spacing(1)
        similarity = keypoint_similarity(squared, areas, self.settings.skeleton.sigmas)
        labelled = self.truth.labelled[gt]
        counts = labelled.sum(axis=0)
        with np.errstate(invalid="ignore"):
            pixels = np.where(labelled, np.sqrt(squared), 0.0).sum(axis=0) / counts
            similarity = np.where(labelled, similarity, 0.0).sum(axis=0) / counts
        return KeypointErrors(counts, pixels, similarity)

    def _cell(self, threshold, area):
        """Return the indices (a, t) of a range of areas and a threshold."""
        threshold = check_number("threshold", threshold)
        close = np.flatnonzero(np.isclose(self.settings.thresholds, threshold))
        if not len(close):
            raise ValueError(
                f"threshold: expected one of {self.settings.thresholds.tolist()}, got {threshold!r}"
            )
        areas = list(self.settings.areas)
        if not isinstance(area, Hashable) or area not in areas:
            raise ValueError(f"area: expected one of {areas}, got {shown(area)}")
        return areas.index(area), int(close[0])

    def plot(self) -> Any:
        """Return a Matplotlib figure: precision against recall, and how exact each keypoint is.

        Raises ImportError without Matplotlib, saying which extra to install.
        """
        from npkpose.metrics.coco.plot import plot_result  # plot.py needs an extra

        return plot_result(self)


def _group_sums(flags, first):
    """Return how many of ``flags`` (N,) are set in each slice from first[b] to first[b + 1]."""
    return np.diff(np.append(0, np.cumsum(flags))[first])
