"""Twin of `npkpose.codec.nms`: a table of all similarities, then a greedy choice."""

import numpy as np


def oks_nms(keypoints, areas, sigmas, scores, threshold):
    """Return kept indices for people (P, K, 2), as the compiled `oks_nms` does."""
    return greedy(pose_similarity(keypoints, areas, sigmas), scores, threshold)


def pose_similarity(keypoints, areas, sigmas):
    """Return the similarity (P, P) of people, over the keypoints that both have."""
    squared = ((keypoints[:, None] - keypoints) ** 2).sum(axis=3)  # (P, P, K), NaN if missing
    area = (areas[:, None] + areas) / 2
    with np.errstate(all="ignore"):
        near = np.exp(-squared / (2 * area[..., None] * (2 * np.asarray(sigmas)) ** 2))
        near = np.where(squared == 0, 1.0, near)
        common = (~np.isnan(squared)).sum(axis=2)
        return np.nansum(near, axis=2) / np.maximum(common, 1)


def box_nms(boxes, scores, threshold):
    """Return kept indices for boxes (N, 4), as the compiled `box_nms` does."""
    low, high = boxes[:, :2], boxes[:, 2:]
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    shared = shared.clip(0).prod(axis=2)  # (N, N)
    area = (high - low).prod(axis=1)
    union = area[:, None] + area - shared
    return greedy(shared / np.where(shared > 0, union, 1), scores, threshold)


def greedy(similarity, scores, threshold):
    """Keep the best one left and drop all too similar to it, until none is left."""
    left = sorted(range(len(scores)), key=lambda n: -scores[n])  # stable
    kept = []
    while left:
        best = left[0]
        kept.append(best)
        left = [n for n in left[1:] if not similarity[best, n] > threshold]
    return kept
