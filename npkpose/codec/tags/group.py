"""Heatmaps and tags to people: keypoints with similar tags belong together.

Beside its heatmap, each keypoint has a map of tags: numbers that a network learns to make equal
within a person and different between people (`codec.tags.loss`). Keypoint by keypoint, in a given
order, the peaks are matched with the people found so far at the least total of

    cost(i, p) = 100 round(d) + d - s_i (1 + 2 s_p),   d = |t_i - t_p| / tag_threshold

t_i is the tag of peak i, s_i its score; t_p and s_p are the means over the keypoints of person p.
Only pairs with d < 1 are allowed. A peak that is not matched starts a new person.

Newell, Huang and Deng, "Associative Embedding: End-to-End Learning for Joint Detection and
Grouping", NeurIPS 2017, arXiv:1611.05424; cost, order and defaults are those of Cheng et al.,
"HigherHRNet", CVPR 2020, arXiv:1908.10357. Departures from the latter's code:

* A peak is matched with all people, not with the first 30, where false ones remained.
* A pair too far apart is forbidden before the matching, not rejected after it, when it has
  already displaced an allowed pair. An unmatched peak costs 101, a little more than any allowed
  pair, so that one good pair is not given up for two poor ones.
* d and s_p are added. Without d, all pairs closer than half the threshold cost the same. Without
  the product, a false peak that has started a person may take the keypoints of a true person with
  the same tag; with it, peaks of high score go to people of high score. (A sum s_i + s_p decides
  only which peaks stay unmatched.)
* People are numbered; in that code the first tag is a dictionary key, and equal tags overwrite.
* A tag that is not finite matches nothing. A person of few or weak keypoints is dropped, and of
  two nearly equal people the one of lower score (`codec.nms`).
* Missing keypoints stay missing unless they are to be filled in (`codec.tags.fill_missing`).
* A coinciding left and right keypoint are separated if asked for (`codec.tags.left_right`).

Peaks, and their departures, are in `codec.tags.peaks`.
"""

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import (
    check_array,
    check_flag,
    check_integer,
    check_kind,
    check_number,
    real_array,
)
from npkpose.codec.assignment import assign
from npkpose.codec.nms import oks_nms
from npkpose.codec.tags.fill_missing import fill_missing_keypoints
from npkpose.codec.tags.left_right import separate_coinciding
from npkpose.codec.tags.peaks import find_tag_peaks
from npkpose.grid import Grid, check_grid
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton

MAX_PEOPLE = 1000  # the cost of a matching grows with its square
_LARGEST = 1e100  # of a score or tag: products of larger ones overflow
_ROUND_COST = 100  # HigherHRNet's weight of the rounded distance


# Fourteen arguments, not six: each but the last is one that a published parser has.
def group_tags(
    heatmaps: ArrayLike, tags: ArrayLike, skeleton: Skeleton, grid: Grid | None = None, *,
    threshold: float = 0.1, tag_threshold: float = 1.0, max_people: int = 30,
    order: ArrayLike | None = None, adjust: bool = True, min_keypoints: int = 4,
    min_score: float = 0.3, nms_threshold: float = 0.9, fill_missing: bool = False,
    separate_left_right: bool = False,
) -> Poses:  # fmt: skip
    """Return the people of one image.

    Parameters
    ----------
    heatmaps : array_like, shape (C, H, W)
        The skeleton's K keypoints in order; further channels are ignored. Pixels that are not
        finite are never peaks.
    tags : array_like, shape (D, H, W) or (D, H, W, T)
        One tag map for each keypoint, or T (an image and its mirror image give two); maps after
        the first K are ignored.
    skeleton : Skeleton of K keypoints
    grid : Grid, optional
        Gives the keypoints in image pixels; without it they are in heatmap pixels.
    threshold : float, at least 0
        A peak's value must exceed it.
    tag_threshold : float
        Tags closer than this may belong to one person.
    max_people : int, at most 1000
        The largest number of peaks of each keypoint; the best are used. It does not limit the
        number of people: people with different keypoints may be more.
    order : sequence of K int, optional
        The order in which keypoints are grouped, the most surely detected first. Default: the
        skeleton's.
    adjust : bool
        Move each keypoint a quarter of a pixel towards its higher neighbours.
    min_keypoints : int
        A person with fewer is dropped.
    min_score : float
        A person whose keypoints' mean score is lower is dropped.
    nms_threshold : float or None
        Drop a person more similar than this to one of higher score; see `oks_nms`. A gap in
        ``ids`` is a person dropped. None keeps all people.
    fill_missing : bool
        Fill in missing keypoints: each gets the pixel that fits the person's tag best, and keeps
        score 0, so ``poses.present & (poses.scores == 0)`` are the filled ones.
    separate_left_right : bool
        If a person's left and right keypoint coincide, move one of them to its best other
        pixel, if that scores high enough; see `codec.tags.left_right`. Its new score may be
        below ``threshold``; person scores and their order stay.

    Thresholds on peaks and tags, ``max_people`` and ``adjust`` are HigherHRNet's, which drops
    no people and fills in missing keypoints.

    Returns
    -------
    poses : Poses
        By falling person score, the sum of the keypoints' scores divided by K. Ids number the
        people in that order, before any is dropped by ``nms_threshold``. An empty `Poses` of K
        keypoints if there are no people.

    Raises
    ------
    ValueError
        Wrong or unequal shapes, too few maps, peaks or their tags above 1e100 in size, or a
        parameter out of range.
    """
    check_grid(grid)
    heatmaps, tags = _check_maps(heatmaps, tags, skeleton)
    for name, flag in (
        ("adjust", adjust),
        ("fill_missing", fill_missing),
        ("separate_left_right", separate_left_right),
    ):
        check_flag(name, flag)
    threshold = check_number("threshold", threshold, at_least=0)
    tag_threshold = check_number("tag_threshold", tag_threshold, above=0)
    max_people = check_integer("max_people", max_people, 1, MAX_PEOPLE)
    order = _check_order(skeleton.group_order if order is None else order, len(heatmaps))
    min_keypoints = check_integer("min_keypoints", min_keypoints, at_least=1)
    min_score = check_number("min_score", min_score)
    if nms_threshold is not None:
        nms_threshold = check_number("nms_threshold", nms_threshold, at_least=0)

    offset = 0.25 if adjust else 0.0
    peaks = find_tag_peaks(heatmaps, threshold, max_people, offset)
    if not peaks.scores.max(initial=0.0) <= _LARGEST:
        raise ValueError(f"heatmaps: expected values of at most 1e100, got {peaks.scores.max():g}")
    members, means = _group(peaks, _read_tags(tags, peaks.pixels), order, tag_threshold)
    poses, best = _people(peaks, members, min_keypoints, min_score)
    if nms_threshold is not None:
        poses = poses[oks_nms(poses, skeleton, threshold=nms_threshold)]
    maps = means[best][poses.ids], heatmaps, tags
    if fill_missing:
        filled = fill_missing_keypoints(poses.keypoints, *maps, offset, tag_threshold)
        poses = poses.with_keypoints(filled)
    if separate_left_right:
        poses = separate_coinciding(poses, *maps, skeleton.pairs, offset, tag_threshold)
    if grid is not None:
        poses = poses.with_keypoints(grid.to_image(poses.keypoints, heatmaps.shape[1:]))
    return poses


def _read_tags(tags, pixels):
    """Return the tags (M, T) at pixels (M, 3), NaN where not finite: NaN matches nothing."""
    read = tags[tuple(pixels.T)].astype(float)
    read[~np.isfinite(read)] = np.nan
    if (abs(read) > _LARGEST).any():
        raise ValueError(f"tags: expected values of at most 1e100 in size, got {read}")
    return read


def _group(peaks, tags, order, tag_threshold):
    """Return members (P, K), peak numbers or -1, and mean tags (P, T), of all people."""
    members = np.full((len(tags), len(peaks.first) - 1), -1)  # at most one person per peak
    features = np.column_stack([tags, peaks.scores])  # (M, T + 1)
    totals = np.zeros_like(features)
    people = 0
    for k in order:
        rows = np.arange(peaks.first[k], peaks.first[k + 1])
        sizes = (members[:people] >= 0).sum(axis=1)
        cost = _cost(features[rows], totals[:people] / sizes[:, None], tag_threshold)
        matched, matched_person = assign(cost, unassigned=_ROUND_COST + 1)
        person = np.full(len(rows), -1)
        person[matched] = matched_person
        new = person < 0
        person[new] = people + np.arange(new.sum())
        members[person, k] = rows
        totals[person] += features[rows]
        people += new.sum()
    members = members[:people]
    return members, totals[:people, :-1] / (members >= 0).sum(axis=1)[:, None]


def _cost(peaks, people, tag_threshold):
    """Return cost(i, p) (M, P), infinite if forbidden; the last column of both is the score."""
    with np.errstate(over="ignore"):  # infinite: too far
        d = np.linalg.norm(peaks[:, None, :-1] - people[:, :-1], axis=2) / tag_threshold
    d = np.where(d < 1, d, np.inf)
    cost = _ROUND_COST * np.round(d) + d - peaks[:, None, -1] * (1 + 2 * people[:, -1])
    return cost


def _people(peaks, members, min_keypoints, min_score):
    """Return `Poses` by falling score, and the rows of ``members`` that were not dropped."""
    found = members >= 0
    scores = np.where(found, np.append(peaks.scores, 0.0)[members], 0.0)
    sizes, totals = found.sum(axis=1), scores.sum(axis=1)
    with np.errstate(over="ignore"):
        keep = (sizes >= min_keypoints) & (totals >= min_score * sizes)
    best = np.flatnonzero(keep)[np.argsort(-totals[keep], kind="stable")]
    keypoints = np.append(peaks.points, [[np.nan, np.nan]], axis=0)[members[best]]
    return Poses(keypoints, scores[best], totals[best] / members.shape[1]), best


def _check_maps(heatmaps, tags, skeleton):
    """Return heatmaps (K, H, W), float32 or float64, and tags (K, H, W, T) of any type."""
    check_kind("skeleton", skeleton, Skeleton)
    heatmaps = check_array(
        "heatmaps", heatmaps, ("C", "H", "W"), (np.float64, np.float32), finite=False
    )
    tags = real_array("tags", tags)
    if tags.ndim not in (3, 4) or tags.shape[1:3] != heatmaps.shape[1:] or tags.shape[3:] == (0,):
        height, width = heatmaps.shape[1:]
        raise ValueError(
            f"tags: expected shape (D, {height}, {width}) or (D, {height}, {width}, T), "
            f"got {tags.shape}"
        )
    for name, maps in (("heatmaps", heatmaps), ("tags", tags)):
        if len(maps) < skeleton.num_keypoints:
            raise ValueError(
                f"{name}: expected at least {skeleton.num_keypoints} maps for {skeleton.name}, "
                f"got {len(maps)}"
            )
    tags = tags[..., None] if tags.ndim == 3 else tags
    return heatmaps[: skeleton.num_keypoints], tags[: skeleton.num_keypoints]


def _check_order(order, num_keypoints):
    """Return ``order`` as an array that holds every keypoint once, or raise ValueError."""
    order = check_array("order", order, ("K",), np.int64)
    if sorted(order) != list(range(num_keypoints)):
        raise ValueError(f"order: expected each of 0 to {num_keypoints - 1} once, got {order}")
    return order
