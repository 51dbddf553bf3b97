"""COCO keypoint evaluation: ten numbers for a file of detections, equal to pycocotools' to the bit.

    OKS of every pair in an image -> greedy matching -> precision and recall -> their means

`oks`, `matching` and `curves` hold the three steps. They run for every category, range of areas,
OKS threshold and number of detections per image; the average precision (AP) is the mean over
thresholds, recall levels and categories, the average recall (AR) that of the final recall.
Lin et al., "Microsoft COCO", ECCV 2014, arXiv:1405.0312; cocodataset.org/#keypoints-eval.

What pycocotools does silently, and this does only if ``strict``:

* Its matches hold annotation ids, and 0 means no match, so a detection matched with annotation 0
  is a false positive. Of annotations with the same id it uses the last, once for each of them.
  Here ids play no part.
* A pose with a NaN matches any person. Here NaN, infinity and negative areas are refused.
* It uses at most 20 detections per image; with other ``max_dets`` the ten numbers are -1. Here
  they are those of the largest.
* It looks for thresholds equal to 0.5 and 0.75 to the bit, and np.arange misses the second; here
  thresholds match within 1e-8.

In both modes, no results at all give zeros (pycocotools stops with an IndexError). Annotations of
unknown images or categories and results of unknown categories are left out with a warning, even
where pycocotools would use one of them for another annotation of the same id. Missing values and
values that are not numbers are refused: see `read_json`.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import (
    check_array,
    check_flag,
    check_integer,
    check_number,
    real_array,
    shown,
)
from npkpose.metrics.coco.curves import match_outcomes, precision_curves
from npkpose.metrics.coco.matching import candidate_pairs, match_detections, stable_argsort
from npkpose.metrics.coco.notices import (
    warn_of_crowd_index,
    warn_of_other_keypoints,
    warn_of_rows,
)
from npkpose.metrics.coco.protocols import as_protocol
from npkpose.metrics.coco.read_json import read_detections, read_ground_truth
from npkpose.metrics.coco.result import CocoResult, Settings
from npkpose.metrics.coco.scored import (
    part_skeleton,
    scored_tables,
    skeleton_to_score,
    with_counts,
)
from npkpose.metrics.coco.tables import as_ids, find, other_kind
from npkpose.metrics.oks import People, pair_oks
from npkpose.skeleton import Skeleton

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of OKS; the ninth is 0.9 less one bit, as in COCO
THRESHOLDS.setflags(write=False)
MAX_CATEGORIES = 2000  # the curves of each take 48 kB, also of a category without entries
AREAS = {"all": (0, 1e10), "medium": (32**2, 96**2), "large": (96**2, 1e10)}  # pixels^2


def evaluate_coco(
    ground_truth: Any, results: Any, skeleton: Skeleton | None = None, *, protocol: str = "coco",
    sigmas: ArrayLike | None = None, max_dets: Sequence[int] = (20,),
    thresholds: ArrayLike = THRESHOLDS, areas: Any = AREAS, categories: Sequence[int] | None = None,
    strict: bool = False,
) -> CocoResult:  # fmt: skip
    # More than six arguments: each is a parameter of COCO's evaluation, and all have its defaults.
    """Return how well detections agree with the ground truth.

    Parameters
    ----------
    ground_truth : path, parsed JSON, GroundTruth, or Labels
        COCO annotations; `npkpose.io.read` gives Labels of other files.
    results : path, parsed JSON, Detections, or Labels
        COCO results: a list of image_id, category_id, keypoints and score, with or without bbox.
    skeleton : Skeleton of K keypoints, name of a published one, or "auto"; optional
        Its sigmas are used. A file whose categories list other names gets a warning. "auto": the
        skeleton of the names or the number of keypoints in the file. Default: the protocol's, or
        COCO_17.
    protocol : str or Protocol
        "coco", "xtcoco", "crowdpose", "ap10k", "wholebody", or "wholebody_face" and others of a
        part: see `protocols`.
    sigmas : float or sequence of K float, optional
        Instead of the skeleton's. One number for all keypoints is a guess, and gets a warning.
    max_dets : int, or sequence of int
        Numbers of detections per image to evaluate at: the top max_dets are used.
    thresholds : sequence of float
        The lowest OKS of a match.
    areas : dict from name to (low, high)
        Ranges of areas of ground truth, both ends included. The ten numbers need COCO's names.
    categories : sequence of int or of str, optional
        Category ids to evaluate, among those in ``ground_truth``; default: all.
    strict : bool
        Reproduce pycocotools where it is wrong: see above.

    Returns
    -------
    result : CocoResult
        Print it for the usual table.

    Raises
    ------
    ValueError
        A setting out of range, a skeleton with a sigma of NaN, or JSON that is not COCO's, naming
        file, entry and field.
    FileNotFoundError
    """
    protocol = as_protocol(protocol)
    skeleton = skeleton_to_score(skeleton, protocol, sigmas, ground_truth, categories)
    settings = make_settings(max_dets, thresholds, areas, skeleton, strict, protocol)
    known, truth, found = read_tables(ground_truth, results, categories, settings)
    settings = settings._replace(skeleton=part_skeleton(skeleton, protocol))
    return evaluate_tables(settings, known, *scored_tables(truth, found, protocol))


def read_tables(ground_truth, results, categories, settings):
    """Return the categories to evaluate, and both tables, checked; see `evaluate_coco`."""
    skeleton, strict, protocol = settings.skeleton, settings.strict, settings.protocol
    if categories is not None:
        categories = np.unique(as_ids("categories", categories))
    truth = read_ground_truth(ground_truth, skeleton, categories, protocol)
    truth = with_counts(truth, protocol)
    known = _chosen(categories, truth.categories)
    found = read_detections(results, skeleton, known, protocol, truth)
    for table in (truth, found):
        _check_table(table, skeleton, strict)
    truth.check_boxes()
    truth = _apply_ids(truth, strict, protocol)
    warn_of_rows(truth, found, known, chosen=categories is not None)
    warn_of_other_keypoints(truth, known, skeleton)
    warn_of_crowd_index(truth, protocol)
    return known, truth, found


def candidates_of(settings, categories, truth, found):
    """Return the `CandidatePairs` of two tables."""
    return candidate_pairs(
        gt_groups=_groups(truth, categories),
        dt_groups=_groups(found, categories, truth),
        scores=found.score,
        max_dets=max(settings.max_dets),
    )


def evaluate_tables(settings, categories, truth, found, candidates=None):
    """Return the `CocoResult` of two tables that have been checked."""
    if candidates is None:
        candidates = candidates_of(settings, categories, truth, found)
    people = People(truth.keypoints, truth.labelled, truth.area, truth.bbox)
    sigmas = settings.skeleton.sigmas
    similarity = pair_oks(found.keypoints, people, sigmas, candidates.pairs)
    result = CocoResult(settings, categories, truth, found, candidates, similarity)
    for a, area_range in enumerate(settings.areas.values()):
        _match_area_range(result, a, area_range)
    for k in range(len(categories)):
        accumulate(result, k)
    return result


def accumulate(result, k):
    """Fill the curves of category ``k``."""
    candidates, images = result.candidates, len(result.truth.images)
    b = np.searchsorted(candidates.groups, [k * images, (k + 1) * images])
    start, end = candidates.first[b]
    dt, gt = slice(start[0], end[0]), slice(start[1], end[1])
    scores = result.found.score[candidates.dt[dt]]
    order = stable_argsort(-scores)
    rank = candidates.rank[dt][order]
    num_gt = (~result.ignored[:, gt]).sum(axis=1)
    for m, max_dets in enumerate(result.settings.max_dets):
        top = order[rank < max_dets]
        for a in range(len(num_gt)):
            outcomes = result.outcomes[a, :, dt][:, top]
            precision, recall, at_scores = precision_curves(
                outcomes, scores[top], int(num_gt[a]), result.recall_levels
            )
            result.precision[:, :, k, a, m], result.recall[:, k, a, m] = precision, recall
            result.scores[:, :, k, a, m] = at_scores


def make_settings(max_dets, thresholds, areas, skeleton, strict, protocol):
    """Return the `Settings`, checked."""
    max_dets = np.atleast_1d(real_array("max_dets", max_dets)).tolist()
    max_dets = sorted(check_integer("max_dets", count, at_least=1) for count in max_dets)
    thresholds = check_array("thresholds", thresholds, ("T",))
    if not isinstance(areas, Mapping):
        raise ValueError(f"areas: expected a dict from name to (low, high), got {shown(areas)}")
    if not (max_dets and len(thresholds) and len(areas)):
        raise ValueError("max_dets, thresholds, areas: expected at least one each")
    ranges = {name: _check_range(f"areas[{shown(name)}]", pair) for name, pair in areas.items()}
    strict = check_flag("strict", strict)
    return Settings(tuple(max_dets), thresholds, ranges, skeleton, strict, protocol)


def _check_range(name, bounds):
    try:
        low, high = bounds
    except Exception:  # no iterator, or one that fails
        raise ValueError(f"{name}: expected (low, high), got {shown(bounds)}") from None
    low = check_number(name, low)
    return low, check_number(name, high, at_least=low)


def _chosen(categories, known):
    """Return the category ids to evaluate, or raise ValueError if they cannot be."""
    if categories is None:
        categories = known
    elif not len(categories):
        raise ValueError(f"categories: expected ids among {known.tolist()}, got none")
    if len(categories) > MAX_CATEGORIES:
        raise ValueError(
            f"categories: expected at most {MAX_CATEGORIES}, got {len(categories)}: choose some "
            "with evaluate_coco(..., categories=...)"
        )
    unknown = categories[~find(categories, known)[1]]
    if len(unknown):
        raise ValueError(f"categories: expected ids among {known.tolist()}, got {unknown[0]}")
    return categories


def _check_table(table, skeleton, strict):
    if table.keypoints.shape[1] != skeleton.num_keypoints:
        raise ValueError(
            f"{table.name}: expected {skeleton.num_keypoints} keypoints of {skeleton.name}, "
            f"got {table.keypoints.shape[1]}"
        )
    if not strict:
        table.check()


def _apply_ids(truth, strict, protocol):
    """Return the ground truth to match with; warn if pycocotools would lose some by its id."""
    last = {id: row for row, id in enumerate(truth.id.tolist())}
    repeated = len(truth) - len(last)
    also = "strict does as pycocotools does" if strict else "pycocotools does not do that"
    if 0 in last and protocol.has_ids:
        how = "a false positive" if strict else "a true positive"
        warnings.warn(f"{truth.name}: a match with id 0 is {how}; {also}", stacklevel=4)
    if repeated:
        how = "only the last of each is used" if strict else "all are used"
        warnings.warn(f"{truth.name}: {repeated} ids are repeated, {how}; {also}", stacklevel=4)
    if not (repeated and strict):
        return truth
    order = np.argsort(np.unique(truth.image_id, return_inverse=True)[1], kind="stable")
    return truth.at([last[id] for id in truth.id[order].tolist()])


def _groups(table, categories, truth=None):
    """Return the group (N,) of each row, category times image, or -1 if one of them is unknown."""
    images = table.images if truth is None else truth.images
    image, known = find(table.image_id, images)
    if truth is not None and not known.all():
        d = int(np.argmin(known))
        kind = other_kind(table.image_id, images)
        raise ValueError(
            f"{table.name}[{table.entry[d]}].image_id: expected an image of the ground truth, "
            f"got {table.image_id[d].item()!r}" + (f": {kind}" if kind else "")
        )
    category, listed = find(table.category_id, categories)
    return np.where(known & listed, category * len(images) + image, -1)


def _match_area_range(result, a, bounds):
    """Match within one range of areas; fill ``matched[a]``, ``ignored[a]`` and ``outcomes[a]``."""
    candidates, truth = result.candidates, result.truth
    iscrowd = truth.iscrowd[candidates.gt]
    gt_ignored = iscrowd | (truth.num_keypoints[candidates.gt] == 0)
    gt_ignored |= _out_of_range(truth.area[candidates.gt], bounds)
    matched = match_detections(
        result.similarity, candidates.first, gt_ignored, iscrowd, result.settings.thresholds
    )
    result.matched.append(matched)
    result.ignored[a] = gt_ignored

    unmatched = np.zeros(len(gt_ignored), dtype=bool)
    if result.settings.strict and result.settings.protocol.has_ids:
        unmatched = truth.id[candidates.gt] == 0
    dt_out = _out_of_range(result.found.area[candidates.dt], bounds)
    result.outcomes[a] = match_outcomes(matched, gt_ignored, unmatched, dt_out)


def _out_of_range(area, bounds):
    """Which areas are outside the range; NaN never is, as in pycocotools."""
    return (area < bounds[0]) | (area > bounds[1])
