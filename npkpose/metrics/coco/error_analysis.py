"""What average precision is lost to: seven kinds of error, each corrected and scored again.

Detections are first matched at OKS 0.1. A keypoint of a matched detection is, by the
similarity ks = exp(-d^2 / (2 A (2 sigma)^2)) with true keypoints,

    good        ks >= 0.85 with its own: as exact as human annotators
    jitter      0.5 <= ks < 0.85 with its own: nearly there
    inversion   ks >= 0.5 with its left or right partner on the same person
    swap        ks >= 0.5 with the same keypoint or its partner on another person
    miss        none of these

and, if both inversion and swap apply, the one with the higher ks. An unmatched detection that is a
false positive at every threshold of the evaluation is

    duplicate   OKS >= 0.1 with a person that another detection has taken
    background  otherwise

and an unmatched person is unfound.

The cost of a kind is the average precision (COCO's mean over OKS thresholds) with all errors of
this kind corrected, less the present one: keypoints are moved to their true places, false
detections and unfound people are removed; a category without people then counts as 1. Costs do not
add up, since one pose has several errors; so the precision after correcting one kind after
another is given too. There a detection that a correction has made false is also removed.

Ronchi and Perona, "Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation", ICCV
2017, arXiv:1707.05388. Departures: duplicates are distinguished from background; a corrected
keypoint is exact; scores are not put into their best order.
"""

import copy
from typing import NamedTuple

import numpy as np

from npkpose._check import check_kind
from npkpose.metrics.coco.curves import TRUE_POSITIVE
from npkpose.metrics.coco.evaluate import evaluate_tables
from npkpose.metrics.coco.matching import match_detections
from npkpose.metrics.coco.result import CocoResult
from npkpose.similarity import keypoint_similarity

MATCHED = 0.1  # the lowest OKS of a match
NEAR, EXACT = 0.5, 0.85  # the lowest ks of jitter, and of a good keypoint
KEYPOINT_KINDS = ("miss", "swap", "inversion", "jitter")  # the order of correction
KINDS = (*KEYPOINT_KINDS, "background", "duplicate", "unfound")
GOOD, UNKNOWN = len(KEYPOINT_KINDS), len(KEYPOINT_KINDS) + 1


class ErrorAnalysis(NamedTuple):
    """What `analyse_errors` returns; ``print`` it for a table."""

    ap: float  # with nothing corrected
    counts: dict  # kind: number of keypoints, detections or people
    alone: dict  # kind: AP with this kind corrected
    together: dict  # kind: AP with this and all kinds before it corrected
    keypoint_kinds: np.ndarray  # (D, K) int, in the order of the list of results: index into
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
    """Return the `ErrorAnalysis` of a `CocoResult`, over its range of areas "all".

    Parameters
    ----------
    result : CocoResult
        Of `evaluate_coco`. Only the top ``max_dets`` are used, also after others are removed;
        matches with ignored ground truth are not analysed.

    Raises
    ------
    ValueError
        The result has no range of areas of this name.
    """
    matched = _match(check_kind("result", result, CocoResult))
    kinds = _keypoint_kinds(result, matched)
    false, unfound = _false_detections(result, matched), _unfound(result, matched)
    counts = {kind: int((kinds == k).sum()) for k, kind in enumerate(KEYPOINT_KINDS)}
    counts |= {kind: len(rows) for kind, rows in false.items()} | {"unfound": len(unfound)}

    def ap(corrected):
        wrong = [k for k, kind in enumerate(KEYPOINT_KINDS) if kind in corrected]
        exact = _correct_keypoints(result, matched, np.isin(kinds, wrong))
        false = _false_detections(exact, matched)
        remove = [false[kind] for kind in corrected if kind in false]
        return _ap_without(exact, remove, unfound if "unfound" in corrected else [])

    listed = np.full((result.found.listed, kinds.shape[1]), UNKNOWN)
    listed[result.found.entry] = kinds
    return ErrorAnalysis(
        ap=ap(()),
        counts=counts,
        alone={kind: ap((kind,)) for kind in KINDS},
        together={kind: ap(KINDS[: k + 1]) for k, kind in enumerate(KINDS)},
        keypoint_kinds=listed,
    )


def _match(result):
    """Return the match of each candidate detection: (D,) index into candidates.gt, or -1."""
    first, iscrowd = result.candidates.first, result.truth.iscrowd[result.candidates.gt]
    threshold = np.array([MATCHED])
    return match_detections(result.similarity, first, _ignored(result), iscrowd, threshold)[0]


def _ignored(result):
    """Return which candidate ground truth is ignored (G,)."""
    return result.ignored[_all_areas(result)]


def _all_areas(result):
    """Return the index of the range of areas "all"."""
    if "all" not in result.settings.areas:
        raise ValueError(f"areas: expected 'all' among them, got {list(result.settings.areas)}")
    return list(result.settings.areas).index("all")


def _hits(result, matched):
    """Return which detections have a match that is not ignored, and its rows of both tables."""
    hits = np.flatnonzero(matched >= 0)
    hits = hits[~_ignored(result)[matched[hits]]]
    return hits, result.candidates.dt[hits], result.candidates.gt[matched[hits]]


def _keypoint_kinds(result, matched):
    """Return the kind of each keypoint (D, K) of the table of detections."""
    hits, dt, gt = _hits(result, matched)
    skeleton = result.settings.skeleton
    same, partner = np.arange(skeleton.num_keypoints), np.asarray(skeleton.flip_order)
    poses = result.found.keypoints[dt]
    own = _similarity(poses, result, gt, same)
    inverted = np.where(partner == same, 0.0, _similarity(poses, result, gt, partner))
    swapped = _similarity_with_others(result, matched, hits)
    wrong = np.where(inverted >= swapped, "inversion", "swap")
    wrong = np.where(np.maximum(inverted, swapped) >= NEAR, wrong, "miss")
    names = np.where(own >= EXACT, "good", np.where(own >= NEAR, "jitter", wrong))
    codes = np.full(names.shape, GOOD)
    for k, kind in enumerate(KEYPOINT_KINDS):
        codes[names == kind] = k
    kinds = np.full(result.found.keypoints.shape[:2], UNKNOWN)
    kinds[dt] = np.where(result.truth.labelled[gt], codes, UNKNOWN)
    return kinds


def _similarity(poses, result, gt, order):
    """Return ks (N, K) of poses with the keypoints ``order`` of true people; 0 if unlabelled."""
    truth = result.truth
    squared = ((poses - truth.keypoints[gt][:, order]) ** 2).sum(axis=2)
    areas = truth.area[gt, None] + np.spacing(1)
    near = keypoint_similarity(squared, areas, result.settings.skeleton.sigmas)
    return np.where(truth.labelled[gt][:, order], near, 0.0)


def _similarity_with_others(result, matched, hits):
    """Return the largest ks (N, K) of each hit with people other than its match."""
    candidates, skeleton = result.candidates, result.settings.skeleton
    hit = np.full(len(result.found), -1)
    hit[candidates.dt[hits]] = np.arange(len(hits))
    own = np.full(len(result.found), -1)
    own[candidates.dt[hits]] = candidates.gt[matched[hits]]
    dt, gt = candidates.pairs.T
    other = (hit[dt] >= 0) & (own[dt] != gt)
    dt, gt = dt[other], gt[other]
    poses = result.found.keypoints[dt]
    near = np.zeros((len(hits), skeleton.num_keypoints))
    for order in (np.arange(skeleton.num_keypoints), np.asarray(skeleton.flip_order)):
        np.maximum.at(near, hit[dt], _similarity(poses, result, gt, order))
    return near


def _false_detections(result, matched):
    """Return rows of the table of detections: {"background": ..., "duplicate": ...}."""
    candidates = result.candidates
    near = np.zeros(len(result.found))
    np.maximum.at(near, candidates.pairs[:, 0], result.similarity)
    ever_true = (result.outcomes[_all_areas(result)] == TRUE_POSITIVE).any(axis=0)
    dt = candidates.dt[(matched < 0) & ~ever_true]
    similar = near[dt] >= MATCHED
    return {"background": dt[~similar], "duplicate": dt[similar]}


def _unfound(result, matched):
    """Return rows of ground truth that is neither ignored nor matched."""
    unfound = ~_ignored(result)
    unfound[matched[matched >= 0]] = False
    return result.candidates.gt[unfound]


def _correct_keypoints(result, matched, wrong):
    """Return the `CocoResult` with the keypoints that are wrong (D, K) at their true places."""
    _, dt, gt = _hits(result, matched)
    if not wrong[dt].any():
        return result
    found = copy.copy(result.found)  # keeps the areas
    found.keypoints = found.keypoints.copy()
    true = result.truth.keypoints[gt]
    found.keypoints[dt] = np.where(wrong[dt, :, None], true, found.keypoints[dt])
    return evaluate_tables(result.settings, result.categories, result.truth, found)


def _ap_without(result, remove, unfound):
    """Return the AP without lists of rows of detections, and without rows of ground truth."""
    if not len(unfound) and not any(map(len, remove)):
        return result.stats.ap
    beyond_max_dets = np.setdiff1d(np.arange(len(result.found)), result.candidates.dt)
    remove = np.concatenate([beyond_max_dets, *remove])
    found = result.found.at(np.delete(np.arange(len(result.found)), remove))
    truth = result.truth.at(np.delete(np.arange(len(result.truth)), unfound))
    again = evaluate_tables(result.settings, result.categories, truth, found)
    again.precision[(again.precision < 0) & (result.precision >= 0)] = 1.0  # no people remain
    return again.stats.ap
