"""Object keypoint similarity: how near a pose is to the truth, from 0 to 1.

    OKS = mean over labelled keypoints of exp(-d_i^2 / (2 A (2 sigma_i)^2))

d_i is the distance of keypoint i from its true place, A the true person's area (pixels^2) and
sigma_i the keypoint's constant: one standard deviation of the annotators, as a share of
sqrt(A), gives exp(-1/8). COCO keypoint evaluation; Ronchi and Perona, ICCV 2017,
arXiv:1707.05388.
"""

import numpy as np

from npkpose._check import check_array, check_choice, check_finite


def oks(keypoints, true_keypoints, areas, sigmas, visibility=None, absent="raise"):
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

    Returns
    -------
    similarity : ndarray, shape (D, G)
        0 for a true person without a labelled keypoint.

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
    if visibility is None:
        labelled = ~np.isnan(truth).any(axis=2)
    else:
        labelled = check_array("visibility", visibility, (len(truth), parts)) > 0
    truth = np.where(labelled[..., None], truth, 0.0)
    check_finite("true_keypoints", truth)

    squared = ((keypoints[:, None] - truth) ** 2).sum(axis=3)  # (D, G, K)
    near = np.exp(-squared / (2 * areas[:, None] * (2 * sigmas) ** 2))
    near = np.where(np.isnan(near), 0.0, near) * labelled
    return near.sum(axis=2) / np.maximum(labelled.sum(axis=1), 1)


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
