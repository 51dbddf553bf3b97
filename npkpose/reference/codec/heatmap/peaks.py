"""Twin of `npkpose.codec.heatmap.peaks`: plateaus by labelling, distances as a table."""

import numpy as np

from npkpose.reference.codec.heatmap.decode import offset


def find_peaks(heatmaps, threshold=0.1, refine="log_parabola", min_distance=0.0, max_peaks=None):
    """Return one array (M_k, 3) of x, y, score for each map, in a list."""
    return [
        _peaks(np.asarray(m, float), threshold, refine, min_distance, max_peaks) for m in heatmaps
    ]


def _peaks(image, threshold, refine, min_distance, max_peaks):
    peaks = []
    for plateau in _plateaus(image):
        value = image[plateau[0]]
        around = set().union(*(_neighbours(image, *pixel) for pixel in plateau)) - set(plateau)
        higher = any(value < image[pixel] < np.inf for pixel in around)
        if value > threshold and around and not higher:
            peaks.append((*_place(image, plateau, refine), value))
    peaks.sort(key=lambda peak: -peak[2])  # stable
    kept = []
    for peak in peaks:
        if all(np.hypot(peak[0] - p[0], peak[1] - p[1]) >= min_distance for p in kept):
            kept.append(peak)
    return np.reshape(kept[:max_peaks], (-1, 3))


def _neighbours(image, y, x):
    """The pixels of the 3 x 3 block around (y, x) that lie in the image."""
    rows, columns = range(max(y - 1, 0), y + 2), range(max(x - 1, 0), x + 2)
    return {(j, i) for j in rows for i in columns if j < image.shape[0] and i < image.shape[1]}


def _plateaus(image):
    """Connected sets of equal finite pixels, each a sorted list of (y, x), in raster order."""
    left = {(y, x) for y, x in np.ndindex(image.shape) if np.isfinite(image[y, x])}
    for start in sorted(left):
        if start not in left:
            continue
        plateau, front = {start}, [start]
        while front:
            pixel = front.pop()
            near = {p for p in _neighbours(image, *pixel) & left if image[p] == image[start]}
            front += near - plateau
            plateau |= near
        left -= plateau
        yield sorted(plateau)


def _place(image, plateau, refine):
    """(x, y) of a peak: the mean of its refined pixels."""
    padded = np.pad(np.where(np.isfinite(image), image, np.nan), 2, constant_values=np.nan)
    along_x = np.array([padded[y + 2, x : x + 5] for y, x in plateau])
    along_y = np.array([padded[y : y + 5, x + 2] for y, x in plateau])
    offsets = np.stack([offset(along_x, refine), offset(along_y, refine)], axis=1)
    return (np.array(plateau)[:, ::-1] + offsets).mean(axis=0)
