"""How similar a detection is to a tracked person: OKS widened by uncertainty, and box overlap.

    similarity = (S + IoU) / 2
    S        = 1 / (n + 1) sum over the n keypoints that both have of exp(-d_i^2 / (2 v_i))
    v_i      = A (2 sigma_i)^2 + variance of the prediction of keypoint i

d_i is the distance of the detected keypoint from the predicted one, A the tracked person's area
and sigma_i the keypoint's constant. IoU is the intersection over union of the boxes around all
keypoints of each. With n instead of n + 1 and exact predictions, S is the object keypoint
similarity (OKS, `metrics.oks`); the 1 stands for a keypoint that does not fit, so that a single
common keypoint is weak evidence.

A wide prediction is like many detections. So that a person who was lost does not take the detection
of one who was followed, the similarity of a pair is also multiplied by the certainty

    c = mean over i of sqrt(A (2 sigma_i)^2 / v_i)

when pairs compete: see `npkpose.tracking.tracker`.

The place of OKS between frames is that of Xiao et al., "Simple Baselines for Human Pose Estimation
and Tracking", ECCV 2018, arXiv:1804.06208.
"""

import numpy as np

from npkpose._jit import helper, kernel

DEFAULT_SIGMA = 0.05  # of keypoints for which nobody published an OKS constant


def sigmas_of(skeleton):
    """Return the OKS constants of a skeleton (K,), `DEFAULT_SIGMA` where they are NaN."""
    sigmas = np.array(skeleton.sigmas, dtype=np.float64)
    return np.where(np.isnan(sigmas), DEFAULT_SIGMA, sigmas)


def track_similarity(tracked, variances, boxes, found, found_boxes):
    """Return the similarity of each tracked person with each detection: (T, D), within [0, 1].

    Parameters
    ----------
    tracked : ndarray, shape (T, K, 2)
        Predicted keypoints in pixels, NaN where missing.
    variances : ndarray, shape (T, K)
        v_i, in pixels^2, positive.
    boxes : ndarray, shape (T, 4)
    found, found_boxes : ndarray, shapes (D, K, 2) and (D, 4)
        Detections.
    """
    result = np.empty((len(tracked), len(found)))
    _fill_similarity(tracked, 0.5 / variances, boxes, found, found_boxes, result)
    return result


@kernel
def _fill_similarity(tracked, factors, boxes, found, found_boxes, result):
    """Fill ``result`` (T, D); ``factors`` (T, K) are 1 / (2 v)."""
    for t in range(tracked.shape[0]):
        for d in range(found.shape[0]):
            total, common = 0.0, 0
            for k in range(tracked.shape[1]):
                x, y = found[d, k, 0] - tracked[t, k, 0], found[d, k, 1] - tracked[t, k, 1]
                exponent = (x * x + y * y) * factors[t, k]
                if not np.isnan(exponent):
                    common += 1
                    if exponent < 40.0:  # exp(-40) is 4e-18
                        total += np.exp(-exponent)
            result[t, d] = 0.5 * (total / (common + 1) + _overlap(boxes[t], found_boxes[d]))


@helper
def _overlap(a, b):
    """Intersection over union; 0 for boxes that share no area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union
