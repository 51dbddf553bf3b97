"""Object keypoint similarity: how near a pose is to the truth, from 0 to 1.

    OKS = mean over labelled keypoints of exp(-d_i^2 / (2 A (2 sigma_i)^2))

d_i is the distance of keypoint i from its true place, A the true person's area (pixels^2) and
sigma_i the keypoint's constant: one standard deviation of the annotators, as a share of
sqrt(A), gives exp(-1/8). COCO keypoint evaluation; Ronchi and Perona, ICCV 2017,
arXiv:1707.05388.

Of a person without a labelled keypoint COCO knows the box alone. It widens the box by its own
width on the left and on the right, by its height above and below; d_i is then the distance from
the widened box, 0 inside it, and the mean is over all keypoints.

The value is pycocotools' to the last bit, which the tests of equality in its matching can need:
the same divisions in the same order, 2^-52 added to A, and NumPy's own exp and sum.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_choice, check_finite
from npkpose._jit import kernel

CHUNK = 1 << 17  # exponentials at a time: one megabyte stays in a core's own cache


class People(NamedTuple):
    """G true people of K keypoints."""

    keypoints: np.ndarray  # (G, K, 2): (x, y) in pixels
    labelled: np.ndarray  # (G, K) bool
    areas: np.ndarray  # (G,): pixels^2
    boxes: np.ndarray  # (G, 4): x, y, width, height; read where nothing is labelled


def oks(keypoints, true_keypoints, areas, sigmas, visibility=None, absent="raise", boxes=None):
    """Return the similarity of every pose with every true person: (D, G), within [0, 1].

    Parameters
    ----------
    keypoints : array_like, shape (D, K, 2)
    true_keypoints : array_like, shape (G, K, 2)
        In the same frame.
    areas : array_like, shape (G,)
        Areas of the true people, positive.
    sigmas : array_like, shape (K,)
        ``skeleton.sigmas``.
    visibility : array_like, shape (G, K), optional
        Keypoints of visibility 0 are not labelled; their coordinates are not read. Default:
        labelled where the true keypoint is not NaN.
    absent : "raise" or "zero"
        Refuse NaN in ``keypoints``, or let an absent keypoint add nothing to the mean.
    boxes : array_like, shape (G, 4), optional
        x, y, width, height of the true people, for those without a labelled keypoint.

    Returns
    -------
    similarity : ndarray, shape (D, G)
        For a true person without a labelled keypoint: 0, or with ``boxes`` what COCO gives.

    Raises
    ------
    ValueError
        Wrong shape, an area or sigma that is not positive, or coordinates that are not finite.
    """
    keypoints = check_array("keypoints", keypoints, ("D", "K", 2), finite=False)
    parts = keypoints.shape[1]
    truth = check_array("true_keypoints", true_keypoints, ("G", parts, 2), finite=False)
    areas = check_array("areas", areas, (len(truth),))
    sigmas = check_array("sigmas", sigmas, (parts,))
    if not ((areas > 0).all() and (sigmas > 0).all()):
        raise ValueError("areas, sigmas: expected positive values")
    if check_choice("absent", absent, ("raise", "zero")) == "raise":
        check_finite("keypoints", keypoints)
    keypoints = np.where(np.isnan(keypoints), np.inf, keypoints)  # infinitely far adds 0
    if visibility is None:
        labelled = ~np.isnan(truth).any(axis=2)
    else:
        labelled = check_array("visibility", visibility, (len(truth), parts)) > 0
    truth = np.where(labelled[..., None], truth, 0.0)
    check_finite("true_keypoints", truth)
    known = np.zeros((len(truth), 4)) if boxes is None else boxes
    people = People(truth, labelled, areas, check_array("boxes", known, (len(truth), 4)))

    table = len(keypoints), len(truth)
    similarity = pair_oks(keypoints, people, sigmas, np.indices(table).reshape(2, -1).T)
    similarity = similarity.reshape(table)
    if boxes is None:
        similarity[:, ~labelled.any(axis=1)] = 0.0
    return similarity


def pair_oks(keypoints, people, sigmas, pairs):
    """Return the similarity (M,) of chosen pairs; NaN and an area of 0 are COCO's affair.

    Parameters
    ----------
    keypoints : ndarray, shape (D, K, 2)
    people : People
    sigmas : array_like, shape (K,)
        Read as tenths, as pycocotools writes them, where 12 decimals are enough to say which:
        0.107 is 1.07 / 10, one bit away from 0.107.
    pairs : ndarray of int, shape (M, 2)
        Index of a pose and of a person.
    """
    sigmas = np.asarray(sigmas, dtype=np.float64)
    tenths = np.round(10 * sigmas, 12) / 10
    sigmas = np.where(abs(tenths - sigmas) <= 2 * np.spacing(sigmas), tenths, sigmas)
    variances = (2 * sigmas) ** 2
    areas = people.areas + np.spacing(1)
    counts = people.labelled.sum(axis=1)
    counts[counts == 0] = len(sigmas)
    pairs = np.ascontiguousarray(pairs, dtype=np.int64)
    similarity = np.zeros(len(pairs))
    step = CHUNK // max(len(sigmas), 1) + 1
    for start in range(0, len(pairs) if len(sigmas) else 0, step):
        part = pairs[start : start + step]
        near = np.zeros((len(part), len(sigmas)))
        _exponents(keypoints, *people[:2], areas, people.boxes, variances, part, near)
        with np.errstate(over="ignore", invalid="ignore"):
            np.exp(near, out=near)
        similarity[start : start + step] = _means(near, counts[part[:, 1]])
    return similarity


def _means(near, counts):
    """Return the mean (M,) of the first counts[m] of each row m, as np.sum adds up that many."""
    means = np.empty(len(near))
    for n in np.unique(counts):
        rows = np.flatnonzero(counts == n)
        means[rows] = near[rows][:, :n].sum(axis=1) / n
    return means


def match(similarity, scores, threshold=0.5):
    """Return the true person that each pose is matched with, or -1: (D,).

    Poses choose in order of falling score (ties: the lower index), each the free true person it
    is most similar to, as COCO's evaluation does, at ``threshold`` or above.

    Parameters
    ----------
    similarity : array_like, shape (D, G)
    scores : array_like, shape (D,)
    threshold : float
    """
    similarity = check_array("similarity", similarity, ("D", "G"))
    scores = check_array("scores", scores, (len(similarity),))
    matched = np.full(len(similarity), -1)
    free = similarity.copy()
    for d in np.argsort(-scores, kind="stable"):
        if free.shape[1] and free[d].max() >= threshold:
            matched[d] = free[d].argmax()
            free[:, matched[d]] = -np.inf
    return matched


@kernel
def _exponents(keypoints, truth, labelled, areas, boxes, variances, pairs, exponents):
    """Fill row m with the exponents of pair m's labelled keypoints, closed up to the left."""
    # The formula of `similarity`, as a kernel calls only helpers of its own file; pycocotools'
    # order of divisions.
    for m in range(pairs.shape[0]):
        d, g = pairs[m]
        n = 0
        for k in range(variances.shape[0]):
            if labelled[g, k]:
                dx = keypoints[d, k, 0] - truth[g, k, 0]
                dy = keypoints[d, k, 1] - truth[g, k, 1]
                exponents[m, n] = -((dx * dx + dy * dy) / variances[k] / areas[g] / 2)
                n += 1
        if n == 0:
            for k in range(variances.shape[0]):
                dx = _beyond(keypoints[d, k, 0], boxes[g, 0], boxes[g, 2])
                dy = _beyond(keypoints[d, k, 1], boxes[g, 1], boxes[g, 3])
                exponents[m, k] = -((dx * dx + dy * dy) / variances[k] / areas[g] / 2)


@kernel
def _beyond(x, start, length):
    """Distance of x from [start - length, start + 2 length]; NaN stays NaN."""
    return np.maximum(0.0, start - length - x) + np.maximum(0.0, x - (start + 2 * length))
