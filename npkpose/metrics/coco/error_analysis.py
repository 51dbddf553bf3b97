"""What average precision is lost to: six kinds of error, each corrected and scored again.

A keypoint of a detection that was matched with a person at an OKS of 0.1 is, by the similarity
ks = exp(-d^2 / (2 A (2 sigma)^2)) with true keypoints,

    good        ks >= 0.85 with its own: as exact as human annotators
    jitter      0.5 <= ks < 0.85 with its own: nearly there
    inversion   ks >= 0.5 with its left or right partner on the same person
    swap        ks >= 0.5 with the same keypoint or its partner on another person
    miss        near none of these

and, where both inversion and swap fit, the one it is nearer to. Of detections that were matched
with nobody, and are false at every threshold of the evaluation, a duplicate reaches an OKS of 0.1
with somebody who was matched before, and background with nobody. People who were matched with
nobody at all are unfound.

What a kind costs is the average precision (COCO's mean over OKS thresholds) with all errors of
this kind corrected, less the present one: keypoints put where they truly are, false detections
and unfound people taken away; a category of whom nobody is left then counts as 1. Costs do not
add up, since one pose has several errors; so the precision after correcting one kind after
another is there too. There a detection that a corrected one makes false is taken away as well.

Ronchi and Perona, "Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation", ICCV
2017, arXiv:1707.05388. Departures: duplicates are told from background; a corrected keypoint
is exact; scores are not put into their best order.
"""

import copy
from typing import NamedTuple

import numpy as np

from npkpose.metrics.coco.curves import TRUE
from npkpose.metrics.coco.evaluate import evaluate_tables
from npkpose.metrics.coco.matching import match_people
from npkpose.similarity import keypoint_similarity

MATCHED, NEAR, EXACT = 0.1, 0.5, 0.85  # OKS of a match; similarities of a keypoint
KEYPOINT_KINDS = ("miss", "swap", "inversion", "jitter")  # the order of correction
KINDS = (*KEYPOINT_KINDS, "background", "duplicate", "unfound")
GOOD, UNKNOWN = len(KEYPOINT_KINDS), len(KEYPOINT_KINDS) + 1


class ErrorAnalysis(NamedTuple):
    """What `analyse_errors` returns; ``print`` it for a table."""

    ap: float  # as it is
    counts: dict  # kind: number of keypoints, detections or people
    alone: dict  # kind: AP with this kind corrected
    together: dict  # kind: AP with this and all kinds before it corrected
    keypoint_kinds: np.ndarray  # (D, K) int, of each entry of the list of results: index into
    # KEYPOINT_KINDS, or GOOD, or UNKNOWN

    def lost(self, kind):
        """Return the average precision that errors of this kind cost."""
        return self.alone[kind] - self.ap

    def __str__(self):
        lines = [f"{'kind':12} {'number':>7} {'AP lost':>8} {'AP if corrected up to here':>27}"]
        for kind in KINDS:
            numbers = f"{self.counts[kind]:7d} {self.lost(kind):8.3f} {self.together[kind]:27.3f}"
            lines.append(f"{kind:12} {numbers}")
        return "\n".join(lines)


def analyse_errors(result):
    """Return the `ErrorAnalysis` of a `CocoResult`, over people of its range of areas "all".

    Parameters
    ----------
    result : CocoResult
        Of `evaluate_coco`. Detections beyond its largest ``max_dets`` are left out, also where
        others are taken away; matches with people who do not count are left alone.

    Raises
    ------
    ValueError
        The result has no range of areas of this name.
    """
    matched = _match(result)
    kinds = _keypoint_kinds(result, matched)
    false, unfound = _false_detections(result, matched), _unfound(result, matched)
    counts = {kind: int((kinds == k).sum()) for k, kind in enumerate(KEYPOINT_KINDS)}
    counts |= {kind: len(rows) for kind, rows in false.items()} | {"unfound": len(unfound)}

    def ap(corrected):
        wrong = [k for k, kind in enumerate(KEYPOINT_KINDS) if kind in corrected]
        exact = _with_keypoints_corrected(result, matched, np.isin(kinds, wrong))
        false = _false_detections(exact, matched)
        drop = [false[kind] for kind in corrected if kind in false]
        return _without(exact, drop, unfound if "unfound" in corrected else [])

    listed = np.full((result.found.listed, kinds.shape[1]), UNKNOWN)
    listed[result.found.entry] = kinds
    return ErrorAnalysis(
        ap(()), counts, {kind: ap((kind,)) for kind in KINDS},
        {kind: ap(KINDS[: k + 1]) for k, kind in enumerate(KINDS)}, listed,
    )  # fmt: skip


def _match(result):
    """Return whom each detection of the meeting takes: (D,) index into its people, or -1."""
    meeting = result.meeting
    crowd = result.truth.iscrowd[meeting.people]
    threshold = np.array([MATCHED])
    return match_people(result.similarity, meeting.first, _counts(result), crowd, threshold)[0]


def _counts(result):
    """Return which people of the meeting count (G,)."""
    return result.counts[_all_areas(result)]


def _all_areas(result):
    if "all" not in result.settings.areas:
        raise ValueError(f"areas: expected 'all' among them, got {list(result.settings.areas)}")
    return list(result.settings.areas).index("all")


def _hits(result, matched):
    """Return which detections are matched with somebody who counts, and rows of both tables."""
    hits = np.flatnonzero(matched >= 0)
    hits = hits[_counts(result)[matched[hits]]]
    return hits, result.meeting.detections[hits], result.meeting.people[matched[hits]]


def _keypoint_kinds(result, matched):
    """Return the kind of each keypoint (D, K) of the table of detections."""
    hits, rows, people = _hits(result, matched)
    truth, skeleton = result.truth, result.settings.skeleton
    partners = np.asarray(skeleton.flip_order)
    poses, every = result.found.keypoints[rows], np.arange(skeleton.num_keypoints)
    own = _similarity(poses, result, people, every)
    inverted = np.where(partners == every, 0.0, _similarity(poses, result, people, partners))
    swapped = _nearest_others(result, matched, hits)
    wrong = np.where(inverted >= swapped, "inversion", "swap")
    wrong = np.where(np.maximum(inverted, swapped) >= NEAR, wrong, "miss")
    names = np.where(own >= EXACT, "good", np.where(own >= NEAR, "jitter", wrong))
    codes = np.full(names.shape, GOOD)
    for k, kind in enumerate(KEYPOINT_KINDS):
        codes[names == kind] = k
    kinds = np.full(result.found.keypoints.shape[:2], UNKNOWN)
    kinds[rows] = np.where(truth.labelled[people], codes, UNKNOWN)
    return kinds


def _similarity(poses, result, people, order):
    """Similarity (N, K) of poses with the keypoints ``order`` of true people; 0 if unlabelled."""
    truth = result.truth
    squared = ((poses - truth.keypoints[people][:, order]) ** 2).sum(axis=2)
    areas = truth.area[people, None] + np.spacing(1)
    near = keypoint_similarity(squared, areas, result.settings.skeleton.sigmas)
    return np.where(truth.labelled[people][:, order], near, 0.0)


def _nearest_others(result, matched, hits):
    """Return the largest similarity (N, K) of each hit with people it was not matched with."""
    meeting, skeleton = result.meeting, result.settings.skeleton
    where = np.full(len(result.found), -1)
    where[meeting.detections[hits]] = np.arange(len(hits))
    own = np.full(len(result.found), -1)
    own[meeting.detections[hits]] = meeting.people[matched[hits]]
    rows, people = meeting.pairs.T
    other = (where[rows] >= 0) & (own[rows] != people)
    rows, people = rows[other], people[other]
    poses = result.found.keypoints[rows]
    near = np.zeros((len(hits), skeleton.num_keypoints))
    for order in (np.arange(skeleton.num_keypoints), np.asarray(skeleton.flip_order)):
        np.maximum.at(near, where[rows], _similarity(poses, result, people, order))
    return near


def _false_detections(result, matched):
    """Return rows of the table of detections that are background, and that are duplicates."""
    meeting = result.meeting
    near = np.zeros(len(result.found))
    np.maximum.at(near, meeting.pairs[:, 0], result.similarity)
    ever_true = (result.outcomes[_all_areas(result)] == TRUE).any(axis=0)
    rows = meeting.detections[(matched < 0) & ~ever_true]
    similar = near[rows] >= MATCHED
    return {"background": rows[~similar], "duplicate": rows[similar]}


def _unfound(result, matched):
    """Return rows of people who count and whom nobody took."""
    free = _counts(result).copy()
    free[matched[matched >= 0]] = False
    return result.meeting.people[free]


def _with_keypoints_corrected(result, matched, wrong):
    """Return the `CocoResult` with the keypoints that are wrong (D, K) at their true places."""
    _, rows, people = _hits(result, matched)
    if not wrong[rows].any():
        return result
    found = copy.copy(result.found)  # with the areas it has
    found.keypoints = found.keypoints.copy()
    true = result.truth.keypoints[people]
    found.keypoints[rows] = np.where(wrong[rows, :, None], true, found.keypoints[rows])
    return evaluate_tables(result.settings, result.categories, result.truth, found)


def _without(result, drop, unfound):
    """Return AP without lists of rows of detections, and without rows of people."""
    if not len(unfound) and not any(map(len, drop)):
        return result.stats.ap
    cut = np.setdiff1d(np.arange(len(result.found)), result.meeting.detections)
    drop = np.concatenate([cut, *drop])
    found = result.found.at(np.delete(np.arange(len(result.found)), drop))
    truth = result.truth.at(np.delete(np.arange(len(result.truth)), unfound))
    again = evaluate_tables(result.settings, result.categories, truth, found)
    again.precision[(again.precision < 0) & (result.precision >= 0)] = 1.0  # nobody is left
    return again.stats.ap
