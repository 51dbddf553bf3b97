"""Twin of `npkpose.metrics.oks`: one pair at a time, step by step as COCO defines it."""

import numpy as np


def pair_oks(keypoints, people, sigmas, pairs):
    """Return the similarity (M,), as `metrics.oks.pair_oks` does."""
    sigmas = np.array([_as_tenths(float(sigma)) for sigma in sigmas])
    return np.array([_oks(keypoints[d], [part[g] for part in people], sigmas) for d, g in pairs])


def _as_tenths(sigma):
    tenths = round(10 * sigma, 12) / 10
    return tenths if abs(tenths - sigma) <= 2 * np.spacing(sigma) else sigma


def _oks(pose, person, sigmas):
    truth, labelled, area, (x, y, width, height) = person
    if labelled.any():
        offset = pose - truth
    else:
        low = np.array([x - width, y - height])
        high = np.array([x + 2 * width, y + 2 * height])
        offset = np.maximum(0, low - pose) + np.maximum(0, pose - high)
    with np.errstate(all="ignore"):
        exponents = (offset[:, 0] ** 2 + offset[:, 1] ** 2) / (2 * sigmas) ** 2
        exponents = exponents / (area + np.spacing(1)) / 2
        near = np.exp(-exponents[labelled] if labelled.any() else -exponents)
    return near.sum() / len(near)
