"""Twin of `npkpose.codec.heatmap.decode`: all maps at once, by indexing and `np.where`."""

import numpy as np

from npkpose.reference.codec.heatmap.argmax import highest_pixels
from npkpose.reference.codec.heatmap.dark import newton_points


def decode_heatmaps(heatmaps, refine="log_parabola", blur_kernel=11):
    """Return coords (N, K, 2) and scores (N, K), as the compiled `decode_heatmaps` does."""
    heatmaps = np.asarray(heatmaps, dtype=np.float64)
    images, keypoints, height, width = heatmaps.shape
    maps = heatmaps.reshape(-1, height, width)
    pixels, scores = highest_pixels(maps)
    x, y = np.nan_to_num(pixels).astype(int).T

    # NaN frame of two pixels, so that the five pixels around a peak always exist.
    finite = np.where(np.isfinite(maps), maps, np.nan)
    padded = np.pad(finite, ((0, 0), (2, 2), (2, 2)), constant_values=np.nan)
    m, reach = np.arange(len(maps))[:, None], np.arange(5)
    along_x = padded[m, y[:, None] + 2, x[:, None] + reach]  # (M, 5)
    along_y = padded[m, y[:, None] + reach, x[:, None] + 2]  # (M, 5)
    dark = refine in ("dark", "dark_udp")
    method = "log_parabola" if dark else refine
    coords = pixels + np.stack([offset(along_x, method), offset(along_y, method)], axis=1)
    if dark:
        sigma = 0.15 * blur_kernel + 0.35
        weights = np.exp(-((np.arange(blur_kernel) - blur_kernel // 2) ** 2) / (2 * sigma**2))
        spacing = 2 if refine == "dark" else 1
        points = newton_points(maps, pixels, weights / weights.sum(), spacing)
        coords = np.where(np.isnan(points), coords, points)
    return coords.reshape(images, keypoints, 2), scores.reshape(images, keypoints)


def offset(values, refine):
    """Offset from the middle of five pixels (M, 5), a missing pixel being NaN: (M,)."""
    a2, a, b, c, c2 = values.T
    with np.errstate(all="ignore"):
        before, after = extrapolated(b, c, c2), extrapolated(b, a, a2)
        d = np.where(np.isnan(a), c2, np.where(np.isnan(c), a2, b))
        a, c = np.where(np.isnan(a), before, a), np.where(np.isnan(c), after, c)
        return REFINEMENTS[refine](a, b, c, d)


def extrapolated(b, c, d):
    """The pixel before b, c, d: of the Gaussian through them, or of the parabola."""
    positive = (b > 0) & (c > 0) & (d > 0)
    return np.where(positive, d * (b / c) ** 3, 3 * b - 3 * c + d)


def argmax(a, b, c, d):
    """No offset."""
    return np.zeros(len(b))


def quarter(a, b, c, d):
    """A quarter of a pixel towards the higher neighbour."""
    return np.where(a - 2 * b + c < 0, 0.25 * np.sign(c - a), 0.0)


def parabola(a, b, c, d):
    """The highest point of the parabola through a, b, c, at most a pixel away."""
    curvature = a - 2 * b + c
    large = np.isneginf(curvature) & np.isfinite(b)  # too large for a float
    a, b, c = (np.where(large, x / 8, x) for x in (a, b, c))
    curvature = a - 2 * b + c
    return np.where(curvature < 0, np.clip(0.5 * (a - c) / curvature, -1, 1), 0.0)


def log_parabola(a, b, c, d):
    """The same for the logarithms, where all four pixels are positive."""
    positive = (a > 0) & (b > 0) & (c > 0) & (d > 0)
    of_logs = parabola(np.log(a), np.log(b), np.log(c), d)
    return np.where(positive, of_logs, parabola(a, b, c, d))


REFINEMENTS = {
    "argmax": argmax, "quarter": quarter, "parabola": parabola, "log_parabola": log_parabola,
}  # fmt: skip
