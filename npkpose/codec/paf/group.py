"""Heatmaps and part affinity fields to people: the bottom-up method of OpenPose, all steps.

    peaks               every local maximum of the heatmaps   codec.heatmap.peaks
    merged peaks        two people's keypoints in one peak    codec.heatmap.merged_peaks
    candidate limbs     pairs of peaks, scored on the field   codec.paf.candidates
    connections         candidates, matched one to one        codec.paf.limbs
    people              peaks that limbs join                 codec.paf.assemble
    missing keypoints   filled in, if asked for               codec.paf.fill_missing

Arguments are checked once, at the door: the steps are then called without the checks of their
public functions, which take longer than the steps do for one person.

Time and memory are bounded. An image with more than 32,768 peaks is refused, as is one in which
more than 2^26 pairs of peaks and samples would be looked at: maps of noise, of a network that is
not trained or of another scale, take a second or two at most. Only filling in may take longer: it
looks at all pixels within half of each person's extent.

The maps are read as the network gives them. Published code upsamples them first; here that is
not needed, because peaks and samples lie between the pixels, and because merged peaks are
separated by their shape.

Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017,
arXiv:1611.08050.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import (
    check_array,
    check_choice,
    check_finite,
    check_flag,
    check_integer,
    check_kind,
    check_number,
)
from npkpose._jit import kernel, summing_kernel
from npkpose.codec.heatmap.decode import LOG_PARABOLA
from npkpose.codec.heatmap.merged_peaks import _separate
from npkpose.codec.heatmap.peaks import MAX_PEAKS, Peaks, _sorted_maxima
from npkpose.codec.paf.assemble import _assemble
from npkpose.codec.paf.candidates import Limits, _candidates
from npkpose.codec.paf.fields import MAX_SAMPLES
from npkpose.codec.paf.fill_missing import fill_missing_keypoints
from npkpose.codec.paf.limbs import MATCHINGS, _connect
from npkpose.grid import Grid, check_grid
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton

# The arguments of published parsers: group_paf(..., **PAF_VARIANTS["openpose"]). The rest is
# ours in each: sub-pixel peaks, bilinear samples, union-find.
_PUBLISHED = {
    "num_samples": 10, "sample_threshold": 0.05, "separate": False, "max_length_ratio": math.inf
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

LARGEST_FIELD = float(np.finfo(np.float32).max)  # the fields' values are float32


# Fourteen arguments, not six: each but the last is one that a published parser has.
def group_paf(
    heatmaps: ArrayLike, pafs: ArrayLike, skeleton: Skeleton, grid: Grid | None = None, *,
    threshold: float = 0.1, separate: bool = True, num_samples: int = 10,
    sample_threshold: float = 0.05, sample_fraction: float = 0.8, max_length_ratio: float = 8.0,
    matching: str = "greedy", min_keypoints: int = 4, min_score: float = 0.4,
    fill_missing: bool = False,
) -> Poses:  # fmt: skip
    """Return the people of one image.

    Parameters
    ----------
    heatmaps : array_like, shape (C, H, W)
        The skeleton's K keypoints in order; further channels (the background) are ignored.
    pafs : array_like, shape (D, H, W)
        Fields, in the channels that the skeleton names; others are ignored.
    skeleton : Skeleton of K keypoints
    grid : Grid, optional
        Gives the keypoints in image pixels; without it they are in heatmap pixels.
    threshold : float
        A peak's value must exceed it; positive if ``separate`` is true.
    separate : bool
        Separate the merged peaks of neighbours; see `separate_peaks`.
    num_samples : int, from 2 to 10,000
        Samples of the line integral along each candidate limb.
    sample_threshold, sample_fraction : float
        More than this fraction of a limb's samples must exceed the threshold, which is at most
        the largest float32, as a field's values are.
    max_length_ratio : float, at least 1
        Pruning: how much longer a candidate limb may be than the short candidates at its ends;
        see `codec.paf.candidates`. If people of very different sizes overlap, 16 finds 1 in 100
        more, and takes a quarter longer in a crowd. Infinite: no pruning, for 600 people at most.
    matching : "greedy" or "optimal"
        How to choose among limbs of one type that share an end.
    min_keypoints : int
        A person with fewer is dropped.
    min_score : float
        A person whose score is lower is dropped. The score is (sum of the keypoints' scores
        + sum of the limbs' affinities) / number of keypoints.
    fill_missing : bool
        Fill in missing keypoints, with keypoint scores of 0; see `codec.paf.fill_missing`.

    Default thresholds are Cao et al.'s, CVPR 2017; PAF_VARIANTS has those of other parsers.

    Returns
    -------
    poses : Poses
        By falling person score; an empty `Poses` of K keypoints if there are no people.

    Raises
    ------
    ValueError
        Wrong or unequal shapes, too few channels, NaN or infinity, a parameter out of range, or
        maps of noise: more than 32,768 peaks, or more pairs of them than `codec.paf.candidates`
        looks at.
    """
    check_grid(grid)
    heatmaps, pafs = _check_maps(heatmaps, pafs, skeleton)
    check_flag("separate", separate)
    check_flag("fill_missing", fill_missing)
    num_samples = check_integer("num_samples", num_samples, 2, MAX_SAMPLES)
    limits = _check_limits(sample_threshold, sample_fraction, max_length_ratio)
    check_choice("matching", matching, MATCHINGS)
    min_keypoints = check_integer("min_keypoints", min_keypoints, at_least=1)
    min_score = check_number("min_score", min_score)
    threshold = check_number("threshold", threshold, above=0 if separate else -math.inf)

    # Each step without the checks of its public function, which have just been made.
    peaks = _peaks(heatmaps, threshold, separate)
    rows, affinities = _candidates(peaks, pafs, skeleton, num_samples, limits)
    connections = _connect(rows, affinities, len(peaks.points), matching)
    members, affinities = _assemble(peaks, connections, skeleton)
    poses = _people(peaks, members, affinities, min_keypoints, min_score)
    if fill_missing:
        filled = fill_missing_keypoints(poses.keypoints, heatmaps, pafs, skeleton, num_samples)
        poses = poses.with_keypoints(filled)
    if grid is None:
        return poses
    return poses.with_keypoints(grid.to_image(poses.keypoints, heatmaps.shape[1:]))


def _peaks(heatmaps, threshold, separate):
    """Return the peaks of all maps, merged ones separated if asked for."""
    points, scores, which = _sorted_maxima(heatmaps, threshold, LOG_PARABOLA, MAX_PEAKS)
    peaks = Peaks(points, scores, np.searchsorted(which, np.arange(len(heatmaps) + 1)))
    return _separate(heatmaps, peaks, threshold) if separate else peaks


def _people(peaks, members, affinities, min_keypoints, min_score):
    """Return the rows of ``members`` that are not dropped, as `Poses` by falling score."""
    keypoints, scores = np.empty((*members.shape, 2)), np.empty(members.shape)
    kept, counts = np.empty((2, len(members)), dtype=np.int64)
    total = _look_up(
        peaks.points, peaks.scores, members, min_keypoints, keypoints, scores, kept, counts
    )
    kept, counts = kept[:total], counts[:total]
    person_scores = (scores[:total].sum(axis=1) + affinities[kept]) / counts
    order = np.argsort(-person_scores, kind="stable")
    order = order[person_scores[order] >= min_score]
    return Poses._unchecked(keypoints[order], scores[order], person_scores[order])


@kernel
def _look_up(points, scores, members, min_keypoints, keypoints, keypoint_scores, kept, counts):
    """Fill in the keypoints of people who have enough; return how many people are ``kept``.

    A missing keypoint is NaN, its score 0. ``counts`` gets each person's number of keypoints.
    """
    total = 0
    for p in range(members.shape[0]):
        count = 0
        for k in range(members.shape[1]):
            m = members[p, k]
            if m >= 0:
                keypoints[total, k, 0], keypoints[total, k, 1] = points[m, 0], points[m, 1]
                keypoint_scores[total, k] = scores[m]
                count += 1
            else:
                keypoints[total, k, 0] = keypoints[total, k, 1] = np.nan
                keypoint_scores[total, k] = 0.0
        if count >= min_keypoints:
            kept[total], counts[total] = p, count
            total += 1
    return total


def _check_maps(heatmaps, pafs, skeleton):
    """Return the channels (K, H, W) and (C, H, W) that the skeleton reads, or raise ValueError."""
    check_kind("skeleton", skeleton, Skeleton)
    heatmaps = check_array("heatmaps", heatmaps, ("C", "H", "W"), np.float32, finite=False)
    pafs = check_array("pafs", pafs, ("D", *heatmaps.shape[1:]), np.float32, finite=False)
    counts = skeleton.num_keypoints, skeleton.num_paf_channels
    read = []
    for name, maps, count in zip(("heatmaps", "pafs"), (heatmaps, pafs), counts):
        if len(maps) < count:
            raise ValueError(
                f"{name}: expected at least {count} channels for {skeleton.name}, got {len(maps)}"
            )
        maps = maps[:count]
        if not math.isfinite(_size_of_all(maps.ravel())):
            check_finite(name, maps)
        read.append(maps)
    return read


@summing_kernel
def _size_of_all(values):
    """Return the sum of |value|: finite if all values are, and twice as fast to find as that."""
    total = np.float32(0.0)
    for i in range(values.shape[0]):
        total += abs(values[i])
    return total


def _check_limits(sample_threshold, sample_fraction, max_length_ratio):
    """Return the `Limits` of candidate limbs, or raise ValueError."""
    if not (isinstance(max_length_ratio, (float, np.floating)) and max_length_ratio == math.inf):
        max_length_ratio = check_number("max_length_ratio", max_length_ratio, at_least=1)
    return Limits(
        check_number("sample_threshold", sample_threshold, at_most=LARGEST_FIELD),
        check_number("sample_fraction", sample_fraction),
        max_length_ratio,
    )
