"""Twin of `npkpose.codec.paf.fill_missing`: all pixels at once, by the twin's line integrals."""

import numpy as np

from npkpose.reference.codec.paf.fields import limb_scores
from npkpose.reference.codec.tags.peaks import offset_pixels

FIELD_WEIGHT, MAX_LIMB_LENGTH, OFFSET = 0.3, 0.5, 0.25


def fill_missing_keypoints(keypoints, heatmaps, pafs, skeleton, num_samples=10):
    """Return keypoints (P, K, 2), filled in round after round until nothing changes."""
    return np.array([_fill(points, heatmaps, pafs, skeleton, num_samples) for points in keypoints])


def _fill(points, heatmaps, pafs, skeleton, num_samples):
    """Return the points (K, 2) of one person, filled in."""
    pixels, moved = points.copy(), points.copy()
    for _ in range(len(points)):
        found = ~np.isnan(pixels[:, 0])
        before = pixels.copy()
        for k in np.flatnonzero(~found) if found.any() else ():
            best = best_pixel(k, before, heatmaps[k], pafs, skeleton, num_samples)
            if best is not None:
                pixels[k] = best[::-1]
                moved[k] = offset_pixels(heatmaps, [(k, *best)], OFFSET)[0]
    return moved


def best_pixel(k, points, heatmap, pafs, skeleton, num_samples=10):
    """Return the pixel (y, x) for the missing keypoint k of points (K, 2), or None."""
    found = ~np.isnan(points[:, 0])
    max_length = max(MAX_LIMB_LENGTH * np.ptp(points[found], axis=0).max(), 1.0)
    height, width = heatmap.shape
    pixels = np.indices((height, width))[::-1].reshape(2, -1).T.astype(float)  # x, y
    scores = []
    for ends, channels in zip(skeleton.limbs, skeleton.paf_channels):
        for (j, other), sign in ((ends, 1), (ends[::-1], -1)):
            if other == k and found[j]:
                start = np.clip(points[j], 0, [width - 1, height - 1])
                start = np.tile(start, (len(pixels), 1))
                score = sign * limb_scores(pafs[list(channels)], start, pixels, num_samples)
                far = np.hypot(*(pixels - points[j]).T) > max_length
                scores.append(np.where(far, np.nan, np.minimum(score, 1)))
    near = ~np.isnan(scores).all(axis=0) if scores else np.zeros(1, bool)
    if not near.any():
        return None
    total = heatmap.ravel() + FIELD_WEIGHT * np.where(np.isnan(scores), -1, scores).mean(axis=0)
    return np.unravel_index(np.where(near, total, -np.inf).argmax(), heatmap.shape)
