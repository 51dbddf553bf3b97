"""Heatmaps and part affinity fields to people: the bottom-up half of OpenPose.

    peaks -> candidate limbs -> a matching for each limb type -> people

one file each: `codec.peaks`, `codec.connect`, `codec.assemble`. The maps are read as the
network gives them; upsampling them first, as published code does, is not needed because
peaks and samples lie between the pixels.

Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017,
arXiv:1611.08050.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_number
from npkpose.codec.assemble import assemble
from npkpose.codec.connect import connect_limbs
from npkpose.codec.peaks import find_peaks
from npkpose.poses import Poses


def group_paf(
    heatmaps,
    pafs,
    skeleton,
    grid=None,
    *,
    threshold=0.1,
    num_samples=10,
    sample_threshold=0.05,
    sample_fraction=0.8,
    min_keypoints=4,
    min_score=0.4,
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
        A peak's value must exceed it.
    num_samples, sample_threshold, sample_fraction
        Of the line integral; see `codec.connect`.
    min_keypoints : int
        A person with fewer is dropped.
    min_score : float
        A person whose score is lower is dropped. The score is (sum of the keypoints' scores
        + sum of the limbs' affinities) / number of keypoints.

    Every default is Cao et al.'s, CVPR 2017.

    Returns
    -------
    poses : Poses
        By falling person score; nobody gives an empty `Poses` of K keypoints.

    Raises
    ------
    ValueError
        Wrong or unequal shapes, too few channels, NaN or infinity, or a parameter out of range.
    """
    heatmaps = check_array("heatmaps", heatmaps, ("C", "H", "W"), np.float32)
    pafs = check_array("pafs", pafs, ("D", *heatmaps.shape[1:]), np.float32)
    num_keypoints = skeleton.num_keypoints
    _check_channels("heatmaps", heatmaps, num_keypoints, skeleton)
    _check_channels("pafs", pafs, skeleton.num_paf_channels, skeleton)
    check_integer("num_samples", num_samples, at_least=2)
    check_number("sample_threshold", sample_threshold)
    check_number("sample_fraction", sample_fraction)
    check_integer("min_keypoints", min_keypoints, at_least=1)
    check_number("min_score", min_score)

    peaks = find_peaks(heatmaps[:num_keypoints], threshold)
    connections = connect_limbs(
        peaks, pafs, skeleton, num_samples, sample_threshold, sample_fraction
    )
    members, affinities = assemble(peaks, connections, skeleton)
    found = members >= 0
    scores = np.where(found, np.append(peaks.scores, 0.0)[members], 0.0)
    person_scores = (scores.sum(axis=1) + affinities) / np.maximum(found.sum(axis=1), 1)
    keep = (found.sum(axis=1) >= min_keypoints) & (person_scores >= min_score)
    order = np.flatnonzero(keep)[np.argsort(-person_scores[keep], kind="stable")]
    keypoints = np.append(peaks.points, [[np.nan, np.nan]], axis=0)[members[order]]
    if grid is not None:
        keypoints = grid.to_image(keypoints, heatmaps.shape[1:])
    return Poses(keypoints, scores[order], person_scores[order])


def _check_channels(name, maps, least, skeleton):
    if len(maps) < least:
        raise ValueError(
            f"{name}: expected at least {least} channels for {skeleton.name}, got {len(maps)}"
        )
