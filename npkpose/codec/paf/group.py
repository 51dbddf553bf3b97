"""Heatmaps and part affinity fields to people: the bottom-up half of OpenPose.

    peaks -> peaks of neighbours -> candidate limbs -> a matching for each limb -> people

one file each: `codec.peaks`, `codec.separate`, `codec.connect` (two of them), `codec.assemble`;
and, if asked, absent keypoints are guessed, in `codec.paf_fill`.
The maps are read as the network gives them; upsampling them first, as published code does, is
not needed because peaks and samples lie between the pixels, and because neighbours whose
peaks have merged are told apart by the shape of what they merged into.

Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017,
arXiv:1611.08050.
"""

import math

import numpy as np

from npkpose._check import check_array, check_choice, check_finite, check_integer, check_number
from npkpose.codec.heatmap.merged_peaks import separate_peaks
from npkpose.codec.heatmap.peaks import find_peaks
from npkpose.codec.paf.assemble import assemble
from npkpose.codec.paf.fill_missing import fill_along_limbs
from npkpose.codec.paf.limbs import MATCHINGS, connect_limbs
from npkpose.poses import Poses

# Arguments of `group_paf` with which others group: group_paf(..., **PAF_VARIANTS["openpose"]).
# What lies outside them is ours in each: sub-pixel peaks, bilinear samples, union-find.
_PUBLISHED = {
    "num_samples": 10, "sample_threshold": 0.05, "separate": False, "reach": math.inf
}  # fmt: skip
_DIFFERENCES = {
    # The code of Cao et al., CVPR 2017.
    "cvpr2017": (0.1, 0.8, 4, 0.4),
    # Cao et al., TPAMI 2019, arXiv:1812.08008; it takes 5 to 25 samples, by length.
    "openpose": (0.05, 0.95, 3, 0.4),
    # ildoonet/tf-pose-estimation
    "tf-pose": (0.05, 0.6, 4, 0.3),
    # Osokin, arXiv:1811.12004
    "lightweight": (0.1, 0.8, 3, 0.2),
}
_DIFFERENT = "threshold", "sample_fraction", "min_keypoints", "min_score"
PAF_VARIANTS = {
    name: _PUBLISHED | dict(zip(_DIFFERENT, values)) for name, values in _DIFFERENCES.items()
}


# Fourteen arguments, not six: each but the last is one that a published parser has.
def group_paf(
    heatmaps,
    pafs,
    skeleton,
    grid=None,
    *,
    threshold=0.1,
    separate=True,
    num_samples=10,
    sample_threshold=0.05,
    sample_fraction=0.8,
    reach=8.0,
    matching="greedy",
    min_keypoints=4,
    min_score=0.4,
    fill_missing=False,
):
    """Return the people of one image.

    Parameters
    ----------
    heatmaps : array_like, shape (C, H, W)
        The skeleton's K keypoints in order; channels after them (the background) are ignored.
    pafs : array_like, shape (D, H, W)
        Fields, in the channels that the skeleton names; others are ignored.
    skeleton : Skeleton of K keypoints
    grid : Grid, optional
        Gives the keypoints in image pixels; without it they are in heatmap pixels.
    threshold : float
        A peak's value must exceed it; positive where ``separate`` is true.
    separate : bool
        Look for neighbours whose peaks have merged; see `codec.separate`.
    num_samples, sample_threshold, sample_fraction
        Of the line integral; see `codec.connect`.
    reach : float, at least 1
        How much longer than others a limb may be; see `codec.connect`. Where people of very
        different sizes overlap, 16 finds 1 in 100 more, and takes a quarter longer in a crowd.
    matching : "greedy" or "optimal"
        How limbs that exclude each other are chosen.
    min_keypoints : int
        A person with fewer is dropped.
    min_score : float
        A person whose score is lower is dropped. The score is (sum of the keypoints' scores
        + sum of the limbs' affinities) / number of keypoints.
    fill_missing : bool
        Guess where absent keypoints are, with keypoint scores of 0; see `codec.paf_fill`.

    Numbers that are thresholds are Cao et al.'s, CVPR 2017; PAF_VARIANTS has others'.

    Returns
    -------
    poses : Poses
        By falling person score; nobody gives an empty `Poses` of K keypoints.

    Raises
    ------
    ValueError
        Wrong or unequal shapes, too few channels, NaN or infinity, or a parameter out of range.
    """
    heatmaps = check_array("heatmaps", heatmaps, ("C", "H", "W"), np.float32, finite=False)
    pafs = check_array("pafs", pafs, ("D", *heatmaps.shape[1:]), np.float32, finite=False)
    heatmaps = _first_channels("heatmaps", heatmaps, skeleton.num_keypoints, skeleton)
    pafs = _first_channels("pafs", pafs, skeleton.num_paf_channels, skeleton)
    num_samples = check_integer("num_samples", num_samples, at_least=2)
    limits = (
        check_number("sample_threshold", sample_threshold),
        check_number("sample_fraction", sample_fraction),
        reach if reach == math.inf else check_number("reach", reach, at_least=1),
    )
    check_choice("matching", matching, MATCHINGS)
    min_keypoints = check_integer("min_keypoints", min_keypoints, at_least=1)
    min_score = check_number("min_score", min_score)

    peaks = find_peaks(heatmaps, threshold)
    if separate:
        peaks = separate_peaks(heatmaps, peaks, threshold)
    connections = connect_limbs(peaks, pafs, skeleton, num_samples, limits, matching)
    members, affinities = assemble(peaks, connections, skeleton)
    poses = _people(peaks, members, affinities, min_keypoints, min_score)
    if fill_missing:
        filled = fill_along_limbs(poses.keypoints, heatmaps, pafs, skeleton, num_samples)
        poses = poses.with_keypoints(filled)
    if grid is None:
        return poses
    return poses.with_keypoints(grid.to_image(poses.keypoints, heatmaps.shape[1:]))


def _people(peaks, members, affinities, min_keypoints, min_score):
    """Return the rows of ``members`` that are people, by falling score."""
    count = (members >= 0).sum(axis=1)
    enough = count >= min_keypoints
    members, affinities, count = members[enough], affinities[enough], count[enough]
    scores = np.where(members >= 0, np.append(peaks.scores, 0.0)[members], 0.0)
    person_scores = (scores.sum(axis=1) + affinities) / count
    order = np.argsort(-person_scores, kind="stable")
    order = order[person_scores[order] >= min_score]
    keypoints = np.append(peaks.points, [[np.nan, np.nan]], axis=0)[members[order]]
    return Poses(keypoints, scores[order], person_scores[order])


def _first_channels(name, maps, count, skeleton):
    """Return the channels that the skeleton reads, or raise ValueError."""
    if len(maps) < count:
        raise ValueError(
            f"{name}: expected at least {count} channels for {skeleton.name}, got {len(maps)}"
        )
    check_finite(name, maps[:count])
    return maps[:count]
