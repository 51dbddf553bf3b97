"""COCO evaluation in shards of images, which any number of processes can match at once.

    split_images -> evaluate_coco of each shard, anywhere, in any order -> join_shards

Only people and detections of one image meet, so the matches of a shard are those of the whole.
Precision and recall go by falling score through all images: `join_shards` puts the matches
together and draws the curves once more. Nothing is approximate: the joined result equals
`evaluate_coco` of the whole in every number and every bit.
"""

import copy

import numpy as np

from npkpose._check import check_integer
from npkpose.metrics.coco.evaluate import accumulate
from npkpose.metrics.coco.matching import Meeting
from npkpose.metrics.coco.read_json import read_detections, read_ground_truth
from npkpose.metrics.coco.result import CocoResult
from npkpose.metrics.coco.tables import find
from npkpose.skeletons import COCO_17


def split_images(ground_truth, results, num_shards, skeleton=COCO_17):
    """Return ``num_shards`` pairs (GroundTruth, Detections), each of other images.

    Parameters
    ----------
    ground_truth, results, skeleton
        As for `evaluate_coco`.
    num_shards : int
        Of nearly equal numbers of images; some have none where there are fewer images.

    Raises
    ------
    ValueError
        A number of shards below 1, or JSON that is not COCO's.
    """
    num_shards = check_integer("num_shards", num_shards, at_least=1)
    truth = read_ground_truth(ground_truth, skeleton.num_keypoints)
    found = read_detections(results, skeleton.num_keypoints, truth.categories)
    ends = np.arange(1, num_shards + 1) * len(truth.images) // num_shards
    # Rows of unknown images go along with some shard, whose evaluation will say so.
    shards = [
        np.searchsorted(ends, find(table.image_id, truth.images)[0], side="right")
        for table in (truth, found)
    ]
    pairs = []
    for shard, images in enumerate(np.split(truth.images, ends[:-1])):
        pair = [t.at(np.flatnonzero(s == shard)) for t, s in zip((truth, found), shards)]
        pair[0].images = images
        for table in pair if shard else ():  # counted once, by the first
            table.left_out = 0
        pairs.append(tuple(pair))
    return pairs


def join_shards(results):
    """Return the `CocoResult` of all images from those of each shard, in any order.

    Parameters
    ----------
    results : sequence of CocoResult
        `evaluate_coco` of every pair that `split_images` made, with the same settings.

    Raises
    ------
    ValueError
        No results, settings or categories that differ, an image in two shards, or a strict
        evaluation of ids used twice, of which pycocotools would count the last alone.
    """
    results = list(results)
    _check_shards(results)
    truth, truth_rows = _join_tables([result.truth for result in results])
    found, found_rows = _join_tables([result.found for result in results])
    truth.images = np.sort(np.concatenate([result.truth.images for result in results]))
    categories = results[0].categories
    groups = [_groups(result, truth.images) for result in results]
    first = np.zeros((len(categories) * len(truth.images) + 1, 3), dtype=np.int64)
    for result, group in zip(results, groups):
        first[group + 1] = np.diff(result.meeting.first, axis=0)
    first = first.cumsum(axis=0)

    detections, people, pairs = first[-1]
    meeting = Meeting(
        np.empty(detections, int), np.empty(people, int), np.empty(detections, int), first,
        np.empty((pairs, 2), int),
    )  # fmt: skip
    whole = CocoResult(results[0].settings, categories, truth, found, meeting, np.empty(pairs))
    whole.matched = [np.empty_like(m, shape=(len(m), detections)) for m in results[0].matched]
    for result, group, *rows in zip(results, groups, found_rows, truth_rows):
        _put(whole, result, _places(result.meeting.first, first, group), *rows)
    for k in range(len(categories)):
        accumulate(whole, k)
    return whole


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
        raise ValueError("results: expected ids used once where strict, got some in two shards")


def _settings(result):
    """Return what was evaluated, to be compared."""
    max_dets, thresholds, areas, skeleton, strict = result.settings
    areas = list(areas.items())
    return max_dets, thresholds.tolist(), areas, skeleton, strict, result.categories.tolist()


def _join_tables(tables):
    """Return the tables as one, its rows by ``entry``, and where the rows of each have gone."""
    whole = copy.copy(tables[0])
    order = np.argsort(np.concatenate([table.entry for table in tables]))
    for column in whole.columns:
        setattr(whole, column, np.concatenate([getattr(t, column) for t in tables])[order])
    whole.left_out = sum(table.left_out for table in tables)
    rows = np.empty(len(order), dtype=int)
    rows[order] = np.arange(len(order))
    return whole, np.split(rows, np.cumsum([len(table) for table in tables])[:-1])


def _groups(result, images):
    """Return the group among all ``images`` that each group of a shard is."""
    places = np.searchsorted(images, result.truth.images)
    return (np.arange(len(result.categories))[:, None] * len(images) + places).ravel()


def _places(first, whole_first, groups):
    """Return where a shard's detections, people and pairs go: groups stay together."""
    counts = np.diff(first, axis=0)
    shifts = whole_first[groups] - first[:-1]
    return [np.arange(first[-1, c]) + np.repeat(shifts[:, c], counts[:, c]) for c in range(3)]


def _put(whole, result, places, found_rows, truth_rows):
    """Put the matches of a shard in their places; its rows are those of the whole tables."""
    detections, people, pairs = places
    meeting = result.meeting
    whole.meeting.detections[detections] = found_rows[meeting.detections]
    whole.meeting.people[people] = truth_rows[meeting.people]
    whole.meeting.rank[detections] = meeting.rank
    whole.meeting.pairs[pairs, 0] = found_rows[meeting.pairs[:, 0]]
    whole.meeting.pairs[pairs, 1] = truth_rows[meeting.pairs[:, 1]]
    whole.similarity[pairs] = result.similarity
    whole.outcomes[:, :, detections] = result.outcomes
    whole.counts[:, people] = result.counts
    for matched, part in zip(whole.matched, result.matched):
        matched[:, detections] = np.append(people, -1)[part]
