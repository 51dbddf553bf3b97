"""Twin of `npkpose.codec.heatmap.merged_peaks`: one map, and one Gaussian, after another."""

import numpy as np

from npkpose.reference.codec.heatmap.hidden_peaks import add_hidden_peaks, nearest, value

MIN_S2 = 0.1


def separate_peaks(heatmaps, peaks, threshold=0.1):
    """Return points (M, 2), scores (M,) and first (K + 1,), as the compiled function does."""
    points, scores, first = [], [], [0]
    for k, image in enumerate(np.asarray(heatmaps, np.float32).astype(float)):
        own = slice(peaks.first[k], peaks.first[k + 1])
        known = [_measure(image, x, y, threshold) for x, y in peaks.points[own]]
        gaussians = add_hidden_peaks(image, known, threshold)
        tall = [*peaks.scores[own], *(value(image, *g[:2]) for g in gaussians[len(known) :])]
        order = np.argsort(-np.array(tall), kind="stable")
        points += [gaussians[m][:2] for m in order]
        scores += [tall[m] for m in order]
        first.append(len(points))
    return np.reshape(points, (-1, 2)), np.array(scores), np.array(first)


def _measure(image, x, y, threshold):
    """(x, y, log height, s^2) of a peak."""
    i, j = nearest(image, x, y)
    here, padded, widths = max(image[j, i], threshold), np.pad(image, 1), []
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        ends = padded[j + 1 - dy, i + 1 - dx] * padded[j + 1 + dy, i + 1 + dx]
        if 0 < ends < here**2:
            widths.append((dx * dx + dy * dy) / -np.log(ends / here**2))
    s2 = max(min(widths), MIN_S2) if widths else 1.0
    return x, y, np.log(here) + ((x - i) ** 2 + (y - j) ** 2) / (2 * s2), s2
