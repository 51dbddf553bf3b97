"""Twin of `npkpose.codec.heatmap.decode`: all maps at once, by indexing and `np.where`."""

import numpy as np

from npkpose.reference.codec.heatmap.dark import newton_points


def decode_heatmaps(heatmaps, refine="log_parabola", blur_kernel=11):
    """Return coords (N, K, 2) and scores (N, K), as the compiled `decode_heatmaps` does."""
    if refine not in ("dark", "dark_udp"):
        return highest_points(heatmaps, refine)
    coords, scores = highest_points(heatmaps, "log_parabola")
    maps = np.asarray(heatmaps, dtype=np.float64).reshape(-1, *np.shape(heatmaps)[2:])
    sigma = 0.15 * blur_kernel + 0.35
    weights = np.exp(-((np.arange(blur_kernel) - blur_kernel // 2) ** 2) / (2 * sigma**2))
    spacing = 2 if refine == "dark" else 1
    points = newton_points(maps, highest_pixels(maps)[0], weights / weights.sum(), spacing)
    points = points.reshape(coords.shape)
    return np.where(np.isnan(points), coords, points), scores


def highest_points(heatmaps, refine):
    """Return coords (N, K, 2) and scores (N, K), as the compiled `highest_points` does."""
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
    coords = pixels + np.stack([offset(along_x, refine), offset(along_y, refine)], axis=1)
    return coords.reshape(images, keypoints, 2), scores.reshape(images, keypoints)


def highest_pixels(maps):
    """Return pixels (M, 2) and values (M,) by NumPy's argmax, -inf for what is not finite."""
    count, height, width = maps.shape
    flat = maps.reshape(count, height * width).astype(np.float64)
    lifted = np.where(np.isfinite(flat), flat, -np.inf)
    lowest = np.where(np.isfinite(flat), flat, np.inf).min(axis=1)
    y, x = np.divmod(lifted.argmax(axis=1), width)
    shown = lowest < lifted.max(axis=1)
    pixels = np.where(shown[:, None], np.stack([x, y], axis=1), np.nan)
    return pixels, np.where(shown, lifted.max(axis=1), 0.0)


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
