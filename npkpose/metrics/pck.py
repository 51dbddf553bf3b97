"""Percentage of correct keypoints (PCK): how many are within a share of the person's size.

    PCK(t) = |{labelled keypoints with d_i <= t s}| / |{labelled keypoints}|

d_i is the distance of keypoint i from its true place and s the size of its person: the larger
side of the torso's or the person's box for PCK (Yang and Ramanan, "Articulated Human Detection
with Flexible Mixtures of Parts", TPAMI 2013), 0.6 of the head box's diagonal for PCKh
(Andriluka et al., "2D Human Pose Estimation: New Benchmark", CVPR 2014, whose evaluation code
has the 0.6). Training logs often print a "PCK" whose s is a tenth of the heatmap: the same
formula, another number. A missing keypoint (NaN) is not correct.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npkpose._check import (
    LARGEST,
    check_array,
    check_finite,
    check_integer,
    check_number,
    real_array,
)

MAX_STEPS = 10_000  # of the area under the curve
HEAD_SCALE = 0.6  # of the head box's diagonal, in MPII's evaluation


class Pck(NamedTuple):
    """Shares of correct keypoints at T thresholds, for K keypoints; NaN if none is labelled."""

    thresholds: np.ndarray  # (T,)
    per_keypoint: np.ndarray  # (T, K)
    counts: np.ndarray  # (K,) int: labelled keypoints
    mean: np.ndarray  # (T,): over all labelled keypoints but those in left_out
    mean_of_keypoints: np.ndarray  # (T,): of the columns of per_keypoint, with equal weights


def pck(
    keypoints: ArrayLike, true_keypoints: ArrayLike, sizes: ArrayLike,
    thresholds: ArrayLike = (0.2,), visibility: ArrayLike | None = None,
    left_out: Sequence[int] = (),
) -> Pck:  # fmt: skip
    """Return the shares of keypoints within ``thresholds`` times the sizes, as a `Pck`.

    Parameters
    ----------
    keypoints : array_like, shape (P, K, 2)
        NaN if missing.
    true_keypoints : array_like, shape (P, K, 2)
        In the same frame.
    sizes : array_like, shape (P,)
        Positive, in the unit of the keypoints.
    thresholds : sequence of float
        Shares of the size; a keypoint exactly at the threshold is correct.
    visibility : array_like, shape (P, K), optional
        Keypoints of visibility 0 are not labelled; their coordinates are not read. Default:
        labelled where the true keypoint is not NaN.
    left_out : sequence of int
        Indices of keypoints that are not in the two means, such as MPII's pelvis and thorax.

    Raises
    ------
    ValueError
        Wrong shape, a size that is not positive, a true keypoint that is not finite, or coordinates
        above 1e150.
    """
    thresholds = np.atleast_1d(real_array("thresholds", thresholds))
    thresholds = check_array("thresholds", thresholds, ("T",))
    distances, labelled = normalised_distances(keypoints, true_keypoints, sizes, visibility)
    parts = distances.shape[1]
    left_out = check_array("left_out", left_out, ("N",), np.int64)
    if ((left_out < 0) | (left_out >= parts)).any():
        raise ValueError(f"left_out: expected indices from 0 to {parts - 1}, got {left_out}")
    correct = distances <= thresholds[:, None, None]  # (T, P, K)
    hits, counts = correct.sum(axis=1), labelled.sum(axis=0)
    kept = np.delete(np.arange(parts), left_out)
    with np.errstate(invalid="ignore"):
        shares = hits / counts
        mean = hits[:, kept].sum(axis=1) / counts[kept].sum()
        known = kept[counts[kept] > 0]
        mean_of_keypoints = shares[:, known].sum(axis=1) / np.float64(len(known))
    return Pck(thresholds, shares, counts, mean, mean_of_keypoints)


def pckh(
    keypoints: ArrayLike, true_keypoints: ArrayLike, head_boxes: ArrayLike,
    thresholds: ArrayLike = (0.5,), visibility: ArrayLike | None = None,
    left_out: Sequence[int] = (),
) -> Pck:  # fmt: skip
    """Return the shares of keypoints within a share of the head's size, as a `Pck`.

    Parameters
    ----------
    head_boxes : array_like, shape (P, 4)
        x0, y0, x1, y1 of opposite corners. A head's size is 0.6 of the diagonal.

    The other parameters are those of `pck`.
    """
    keypoints = check_array("keypoints", keypoints, ("P", "K", 2), finite=False)
    head_boxes = check_array("head_boxes", head_boxes, (len(keypoints), 4))
    return pck(
        keypoints, true_keypoints, head_sizes(head_boxes), thresholds, visibility, left_out
    )  # fmt: skip


def head_sizes(head_boxes, scale=HEAD_SCALE):
    """Return ``scale`` times the diagonals (P,) of boxes (P, 4): x0, y0, x1, y1."""
    boxes = check_array("head_boxes", head_boxes, ("P", 4), largest=LARGEST)
    scale = check_number("scale", scale, above=0, at_most=LARGEST)
    sizes = scale * np.hypot(*(boxes[:, 2:] - boxes[:, :2]).T)
    if not (sizes > 0).all():
        p = int(np.argmin(sizes))
        raise ValueError(f"head_boxes[{p}]: expected a box with a diagonal, got {boxes[p]}")
    return sizes


def auc(keypoints, true_keypoints, sizes, high=1.0, visibility=None, steps=None):
    """Return the area under the curve of PCK over [0, high], divided by ``high``: within [0, 1].

    ``steps=None`` gives the exact area, the mean of max(0, 1 - d / (high s)). A number gives the
    mean of PCK at 0, high / steps, ... below ``high``, as published code computes it (20 steps; 3-D
    and hand benchmarks). NaN if nothing is labelled. The rest is as for `pck`.
    """
    high = check_number("high", high, above=0, at_most=LARGEST)
    if steps is not None:
        steps = check_integer("steps", steps, 1, MAX_STEPS)
    distances, labelled = normalised_distances(keypoints, true_keypoints, sizes, visibility)
    distances = distances[labelled]
    if len(distances) == 0:
        return float("nan")
    if steps is None:
        with np.errstate(over="ignore"):
            return float(np.mean(np.maximum(0.0, 1.0 - distances / high)))
    thresholds = high * np.arange(steps) / steps
    return float(np.mean(distances <= thresholds[:, None]))


def normalised_distances(keypoints, true_keypoints, sizes, visibility=None):
    """Return distances over sizes (P, K), infinite if missing or unlabelled, and ``labelled``."""
    keypoints = check_array("keypoints", keypoints, ("P", "K", 2), finite=False)
    truth = check_array("true_keypoints", true_keypoints, keypoints.shape, finite=False)
    sizes = check_array("sizes", sizes, (len(keypoints),))
    if not (sizes > 0).all():
        p = int(np.argmin(sizes))
        raise ValueError(f"sizes[{p}]: expected more than 0, got {sizes[p]:g}")
    if visibility is None:
        labelled = ~np.isnan(truth).any(axis=2)
    else:
        labelled = check_array("visibility", visibility, keypoints.shape[:2]) > 0
    truth = np.where(labelled[..., None], truth, 0.0)
    check_finite("true_keypoints", truth)
    for name, array in (("keypoints", keypoints), ("true_keypoints", truth)):
        finite = np.where(np.isfinite(array), array, 0.0)
        check_array(name, finite, array.shape, largest=LARGEST)
    with np.errstate(over="ignore"):
        distances = np.hypot(*np.moveaxis(keypoints - truth, 2, 0)) / sizes[:, None]
    return np.where(labelled & ~np.isnan(distances), distances, np.inf), labelled
