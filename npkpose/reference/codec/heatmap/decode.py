"""Twin of `npkpose.codec.heatmap.decode`: all maps at once, by indexing and `np.where`."""

import numpy as np

from npkpose.reference.codec.heatmap.argmax import highest_pixels
from npkpose.reference.codec.heatmap.dark import newton_points


def decode_heatmaps(heatmaps, refine="log_parabola", blur_kernel=11):
    """Return coords (N, K, 2) and scores (N, K), as `codec.decode.decode_heatmaps` does."""
    heatmaps = np.asarray(heatmaps, dtype=np.float64)
    images, parts, height, width = heatmaps.shape
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
    return coords.reshape(images, parts, 2), scores.reshape(images, parts)


def offset(values, refine):
    """Offset from the middle of five pixels (M, 5), NaN where there is none: (M,)."""
    a2, a, b, c, c2 = values.T
    if refine == "argmax":
        return np.zeros(len(values))
    with np.errstate(all="ignore"):
        beyond = np.where(np.isnan(a), c2, np.where(np.isnan(c), a2, b))
        left, right = _extend(b, c, c2), _extend(b, a, a2)
        a, c = np.where(np.isnan(a), left, a), np.where(np.isnan(c), right, c)
        slope, bend = c - a, a - 2 * b + c
        if refine == "quarter":
            offset = 0.25 * np.sign(slope)
        else:
            offset = -0.5 * slope / bend
        if refine == "log_parabola":
            positive = (a > 0) & (b > 0) & (c > 0) & (beyond > 0)
            log_bend = np.log(a) - 2 * np.log(b) + np.log(c)
            log_offset = -0.5 * np.log(c / a) / log_bend
            offset = np.where(positive, log_offset, offset)
            bend = np.where(positive, log_bend, bend)
        return np.where(bend < 0, np.clip(offset, -1, 1), 0.0)


def _extend(b, c, d):
    """What a Gaussian through b, c, d has before b; a parabola, if not all are positive."""
    positive = (b > 0) & (c > 0) & (d > 0)
    return np.where(positive, d * (b / c) ** 3, 3 * b - 3 * c + d)
