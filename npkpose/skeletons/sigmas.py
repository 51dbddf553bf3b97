"""OKS constants of a skeleton for which nobody published them, from repeated labels.

Several annotators label the same objects. COCO defines the constant of a keypoint by

    sigma^2 = E[d^2 / A]

d is the distance of a label from the true place (pixels, both axes together), A the object's area
(pixels^2). cocodataset.org/#keypoints-eval; Ronchi and Perona, ICCV 2017, arXiv:1707.05388. The
true place is not known. With the mean of an object's n labels in its stead, the sum of d^2 is too
small by the factor (n - 1) / n on average, whatever the errors' distribution. So

    sigma^2 = sum over objects and labels of d^2 / A  /  sum over objects of (n - 1)

is unbiased, also where objects have different numbers of labels.
"""

import numpy as np

from npkpose._check import check_array


def estimate_sigmas(repeated_labels, areas):
    """Return the OKS constant of each keypoint: (K,), NaN where no object has two labels of it.

    ``dataclasses.replace(skeleton, sigmas=...)`` gives the skeleton with them. An estimate of m
    degrees of freedom (the sum of n - 1) is accurate to about 1 / (2 sqrt(m)) of its value.

    Parameters
    ----------
    repeated_labels : array_like, shape (R, N, K, 2)
        (x, y) in pixels by each of R annotators of each of N objects; NaN where one is missing.
    areas : array_like, shape (N,)
        Areas of the objects, pixels^2.

    Raises
    ------
    ValueError
        Wrong shape, a label that is infinite or half NaN, or an area that is not positive.
    """
    labels = check_array("repeated_labels", repeated_labels, ("R", "N", "K", 2), finite=False)
    areas = check_array("areas", areas, (labels.shape[1],))
    missing = np.isnan(labels)
    if np.isinf(labels).any() or (missing[..., 0] != missing[..., 1]).any():
        raise ValueError("repeated_labels: expected (x, y) finite or both NaN")
    if (areas <= 0).any():
        raise ValueError(f"areas: expected positive numbers, got {areas.min():g}")
    present = ~missing[..., 0]
    counts = present.sum(axis=0)  # (N, K)
    labels = labels / np.sqrt(areas)[:, None, None]
    means = np.where(present[..., None], labels, 0).sum(axis=0) / np.maximum(counts, 1)[..., None]
    squared = np.where(present, ((labels - means) ** 2).sum(axis=3), 0).sum(axis=0)
    freedom = np.maximum(counts - 1, 0).sum(axis=0).astype(float)
    freedom[freedom == 0] = np.nan
    return np.sqrt(squared.sum(axis=0) / freedom)


def known_sigmas(skeleton):
    """Return the OKS constants of a skeleton (K,), or raise ValueError if one is NaN."""
    sigmas = np.array(skeleton.sigmas)
    unknown = int(np.isnan(sigmas).sum())
    if unknown:
        raise ValueError(
            f"skeleton.sigmas: expected OKS constants of {skeleton.name}, got NaN for {unknown} of "
            f"{len(sigmas)} keypoints, for which nobody published one: take "
            "dataclasses.replace(skeleton, sigmas=...) with those of estimate_sigmas, or with "
            "0.05, a guess for all"
        )
    return sigmas
