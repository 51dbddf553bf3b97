"""Twin of `npkpose.codec.paf.fields`: tent weights, and the distances of all pixels."""

import numpy as np


def limb_scores(paf, starts, ends, num_samples=10):
    """Return the mean projection (M,) of the field on each limb, as the kernel does."""
    scores = []
    for a, b in zip(starts, ends):
        length = np.linalg.norm(b - a)
        vectors = sample(paf, np.linspace(a, b, num_samples))
        scores.append((vectors @ (b - a)).mean() / length if length > 0.0 else 0.0)
    return np.array(scores)


def sample(paf, points):
    """Bilinear samples (S, 2) of a field (2, H, W) at points (S, 2) inside it."""
    _, height, width = paf.shape
    tent_x = np.maximum(0.0, 1.0 - abs(points[:, :1] - np.arange(width)))  # (S, W)
    tent_y = np.maximum(0.0, 1.0 - abs(points[:, 1:] - np.arange(height)))  # (S, H)
    return np.einsum("sh,sw,ihw->si", tent_y, tent_x, paf)


def paf_fields(keypoints, skeleton, size, width):
    """Return the fields (C, H, W) of people (P, K, 2) in heatmap pixels, limb after limb."""
    fields = np.zeros((skeleton.num_paf_channels, *size))
    for (a, b), channels in zip(skeleton.limbs, skeleton.paf_channels):
        fields[list(channels)] = limb_field(keypoints[:, a], keypoints[:, b], size, width)
    return fields


def limb_field(starts, ends, size, width):
    """Return the field (2, H, W) of one limb type, from starts (P, 2) to ends (P, 2)."""
    total, count = np.zeros((2, *size)), np.zeros(size)
    pixels = np.moveaxis(np.indices(size)[::-1], 0, -1)  # (H, W, 2): x, y
    for a, b in zip(starts, ends):
        length = np.linalg.norm(b - a)
        if not length > 0:  # zero, or NaN for a missing end
            continue
        along = np.clip((pixels - a) @ (b - a) / length, 0, length)[..., None]  # (H, W, 1)
        near = np.linalg.norm(pixels - a - along * (b - a) / length, axis=2) <= width
        total += ((b - a) / length)[:, None, None] * near
        count += near
    return total / np.maximum(count, 1)
