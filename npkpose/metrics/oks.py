"""Object keypoint similarity (OKS): how near a pose is to the true one, from 0 to 1.

    OKS = mean over labelled keypoints of exp(-d_i^2 / (2 A (2 sigma_i)^2))

d_i is the distance of keypoint i from its true place, A the true person's area (pixels^2) and
sigma_i the keypoint's constant: one standard deviation of the annotators, as a share of
sqrt(A), gives exp(-1/8). COCO keypoint evaluation; Ronchi and Perona, ICCV 2017,
arXiv:1707.05388.

A person without a labelled keypoint has only a box. COCO widens it by its own width on the left
and on the right, by its height above and below; d_i is then the distance from the widened box, 0
inside it, and the mean is over all keypoints.

The value is pycocotools' to the last bit, because its matching compares similarities for equality:
the same divisions in the same order, 2^-52 added to A, and NumPy's own exp and sum.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_choice, check_finite, check_number
from npkpose._jit import inner_kernel

CHUNK = 1 << 17  # exponentials at a time: one megabyte fits the cache of a core


class People(NamedTuple):
    """G true people of K keypoints."""

    keypoints: np.ndarray  # (G, K, 2): (x, y) in pixels
    labelled: np.ndarray  # (G, K) bool
    areas: np.ndarray  # (G,): pixels^2
    boxes: np.ndarray  # (G, 4): x, y, width, height; used if no keypoint is labelled


def oks(
    keypoints: ArrayLike, true_keypoints: ArrayLike, areas: ArrayLike, sigmas: ArrayLike,
    visibility: ArrayLike | None = None, missing: str = "raise", boxes: ArrayLike | None = None,
) -> NDArray:  # fmt: skip
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
    missing : "raise" or "zero"
        Refuse NaN in ``keypoints``, or let a missing keypoint add 0 to the mean.
    boxes : array_like, shape (G, 4), optional
        x, y, width, height of the true people; used if no keypoint is labelled.

    Returns
    -------
    similarity : ndarray, shape (D, G)
        0 for a true person without a labelled keypoint, or with ``boxes`` COCO's value.

    Raises
    ------
    ValueError
        Wrong shape, an area or sigma that is not positive, or coordinates that are not finite.
    """
    keypoints = _check_poses(keypoints, check_choice("missing", missing, ("raise", "zero")))
    people = _check_people(true_keypoints, areas, visibility, boxes, keypoints.shape[1])
    sigmas = check_array("sigmas", sigmas, (keypoints.shape[1],))
    if not ((people.areas > 0).all() and (sigmas > 0).all()):
        raise ValueError("areas, sigmas: expected positive values")
    shape = len(keypoints), len(people.areas)
    similarity = pair_oks(keypoints, people, sigmas, np.indices(shape).reshape(2, -1).T)
    similarity = similarity.reshape(shape)
    if boxes is None:
        similarity[:, ~people.labelled.any(axis=1)] = 0.0
    return similarity


def _check_poses(keypoints, missing):
    """Return poses (D, K, 2), infinite where a keypoint is missing: exp(-inf) adds 0."""
    keypoints = check_array("keypoints", keypoints, ("D", "K", 2), finite=False)
    if missing == "raise":
        check_finite("keypoints", keypoints)
    return np.where(np.isnan(keypoints), np.inf, keypoints)


def _check_people(true_keypoints, areas, visibility, boxes, num_keypoints):
    """Return `People`, their unlabelled keypoints at 0."""
    truth = check_array("true_keypoints", true_keypoints, ("G", num_keypoints, 2), finite=False)
    areas = check_array("areas", areas, (len(truth),))
    if visibility is None:
        labelled = ~np.isnan(truth).any(axis=2)
    else:
        labelled = check_array("visibility", visibility, (len(truth), num_keypoints)) > 0
    truth = np.where(labelled[..., None], truth, 0.0)
    check_finite("true_keypoints", truth)
    boxes = np.zeros((len(truth), 4)) if boxes is None else boxes
    return People(truth, labelled, areas, check_array("boxes", boxes, (len(truth), 4)))


def pair_oks(keypoints, people, sigmas, pairs):
    """Return the similarity (M,) of chosen pairs; NaN and areas of 0 as in pycocotools.

    Parameters
    ----------
    keypoints : ndarray, shape (D, K, 2)
    people : People
    sigmas : array_like, shape (K,)
        pycocotools writes them in tenths, and 1.07 / 10 is one bit away from 0.107. A sigma
        within two last bits of tenths of at most 12 decimals is read as those.
    pairs : ndarray of int, shape (M, 2)
        Index of a pose and of a person.
    """
    with np.errstate(over="ignore"):
        variances = (2 * _as_tenths(sigmas)) ** 2
    areas = people.areas + np.spacing(1)
    counts = people.labelled.sum(axis=1)
    counts[counts == 0] = len(variances)
    pairs = np.ascontiguousarray(pairs, dtype=np.int64)
    _check_pairs(pairs, keypoints, people, len(variances))
    similarity = np.zeros(len(pairs))
    step = CHUNK // max(len(variances), 1) + 1
    buffer = np.empty((step + 1) * len(variances))
    for start in range(0, len(pairs) if len(variances) else 0, step):
        chunk = pairs[start : start + step]
        used = counts[chunk[:, 1]]
        near = buffer[: used.sum()]
        _exponents(
            keypoints, people.keypoints, people.labelled, areas, people.boxes, variances, chunk,
            buffer,
        )  # fmt: skip
        with np.errstate(over="ignore", invalid="ignore"):
            np.exp(near, out=near)
        _means(near, used, similarity[start : start + step])
    return similarity


def _check_pairs(pairs, keypoints, people, num_keypoints):
    """Raise ValueError where the kernel would read outside of an array."""
    lengths = {len(array) for array in people}
    shapes = keypoints.shape[1:], people.keypoints.shape[1:], people.labelled.shape[1:] + (2,)
    if len(lengths) > 1 or set(shapes) != {(num_keypoints, 2)}:
        raise ValueError(f"people: expected {num_keypoints} keypoints each, got shapes {shapes}")
    counts = len(keypoints), len(people.areas)
    if len(pairs) and not ((pairs >= 0).all() and (pairs < counts).all()):
        raise ValueError(f"pairs: expected indices below {counts}, got {pairs.max(axis=0)}")


def _as_tenths(sigmas):
    """Return tenths of at most 12 decimals, divided by 10, for each sigma that is near to them."""
    sigmas = np.asarray(sigmas, dtype=np.float64)
    tenths = np.round(10 * sigmas, 12) / 10
    return np.where(abs(tenths - sigmas) <= 2 * np.spacing(sigmas), tenths, sigmas)


def match(similarity, scores, threshold=0.5):
    """Return the true person that each pose is matched with, or -1: (D,).

    Poses choose by falling score (ties: the lower index). Each takes the most similar true person
    that is still free, if the similarity is at least ``threshold``, as in COCO's evaluation.

    Parameters
    ----------
    similarity : array_like, shape (D, G)
    scores : array_like, shape (D,)
    threshold : float
    """
    similarity = check_array("similarity", similarity, ("D", "G"))
    scores = check_array("scores", scores, (len(similarity),))
    threshold = check_number("threshold", threshold)
    matched = np.full(len(similarity), -1)
    free = similarity.copy()
    for d in np.argsort(-scores, kind="stable"):
        if free.shape[1] and free[d].max() >= threshold:
            matched[d] = free[d].argmax()
            free[:, matched[d]] = -np.inf
    return matched


@inner_kernel
def _exponents(keypoints, truth, labelled, areas, boxes, variances, pairs, exponents):
    """Write the exponents of each pair's labelled keypoints, one pair behind the other."""
    n, count = 0, variances.shape[0]
    for m in range(pairs.shape[0]):
        d, g = pairs[m]
        start, row = n, exponents[n : n + count]
        pose, person, area = keypoints[d], truth[g], areas[g]
        for k in range(count):  # without a branch: several at once
            dx, dy = pose[k, 0] - person[k, 0], pose[k, 1] - person[k, 1]
            row[k] = _exponent(dx, dy, variances[k], area)
        for k in range(count):
            exponents[n] = row[k]
            n += labelled[g, k]  # if it is not, the next one overwrites it
        if n == start:
            for k in range(count):
                dx = _distance_outside(keypoints[d, k, 0], boxes[g, 0], boxes[g, 2])
                dy = _distance_outside(keypoints[d, k, 1], boxes[g, 1], boxes[g, 3])
                row[k] = _exponent(dx, dy, variances[k], areas[g])
            n += count


@inner_kernel
def _exponent(dx, dy, variance, area):
    # The formula of `similarity` again, in pycocotools' order: a kernel calls only its own file.
    exponent = (dx * dx + dy * dy) / variance / area / 2
    return -np.inf if exponent > 800.0 else -exponent  # exp is 0, and faster of infinity


@inner_kernel
def _distance_outside(x, start, length):
    """Distance of x from [start - length, start + 2 length]; NaN stays NaN."""
    return np.maximum(0.0, start - length - x) + np.maximum(0.0, x - (start + 2 * length))


@inner_kernel
def _means(values, counts, means):
    """Fill in the mean of the first counts[0] values, of the next counts[1], and so on."""
    first = np.int64(0)  # as a literal it would have `_sum` compiled twice
    for m in range(counts.shape[0]):
        means[m] = _sum(values, first, counts[m]) / counts[m]
        first += counts[m]


@inner_kernel
def _sum(values, first, count):
    """Return the sum of ``count`` values, added in the order of np.sum: pairwise."""
    if count > 128:
        half = count // 2 - count // 2 % 8
        return _sum(values, first, half) + _sum(values, first + half, count - half)
    total, end = 0.0, first
    if count >= 8:
        end = first + 8 * (count // 8)
        a, b, c, d = values[first], values[first + 1], values[first + 2], values[first + 3]
        e, f, g, h = values[first + 4], values[first + 5], values[first + 6], values[first + 7]
        for i in range(first + 8, end, 8):
            a, b, c, d = a + values[i], b + values[i + 1], c + values[i + 2], d + values[i + 3]
            e, f, g, h = e + values[i + 4], f + values[i + 5], g + values[i + 6], h + values[i + 7]
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(end, first + count):
        total += values[i]
    return total
