"""COCO evaluation in shards of images, which any number of processes can match at once.

    split_images -> evaluate_coco of each shard, anywhere, in any order -> join_shards

Only ground truth and detections of the same image are compared, so the matches of a shard are those
of the whole. Precision and recall need all images sorted by score: `join_shards` puts the matches
together and computes the curves again. Nothing is approximate: the joined result equals
`evaluate_coco` of the whole in every number and every bit.
"""

import copy

import numpy as np

from npkpose._check import check_integer, check_kind, shown
from npkpose.metrics.coco.evaluate import accumulate
from npkpose.metrics.coco.matching import CandidatePairs
from npkpose.metrics.coco.read_json import read_detections, read_ground_truth
from npkpose.metrics.coco.result import CocoResult
from npkpose.metrics.coco.tables import find
from npkpose.skeleton import Skeleton
from npkpose.skeletons import COCO_17

MAX_SHARDS = 100_000


def split_images(ground_truth, results, num_shards, skeleton=COCO_17):
    """Return ``num_shards`` pairs (GroundTruth, Detections), each of other images.

    Parameters
    ----------
    ground_truth, results, skeleton
        As for `evaluate_coco`.
    num_shards : int
        The shards have nearly equal numbers of images, some none if there are fewer images.

    Raises
    ------
    ValueError
        A number of shards below 1 or above 100,000, or JSON that is not COCO's.
    """
    num_shards = check_integer("num_shards", num_shards, at_least=1, at_most=MAX_SHARDS)
    check_kind("skeleton", skeleton, Skeleton)
    truth = read_ground_truth(ground_truth, skeleton)
    found = read_detections(results, skeleton, truth.categories)
    ends = np.arange(1, num_shards + 1) * len(truth.images) // num_shards
    # Rows of unknown images go into some shard, whose evaluation warns of them or refuses them.
    shards = [
        np.searchsorted(ends, find(table.image_id, truth.images)[0], side="right")
        for table in (truth, found)
    ]
    pairs = []
    for shard, images in enumerate(np.split(truth.images, ends[:-1])):
        pair = [t.at(np.flatnonzero(s == shard)) for t, s in zip((truth, found), shards)]
        pair[0].images = images
        if truth.crowd_index is not None:
            pair[0].crowd_index = truth.crowd_index[find(images, truth.images)[0]]
        for table in pair if shard else ():  # only the first shard has the numbers left out
            table.left_out = 0
        pairs.append(tuple(pair))
    return pairs


def join_shards(results):
    """Return the `CocoResult` of all images from the results of the shards, in any order.

    Parameters
    ----------
    results : sequence of CocoResult
        `evaluate_coco` of every pair that `split_images` made, with the same settings.

    Raises
    ------
    ValueError
        No results, settings or categories that differ, an image in two shards, or a strict
        evaluation with the same id in two shards, of which pycocotools would use only the last.
    """
    results = [check_kind(f"results[{i}]", r, CocoResult) for i, r in enumerate(_list(results))]
    _check_shards(results)
    truth, truth_rows = _join_tables([result.truth for result in results])
    found, found_rows = _join_tables([result.found for result in results])
    images = np.concatenate([result.truth.images for result in results])
    if all(result.truth.crowd_index is not None for result in results):
        index = np.concatenate([result.truth.crowd_index for result in results])
        truth.crowd_index = index[np.argsort(images)]
    truth.images = np.sort(images)
    groups = [_groups(result, truth.images) for result in results]
    whole = _empty_result(results, truth, found, np.sort(np.concatenate(groups)), groups)
    for result, own, dt_rows, gt_rows in zip(results, groups, found_rows, truth_rows):
        b = np.searchsorted(whole.candidates.groups, own)
        places = _places(result.candidates.first, whole.candidates.first[b])
        _copy_shard(whole, result, places, dt_rows, gt_rows)
    for k in range(len(whole.categories)):
        accumulate(whole, k)
    return whole


def _list(results):
    """Return a sequence of results as a list, or raise ValueError."""
    if not isinstance(results, (list, tuple)):
        raise ValueError(f"results: expected a list of CocoResult, got {shown(results)}")
    return list(results)


def _check_shards(results):
    if not results:
        raise ValueError("results: expected at least one, got none")
    for i, result in enumerate(results):
        if _settings(result) != _settings(results[0]):
            raise ValueError(f"results[{i}]: expected the settings and categories of results[0]")
    images, counts = np.unique(
        np.concatenate([result.truth.images for result in results]), return_counts=True
    )
    if (counts > 1).any():
        raise ValueError(f"results: expected every image once, got {images[counts > 1][0]} again")
    ids = np.concatenate([result.truth.id for result in results])
    if results[0].settings.strict and len(np.unique(ids)) < len(ids):
        raise ValueError("results: expected each id once if strict, got some in two shards")


def _settings(result):
    """Return all settings and the categories, in types that == can compare."""
    max_dets, thresholds, areas, *others = result.settings
    areas = list(areas.items())
    return max_dets, thresholds.tolist(), areas, *others, result.categories.tolist()


def _join_tables(tables):
    """Return the tables as one, its rows sorted by ``entry``, and the new rows of each table."""
    whole = copy.copy(tables[0])
    order = np.argsort(np.concatenate([table.entry for table in tables]))
    for column in whole.columns:
        setattr(whole, column, np.concatenate([getattr(t, column) for t in tables])[order])
    whole.left_out = sum(table.left_out for table in tables)
    rows = np.empty(len(order), dtype=int)
    rows[order] = np.arange(len(order))
    return whole, np.split(rows, np.cumsum([len(table) for table in tables])[:-1])


def _groups(result, images):
    """Return the number of each group of a shard among those of all ``images``."""
    category, image = np.divmod(result.candidates.groups, max(len(result.truth.images), 1))
    return category * len(images) + np.searchsorted(images, result.truth.images)[image]


def _empty_result(results, truth, found, groups, shard_groups):
    """Return the `CocoResult` of the whole: each group has the size that it has in its shard."""
    first = np.zeros((len(groups) + 1, 3), dtype=np.int64)
    for result, own in zip(results, shard_groups):
        first[np.searchsorted(groups, own) + 1] = np.diff(result.candidates.first, axis=0)
    first = first.cumsum(axis=0)
    num_dt, num_gt, num_pairs = first[-1]
    candidates = CandidatePairs(
        dt=np.empty(num_dt, int),
        gt=np.empty(num_gt, int),
        rank=np.empty(num_dt, int),
        groups=groups,
        first=first,
        pairs=np.empty((num_pairs, 2), int),
    )
    like, similarity = results[0], np.empty(num_pairs)
    whole = CocoResult(like.settings, like.categories, truth, found, candidates, similarity)
    whole.matched = [np.empty_like(m, shape=(len(m), num_dt)) for m in like.matched]
    return whole


def _places(first, whole_first):
    """Return where a shard's detections, ground truth and pairs go: groups stay together."""
    counts = np.diff(first, axis=0)
    shifts = whole_first - first[:-1]
    return [np.arange(first[-1, c]) + np.repeat(shifts[:, c], counts[:, c]) for c in range(3)]


def _copy_shard(whole, result, places, dt_rows, gt_rows):
    """Copy a shard's matches to their places; row i of its tables is ``rows[i]`` of the whole."""
    dt, gt, pairs = places
    candidates = result.candidates
    whole.candidates.dt[dt] = dt_rows[candidates.dt]
    whole.candidates.gt[gt] = gt_rows[candidates.gt]
    whole.candidates.rank[dt] = candidates.rank
    whole.candidates.pairs[pairs, 0] = dt_rows[candidates.pairs[:, 0]]
    whole.candidates.pairs[pairs, 1] = gt_rows[candidates.pairs[:, 1]]
    whole.similarity[pairs] = result.similarity
    whole.outcomes[:, :, dt] = result.outcomes
    whole.ignored[:, gt] = result.ignored
    for matched, shard_matched in zip(whole.matched, result.matched):
        matched[:, dt] = np.append(gt, -1)[shard_matched]
