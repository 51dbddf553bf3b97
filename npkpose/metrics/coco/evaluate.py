"""COCO keypoint evaluation: ten numbers for a file of detections, equal to pycocotools' to the bit.

    OKS of every pair in an image -> greedy matching -> precision and recall -> their means

`oks`, `coco_match` and `coco_curve` hold the three steps. They are run for every category, range
of areas, OKS threshold and number of detections per image; the average precision (AP) is the mean
over thresholds, recall levels and categories, the average recall (AR) that of the final recall.
Lin et al., "Microsoft COCO", ECCV 2014, arXiv:1405.0312; cocodataset.org/#keypoints-eval.

What pycocotools does in silence, and this does not unless ``strict``:

* Its matches hold annotation ids, and 0 means no match, so whoever finds annotation 0 is counted
  false. Of annotations with one id it counts the last, once for each. Here ids play no part.
* A pose with a NaN matches anybody. Here NaN, infinity and negative areas are refused.
* It counts at most 20 detections per image; with other ``max_dets`` the ten numbers are -1. Here
  they are those of the largest.
* It looks for thresholds of 0.5 and 0.75 to the bit, and np.arange misses the second. Here
  1e-8 beside them will do.

No results at all give zeros (pycocotools stops with an IndexError), in both modes. In both, too,
annotations of unknown images or categories and results of unknown categories are left out, with
a warning, also where pycocotools would count one of them for another annotation of its id; and
what is missing or no number is refused: see `coco_json`.
"""

import warnings

import numpy as np

from npkpose._check import check_array, check_integer, check_number
from npkpose.metrics.coco.curves import FALSE, TRUE, UNCOUNTED, precision_curves
from npkpose.metrics.coco.matching import match_people, meet
from npkpose.metrics.coco.read_json import read_detections, read_ground_truth
from npkpose.metrics.coco.result import CocoResult, Settings
from npkpose.metrics.coco.tables import as_ids, find
from npkpose.metrics.oks import People, pair_oks
from npkpose.skeletons import COCO_17

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of OKS; the ninth is 0.9 less one bit, as in COCO
THRESHOLDS.setflags(write=False)
AREAS = {"all": (0, 1e10), "medium": (32**2, 96**2), "large": (96**2, 1e10)}  # pixels^2


def evaluate_coco(
    ground_truth, results, skeleton=COCO_17, *,
    max_dets=(20,), thresholds=THRESHOLDS, areas=AREAS, categories=None, strict=False,
):  # fmt: skip
    # More than six arguments: each is a parameter of COCO's evaluation, and all have its defaults.
    """Return how well detections agree with annotations.

    Parameters
    ----------
    ground_truth : path, parsed JSON, or GroundTruth
        COCO annotations.
    results : path, parsed JSON, or Detections
        COCO results: a list of image_id, category_id, keypoints and score, with or without bbox.
    skeleton : Skeleton of K keypoints
        Its sigmas are read.
    max_dets : int, or sequence of int
        Numbers of detections per image to evaluate at; the best so many are looked at.
    thresholds : sequence of float
        OKS from which on a person is found.
    areas : dict from name to (low, high)
        Ranges of people's areas, both ends included. The ten numbers ask for COCO's names.
    categories : sequence of int or of str, optional
        Category ids to evaluate, of those in ``ground_truth``; default: all.
    strict : bool
        Reproduce pycocotools where it is wrong: see above.

    Returns
    -------
    result : CocoResult
        Print it for the usual table.

    Raises
    ------
    ValueError
        A setting out of range, or JSON that is not COCO's, naming file, entry and field.
    FileNotFoundError
    """
    settings = _settings(max_dets, thresholds, areas, skeleton, strict)
    if categories is not None:
        categories = np.unique(as_ids("categories", categories))
    truth = read_ground_truth(ground_truth, skeleton.num_keypoints, categories)
    known = truth.categories if categories is None else _chosen(categories, truth.categories)
    found = read_detections(results, skeleton.num_keypoints, known)
    for table in (truth, found):
        if table.keypoints.shape[1] != skeleton.num_keypoints:
            raise ValueError(
                f"{table.name}: expected {skeleton.num_keypoints} keypoints of {skeleton.name}, "
                f"got {table.keypoints.shape[1]}"
            )
        if not strict:
            table.check()
    truth.check_boxes()
    truth = _heed_ids(truth, strict)
    _warn_of_losses(truth, found, known, categories)
    return evaluate_tables(settings, known, truth, found)


def evaluate_tables(settings, categories, truth, found):
    """Return the `CocoResult` of two tables that have been checked."""
    groups = _groups(truth, categories), _groups(found, categories, truth)
    num_groups = len(categories) * len(truth.images)
    meeting = meet(*groups, num_groups, found.score, max(settings.max_dets))
    people = People(truth.keypoints, truth.labelled, truth.area, truth.bbox)
    sigmas = settings.skeleton.sigmas
    similarity = pair_oks(found.keypoints, people, sigmas, meeting.pairs)
    result = CocoResult(settings, categories, truth, found, meeting, similarity)
    for a, area in enumerate(settings.areas.values()):
        _match_area(result, a, area)
    for k in range(len(categories)):
        accumulate(result, k)
    return result


def accumulate(result, k):
    """Fill the curves of category ``k``."""
    meeting, images = result.meeting, len(result.truth.images)
    start, end = meeting.first[[k * images, (k + 1) * images]]
    scores = result.found.score[meeting.detections[start[0] : end[0]]]
    order = np.argsort(-scores, kind="stable")
    rank = meeting.rank[start[0] : end[0]][order]
    people = result.counts[:, start[1] : end[1]].sum(axis=1)
    for m, most in enumerate(result.settings.max_dets):
        best = order[rank < most]
        for a in range(len(people)):
            outcomes = result.outcomes[a, :, start[0] : end[0]][:, best]
            precision, recall, at_scores = precision_curves(
                outcomes, scores[best], int(people[a]), result.recall_levels
            )
            result.precision[:, :, k, a, m], result.recall[:, k, a, m] = precision, recall
            result.scores[:, :, k, a, m] = at_scores


def _settings(max_dets, thresholds, areas, skeleton, strict):
    max_dets = np.atleast_1d(max_dets).tolist()
    max_dets = sorted(check_integer("max_dets", most, at_least=1) for most in max_dets)
    thresholds = check_array("thresholds", thresholds, ("T",))
    if not (max_dets and len(thresholds) and areas):
        raise ValueError("max_dets, thresholds, areas: expected at least one each")
    ranges = {}
    for name, bounds in areas.items():
        if np.shape(bounds) != (2,):
            raise ValueError(f"areas[{name!r}]: expected (low, high), got {bounds!r}")
        low = check_number(f"areas[{name!r}]", bounds[0])
        ranges[name] = low, check_number(f"areas[{name!r}]", bounds[1], at_least=low)
    return Settings(tuple(max_dets), thresholds, ranges, skeleton, bool(strict))


def _chosen(categories, known):
    """Return the category ids to evaluate, or raise ValueError where one is not known."""
    unknown = categories[~find(categories, known)[1]]
    if len(unknown) or not len(categories):
        got = unknown[0] if len(unknown) else "none"
        raise ValueError(f"categories: expected ids among {known.tolist()}, got {got}")
    return categories


def _heed_ids(truth, strict):
    """Return the people who are to be found; warn where pycocotools would lose some by their id."""
    last = {id: row for row, id in enumerate(truth.id.tolist())}
    doubled = len(truth) - len(last)
    also = "strict counts as pycocotools does" if strict else "pycocotools would not do that"
    if 0 in last:
        how = "counted false" if strict else "counted like any other"
        warnings.warn(f"{truth.name}: a detection of id 0 is {how}; {also}", stacklevel=3)
    if doubled:
        how = "the last of each counts" if strict else "all count"
        warnings.warn(f"{truth.name}: {doubled} ids are used before, {how}; {also}", stacklevel=3)
    if not (doubled and strict):
        return truth
    order = np.argsort(np.unique(truth.image_id, return_inverse=True)[1], kind="stable")
    return truth.at([last[id] for id in truth.id[order].tolist()])


def _groups(table, categories, truth=None):
    """Return category times image of each row (N,), -1 where one of them is unknown."""
    images = table.images if truth is None else truth.images
    image, known = find(table.image_id, images)
    if truth is not None and not known.all():
        d = int(np.argmin(known))
        raise ValueError(
            f"{table.name}[{table.entry[d]}].image_id: expected an image of the ground truth, "
            f"got {table.image_id[d]}"
        )
    category, listed = find(table.category_id, categories)
    return np.where(known & listed, category * len(images) + image, -1)


def _warn_of_losses(truth, found, known, categories):
    """Warn of rows that no group takes, but for categories that nobody asked for."""
    in_image, listed = find(truth.image_id, truth.images)[1], find(truth.category_id, known)[1]
    wanted = find(found.category_id, known)[1]
    lost = ~in_image
    if categories is None:
        lost |= ~listed
        other = found.left_out + (~wanted).sum()
        if other:
            warnings.warn(f"{found.name}: {other} of unknown categories are left out", stacklevel=3)
    lost = truth.left_out + lost.sum()
    if lost:
        where = "unknown images or categories"
        warnings.warn(f"{truth.name}: {lost} of {where} are left out", stacklevel=3)
    if not wanted.any():
        counts = in_image & listed & ~truth.iscrowd & (truth.num_keypoints != 0)
        how = "recall is 0" if counts.any() else "and nobody to find"
        warnings.warn(f"{found.name}: nothing to evaluate, {how}", stacklevel=3)


def _match_area(result, a, bounds):
    """Match within one range of areas; fill ``result.matched[a]`` and ``result.outcomes[a]``."""
    meeting, truth = result.meeting, result.truth
    area, crowd = truth.area[meeting.people], truth.iscrowd[meeting.people]
    counts = _within(area, bounds) & ~crowd & (truth.num_keypoints[meeting.people] != 0)
    thresholds = result.settings.thresholds
    matched = match_people(result.similarity, meeting.first, counts, crowd, thresholds)
    result.matched.append(matched)
    result.counts[a] = counts

    person_counts = np.append(counts, True)  # [-1]: of those who match nobody
    real = np.append(np.ones(len(counts), dtype=bool), False)
    if result.settings.strict:
        real[:-1] = truth.id[meeting.people] != 0
    inside = _within(result.found.area[meeting.detections], bounds)
    for t, people in enumerate(matched):
        is_real = real[people]
        counted = person_counts[people] & (is_real | inside)
        result.outcomes[a, t] = np.where(counted, np.where(is_real, TRUE, FALSE), UNCOUNTED)


def _within(area, bounds):
    """Which areas are in the range; NaN is in every one, as in pycocotools."""
    return ~((area < bounds[0]) | (area > bounds[1]))
