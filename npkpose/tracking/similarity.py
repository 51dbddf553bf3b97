"""How similar a detection is to a tracked person: OKS widened by uncertainty, and box overlap.

    similarity = (S + IoU) / 2 exp(-log^2(b / a) / (2 `SCALE`^2))
    S          = 1 / (n + 1) sum over the n keypoints that both have of exp(-d_i^2 / (2 v_i))
    v_i        = A (2 sigma_i)^2 + variance of the prediction of keypoint i

d_i is the distance of the detected keypoint from the predicted one, A the tracked person's area
and sigma_i the keypoint's constant. IoU is the intersection over union of the boxes around the n
keypoints, widened by `MARGIN` sizes on each side; a and b are how far the n keypoints, of the
tracked person and of the detection, are spread about their mean. So whoever comes out behind a
wall, one arm first, is compared by that arm; and someone near is not someone far away. With n
instead of n + 1 and exact predictions, S is the object keypoint similarity (OKS, `metrics.oks`);
the 1 stands for a keypoint that does not fit, so that a single common keypoint is weak evidence.
Where every term of S is below exp(-40), the similarity is 0.

A wide prediction is like many detections. So that a person who was lost does not take the detection
of one who was followed, the similarity of a pair is also multiplied by the certainty

    c = sqrt(mean over i of sqrt(A (2 sigma_i)^2 / v_i))

when pairs compete: see `npkpose.tracking.tracker`.

The place of OKS between frames is that of Xiao et al., "Simple Baselines for Human Pose Estimation
and Tracking", ECCV 2018, arXiv:1804.06208.
"""

import numpy as np

from npkpose._jit import helper, kernel

MARGIN = 0.1  # sizes
SPREAD = 0.05  # sizes: added to a and b, so that a few near keypoints say little
SCALE = 0.3  # standard deviation of the logarithm of b / a
DEFAULT_SIGMA = 0.05  # of keypoints for which nobody published an OKS constant


def sigmas_of(skeleton):
    """Return the OKS constants of a skeleton (K,), `DEFAULT_SIGMA` where they are NaN."""
    sigmas = np.array(skeleton.sigmas, dtype=np.float64)
    return np.where(np.isnan(sigmas), DEFAULT_SIGMA, sigmas)


def track_similarity(tracked, variances, sizes, found):
    """Return the similarity of each tracked person with each detection: (T, D), within [0, 1].

    Parameters
    ----------
    tracked : ndarray, shape (T, K, 2)
        Predicted keypoints in pixels, NaN where missing.
    variances : ndarray, shape (T, K)
        v_i, in pixels^2, positive.
    sizes : ndarray, shape (T,)
        Of the people, in pixels, positive.
    found : ndarray, shape (D, K, 2)
        Detections, NaN where missing.
    """
    result = np.empty((len(tracked), len(found)))
    scale = MARGIN, SPREAD, 0.5 / SCALE**2
    _fill_similarity(tracked, 0.5 / variances, sizes, found, scale, result)
    return result


@kernel
def _fill_similarity(tracked, factors, sizes, found, scale, result):
    """Fill ``result`` (T, D); ``factors`` (T, K) are 1 / (2 v)."""
    margin, spread, scale_factor = scale
    for t in range(tracked.shape[0]):
        for d in range(found.shape[0]):
            result[t, d] = 0.0
            total, common = 0.0, 0
            for k in range(tracked.shape[1]):
                x, y = found[d, k, 0] - tracked[t, k, 0], found[d, k, 1] - tracked[t, k, 1]
                exponent = (x * x + y * y) * factors[t, k]
                if not np.isnan(exponent):
                    common += 1
                    if exponent < 40.0:  # exp(-40) is 4e-18
                        total += np.exp(-exponent)
            if total > 0.0:
                overlap = _overlap(tracked[t], found[d], margin * sizes[t])
                a = _spread(tracked[t], found[d], common) + spread * sizes[t]
                b = _spread(found[d], tracked[t], common) + spread * sizes[t]
                weight = np.exp(-scale_factor * np.log(b / a) ** 2)
                result[t, d] = 0.5 * weight * (total / (common + 1) + overlap)


@helper
def _spread(points, others, common):
    """Root mean squared distance from their mean of the ``common`` points that others have."""
    x = y = total = 0.0
    for k in range(points.shape[0]):
        if not (np.isnan(points[k, 0]) or np.isnan(others[k, 0])):
            x += points[k, 0] / common
            y += points[k, 1] / common
    for k in range(points.shape[0]):
        if not (np.isnan(points[k, 0]) or np.isnan(others[k, 0])):
            total += (points[k, 0] - x) ** 2 + (points[k, 1] - y) ** 2
    return np.sqrt(total / common)


@helper
def _overlap(a, b, margin):
    """Intersection over union of the widened boxes around the keypoints that both have."""
    a_left = a_top = b_left = b_top = np.inf
    a_right = a_bottom = b_right = b_bottom = -np.inf
    for k in range(a.shape[0]):
        if not (np.isnan(a[k, 0]) or np.isnan(b[k, 0])):
            a_left, a_right = min(a_left, a[k, 0]), max(a_right, a[k, 0])
            a_top, a_bottom = min(a_top, a[k, 1]), max(a_bottom, a[k, 1])
            b_left, b_right = min(b_left, b[k, 0]), max(b_right, b[k, 0])
            b_top, b_bottom = min(b_top, b[k, 1]), max(b_bottom, b[k, 1])
    width = min(a_right, b_right) - max(a_left, b_left) + 2 * margin
    height = min(a_bottom, b_bottom) - max(a_top, b_top) + 2 * margin
    if width <= 0 or height <= 0:
        return 0.0
    area = (a_right - a_left + 2 * margin) * (a_bottom - a_top + 2 * margin)
    other = (b_right - b_left + 2 * margin) * (b_bottom - b_top + 2 * margin)
    return width * height / (area + other - width * height)
