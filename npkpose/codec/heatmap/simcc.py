"""SimCC: a keypoint as two classifications, one over the columns and one over the rows.

Each axis of the network's input is cut into ``split_ratio`` bins per pixel, and the network
scores every bin. The target is a Gaussian over bins around the keypoint; the answer is

    x = argmax of x_logits / split_ratio,   y = argmax of y_logits / split_ratio

Li et al., "SimCC: a Simple Coordinate Classification Perspective for Human Pose Estimation",
ECCV 2022, arXiv:2107.03332. The default width, sqrt(bins / 16) for each axis, is that of Jiang et
al., "RTMPose", 2023, arXiv:2303.07399, whose released code scores a keypoint by the lesser of its
two maxima. Departures: the target's centre is not rounded to a bin; and the rules of
heatmap/decode.py hold along each axis, so the peak may be refined between bins, a bin that is not
finite never wins, and a flat row shows no keypoint (the released code asks for a maximum above 0).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import (
    MAX_SIDE,
    check_array,
    check_choice,
    check_finite,
    check_number,
    check_read_only,
    check_size,
)
from npkpose._jit import kernel
from npkpose.codec.heatmap.decode import FLOATS, REFINEMENTS, highest_points
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps

_FAR = 1e300


def decode_simcc(
    x_logits: ArrayLike, y_logits: ArrayLike, split_ratio: float = 2.0, refine: str = "argmax",
    score: str = "min",
) -> tuple[NDArray, NDArray]:  # fmt: skip
    """Return each keypoint and its score.

    Parameters
    ----------
    x_logits : array_like, shape (N, K, Bx)
        Scores of the bins along x: Bx = input width times split_ratio.
    y_logits : array_like, shape (N, K, By)
    split_ratio : float
        Bins per pixel.
    refine : "argmax", "quarter", "parabola" or "log_parabola"
        How the peak is placed between the bins; see heatmap/decode.py. "log_parabola" is exact
        for Gaussians, and so for a network that has learnt `simcc_targets`.
    score : "min" or "mean"
        Of the highest x and the highest y logit, as the network gives them: they are
        probabilities only if it ends in a softmax.

    Returns
    -------
    coords : ndarray, shape (N, K, 2), float64
        (x, y) in pixels of the network's input; both NaN where either axis is flat or has no
        finite bin.
    scores : ndarray, shape (N, K), float64
        0 where coords are NaN.

    Raises
    ------
    ValueError
        Wrong or unequal shapes, an axis without bins, or an unknown option.
    """
    x_logits = check_read_only("x_logits", x_logits, ("N", "K", "Bx"), FLOATS)
    N, K, Bx = x_logits.shape
    y_logits = check_read_only("y_logits", y_logits, (N, K, "By"), FLOATS)
    By = y_logits.shape[2]
    if Bx == 0 or By == 0:
        raise ValueError("x_logits, y_logits: expected at least 1 bin")
    split_ratio = check_number("split_ratio", split_ratio, above=0)
    if max(Bx, By) / split_ratio == math.inf:
        raise ValueError(f"split_ratio: expected more bins per pixel, got {split_ratio}")
    check_choice("refine", refine, REFINEMENTS)
    check_choice("score", score, ("min", "mean"))
    x, x_score = highest_points(x_logits[:, :, None], refine)  # each row a map of height 1
    y, y_score = highest_points(y_logits[:, :, None], refine)
    _join(x, y, x_score, y_score, split_ratio, score == "mean")
    return x, x_score


def simcc_targets(
    keypoints: ArrayLike, size: int | tuple[int, int], split_ratio: float = 2.0,
    sigma: float | None = None, visibility: ArrayLike | None = None,
) -> tuple[NDArray, NDArray]:  # fmt: skip
    """Return the target over bins along x (..., K, Bx) and along y (..., K, By), float32.

    Parameters
    ----------
    keypoints : array_like, shape (..., K, 2)
        (x, y) in pixels of the network's input; NaN is missing.
    size : int or (H, W)
        Of the network's input.
    split_ratio : float
        Bins per pixel; each axis has its length times this, rounded, but at least 1.
    sigma : float, optional
        Standard deviation in bins. Default: the square root of a sixteenth of the axis's bins.
    visibility : array_like, shape (..., K), optional
        A keypoint of visibility 0 is missing.

    Returns
    -------
    x_targets, y_targets : ndarray, within [0, 1]
        1 where a bin's centre is the keypoint; all zero for a missing keypoint.

    Raises
    ------
    ValueError
        Wrong shape, an infinite coordinate, a size below 1, more than a million bins, or a number
        that is not positive.
    """
    keypoints = check_array("keypoints", keypoints, (..., "K", 2), finite=False)
    check_finite("keypoints", np.where(np.isnan(keypoints), 0.0, keypoints))
    split_ratio = check_number("split_ratio", split_ratio, above=0)
    if sigma is not None:
        check_number("sigma", sigma, above=0)
    targets = []
    for axis, length in enumerate(check_size("size", size)[::-1]):
        bins = max(round(min(length * split_ratio, 2 * MAX_SIDE)), 1)
        if bins > MAX_SIDE:
            raise ValueError(f"split_ratio: expected at most {MAX_SIDE} bins, got {split_ratio}")
        width = np.sqrt(bins / 16) if sigma is None else sigma
        on_axis = np.zeros_like(keypoints)  # on a map of height 1, whose only row is y = 0
        with np.errstate(over="ignore"):
            place = keypoints[..., axis] * split_ratio
        on_axis[..., 0] = np.clip(place, -_FAR, _FAR)  # a Gaussian so far away is 0
        on_axis[np.isnan(keypoints).any(axis=-1)] = np.nan
        targets.append(gaussian_heatmaps(on_axis, (1, bins), width, visibility)[..., 0, :])
    return tuple(targets)


@kernel
def _join(x, y, x_scores, y_scores, split_ratio, mean):
    """Make of points on two axes, (place, 0), keypoints (N, K, 2) in ``x``, and their scores."""
    for n in range(x.shape[0]):
        for k in range(x.shape[1]):
            if math.isnan(x[n, k, 0]) or math.isnan(y[n, k, 0]):
                x[n, k, 0] = x[n, k, 1] = np.nan
                x_scores[n, k] = 0.0
                continue
            x[n, k, 0], x[n, k, 1] = x[n, k, 0] / split_ratio, y[n, k, 0] / split_ratio
            if mean:
                x_scores[n, k] = x_scores[n, k] / 2 + y_scores[n, k] / 2
            else:
                x_scores[n, k] = min(x_scores[n, k], y_scores[n, k])
