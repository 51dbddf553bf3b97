"""Twin of `npkpose.tracking.similarity`: a table of all pairs and keypoints."""

import numpy as np

MARGIN, SPREAD, SCALE = 0.1, 0.05, 0.3


def track_similarity(tracked, variances, sizes, found):
    """Return the similarity (T, D) of tracked people and detections."""
    offsets = found[None] - tracked[:, None]  # (T, D, K, 2), NaN if missing
    common = ~np.isnan(offsets[..., 0])
    exponents = np.nansum(offsets**2, axis=3) / (2 * variances[:, None])
    near = np.where(common & (exponents < 40), np.exp(-exponents), 0)
    keypoints = near.sum(axis=2) / (common.sum(axis=2) + 1)
    low, high = _boxes(tracked[:, None], common, MARGIN * sizes)
    found_low, found_high = _boxes(found[None], common, MARGIN * sizes)
    shared = (np.minimum(high, found_high) - np.maximum(low, found_low)).clip(0).prod(axis=2)
    union = (high - low).prod(axis=2) + (found_high - found_low).prod(axis=2) - shared
    a = _spread(tracked[:, None], common) + SPREAD * sizes[:, None]
    b = _spread(found[None], common) + SPREAD * sizes[:, None]
    weight = np.exp(-0.5 * (np.log(b / a) / SCALE) ** 2)
    return weight * np.where(keypoints > 0, keypoints + shared / union, 0) / 2


def _spread(keypoints, common):
    """Return the root mean squared distance (T, D) of common keypoints from their mean."""
    count = np.maximum(common.sum(axis=2), 1)[..., None]
    known = np.where(common[..., None], keypoints, 0)
    offsets = known - (known.sum(axis=2) / count)[:, :, None]
    return np.sqrt((offsets**2 * common[..., None]).sum(axis=(2, 3)) / count[..., 0])


def _boxes(keypoints, common, margins):
    """Return the corners (T, D, 2) of widened boxes; from 0 to 1 where nothing is common."""
    known = np.where(common[..., None], keypoints, np.nan)
    known[~common.any(axis=2)] = [(0, 0), (1, 1), *[(np.nan, np.nan)] * (known.shape[2] - 2)]
    margins = margins[:, None, None]
    return np.nanmin(known, axis=2) - margins, np.nanmax(known, axis=2) + margins
