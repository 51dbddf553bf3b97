"""Twin of `npkpose.codec.heatmap.dark`: a map at a time, by matrix products and a solver."""

import numpy as np


def newton_points(maps, pixels, weights, spacing):
    """Return the points (M, 2), as the compiled `newton_points` does."""
    steps = np.full((len(maps), 2), np.nan)
    for m in np.flatnonzero(~np.isnan(pixels[:, 0])):
        x, y = pixels[m].astype(int)
        steps[m] = newton_step(maps[m], x, y, weights, spacing)
    return pixels + steps


def newton_step(image, x, y, weights, spacing):
    """Step (dx, dy) from the pixel (x, y), or NaN."""
    taps = len(weights)
    reach = taps // 2 + 2
    image = np.where(np.isfinite(image), image, np.nan).astype(np.float64)
    window = np.pad(image, reach, constant_values=np.nan)[y:, x:][: 2 * reach + 1, : 2 * reach + 1]
    window = _mirrored(_mirrored(window).T).T

    f = np.full((5, 5), np.inf)
    for j, i in np.ndindex(5, 5):
        if (j in (1, 2, 3) and i in (1, 2, 3)) or j == 2 or i == 2:
            blurred = weights @ window[j : j + taps, i : i + taps] @ weights
            if not blurred > 0:
                return np.nan, np.nan
            f[j, i] = np.log(blurred)
    if f.min() < f[2, 2] + np.log(1e-70):
        return np.nan, np.nan
    hessian, gradient = _derivatives(f, spacing)
    if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian).max() > -1e-6:
        return np.nan, np.nan
    step = -np.linalg.solve(hessian, gradient)
    return step if np.linalg.norm(step) <= 1 else (np.nan, np.nan)


def _mirrored(window):
    """Fill each row's NaN from its other side, as for a Gaussian along x: h(d) = h(-d) ratio^d."""
    reach = len(window) // 2
    d = np.arange(-reach, reach + 1)
    row = dict(zip(d, window[reach]))
    with np.errstate(all="ignore"):
        before = row[2] * (row[0] / row[1]) ** 3 if np.isnan(row[-1]) else row[-1]
        after = row[-2] * (row[0] / row[-1]) ** 3 if np.isnan(row[1]) else row[1]
        ratio = after / before if np.min([before, row[0], after]) > 0 else np.nan
        return np.where(np.isnan(window), window[:, ::-1] * ratio**d, window)


def _derivatives(f, spacing):
    """Hessian (2, 2) and gradient (2,) at the middle of 5 x 5 values, x first."""
    gradient = np.array([f[2, 3] - f[2, 1], f[3, 2] - f[1, 2]]) / 2
    s = spacing
    f_xx = (f[2, 2 + s] - 2 * f[2, 2] + f[2, 2 - s]) / s**2
    f_yy = (f[2 + s, 2] - 2 * f[2, 2] + f[2 - s, 2]) / s**2
    diagonal = (f[3, 3] - f[1, 3] - f[3, 1] + f[1, 1]) / 4
    sheared = (f[3, 3] + f[1, 1] + 2 * f[2, 2] - f[2, 3] - f[3, 2] - f[2, 1] - f[1, 2]) / 2
    f_xy = diagonal if s == 2 else sheared
    return np.array([[f_xx, f_xy], [f_xy, f_yy]]), gradient
