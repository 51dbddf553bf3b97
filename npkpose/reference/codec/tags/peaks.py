"""Twin of `npkpose.codec.tags.peaks`: plateaus as sets, all windows compared."""

import numpy as np


def find_tag_peaks(heatmaps, threshold, max_peaks, offset):
    """Return one list per map of ((x, y) point, score, (y, x) first pixel)."""
    return [_peaks(image, threshold, offset)[:max_peaks] for image in heatmaps]


def offset_pixels(heatmaps, pixels, offset):
    """Return the points (M, 2) of pixels (M, 3): map, y, x."""
    return np.array([_point(heatmaps[k], y, x, offset) for k, y, x in pixels]).reshape(-1, 2)


def _peaks(image, threshold, offset):
    finite = {pixel for pixel in np.ndindex(image.shape) if np.isfinite(image[pixel])}
    peaks, left = [], {pixel for pixel in finite if image[pixel] > threshold}
    while left:
        start = min(left)
        plateau, grown = set(), {start}
        while grown != plateau:
            plateau = grown
            equal = {pixel for pixel in left if image[pixel] == image[start]}
            grown = {p for p in equal if any(_near(p, q) for q in plateau)}
        left -= plateau
        around = {p for p in finite - plateau if any(_near(p, q) for q in plateau)}
        if all(image[p] < image[start] for p in around) and len(plateau) < image.size:
            point = np.mean([_point(image, *pixel, offset) for pixel in plateau], axis=0)
            peaks.append((tuple(point), image[start], start))
    return sorted(peaks, key=lambda peak: -peak[1])  # stable


def _near(p, q):
    return max(abs(p[0] - q[0]), abs(p[1] - q[1])) <= 2


def _point(image, y, x, offset):
    """(x, y), each moved towards the higher neighbour if both neighbours exist."""
    padded = np.pad(np.where(np.isfinite(image), image, np.nan), 1, constant_values=np.nan)
    across, down = padded[y + 1, x : x + 3], padded[y : y + 3, x + 1]
    slopes = np.nan_to_num([np.sign(across[2] - across[0]), np.sign(down[2] - down[0])])
    return x + offset * slopes[0], y + offset * slopes[1]
