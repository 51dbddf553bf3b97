"""Twin of `npkpose.codec.heatmap.hidden_peaks`: Gaussians on whole maps, step after step."""

import numpy as np

ROUNDS, FITS, REACH, DAMPING, RIDGE = 3, 3, 3, 0.02, 1e-9
MIN_DISTANCE, MAX_UNEXPLAINED, MAX_ERROR_RATIO = 0.5, 0.2, 0.5


def add_hidden_peaks(image, known, threshold):
    """Return the known Gaussians of one map, some of them moved, and behind them the hidden."""
    room, gaussians = 3 * len(known), list(known)
    for _ in range(ROUNDS):
        total = len(gaussians)
        gaussians += _uncover(image, gaussians, threshold)[: room - total]
        for h in range(total, len(gaussians)):
            _settle(image, gaussians, h, threshold)
        if len(gaussians) == total:
            break
    return [g for g in gaussians if g is not None]


def _uncover(image, gaussians, threshold):
    """A Gaussian of its owner's width at each pixel that most exceeds the model."""
    model, owner = _draw(image.shape, gaussians)
    excess, padded, more = image - model, np.pad(image, 1), []
    for m, gaussian in enumerate(gaussians):
        for j, i in np.argwhere((owner == m) & (excess > threshold)):
            around = np.argwhere(_about(image.shape, i, j, REACH))
            if (j, i) != min(map(tuple, around), key=lambda p: (-excess[p], p)):
                continue
            s2, offset = gaussian[3], []
            for ends in (padded[j + 1, i : i + 3 : 2], padded[j : j + 3 : 2, i + 1]):
                slope = s2 * np.log(ends[1] / ends[0]) / 2 if (ends > 0).all() else 0.0
                offset.append(np.clip(slope, -1, 1))
            log_a = np.log(image[j, i]) + np.square(offset).sum() / (2 * s2)
            more.append((i + offset[0], j + offset[1], log_a, s2))
    return more


def _settle(image, gaussians, h, threshold):
    """Fit Gaussian h and its neighbours; reject it and restore them if it is no peak."""
    before, (x, y) = list(gaussians), gaussians[h][:2]
    near = _about(image.shape, x, y, REACH)
    without, owner = _draw(image.shape, [*gaussians[:h], None, *gaussians[h + 1 :]])
    excess = abs(image - without)[near].max(initial=0)
    parent = owner[nearest(image, x, y)[::-1]]
    for _ in range(FITS):
        _, owner = _draw(image.shape, gaussians)
        for m, g in enumerate(gaussians):
            if g is not None and abs(g[0] - x) <= REACH and abs(g[1] - y) <= REACH:
                gaussians[m] = _fit(image, owner == m, g, threshold / 2)
    drawn = _draw(image.shape, gaussians)
    left = abs(image - drawn[0])[near].max(initial=0)
    of_two, of_ellipse = _errors(image, threshold / 2, drawn, (x, y), (parent, h))
    others = [g for m, g in enumerate(gaussians) if m != h and g is not None]
    apart = [np.hypot(*np.subtract(g[:2], gaussians[h][:2])) for g in others]
    tall = value(image, *gaussians[h][:2]) > threshold
    explained = left <= MAX_UNEXPLAINED * excess and of_two < MAX_ERROR_RATIO * of_ellipse
    if not tall or not explained or min(apart) < MIN_DISTANCE:
        gaussians[:] = before
        gaussians[h] = None


def _draw(shape, gaussians):
    """The value of the highest Gaussian at each pixel, and its number."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    model, owner = np.zeros(shape), np.full(shape, -1)
    for m, gaussian in enumerate(gaussians):
        if gaussian is not None:
            cx, cy, log_a, s2 = gaussian
            height = np.exp(log_a - ((x - cx) ** 2 + (y - cy) ** 2) / (2 * s2))
            better = _about(shape, cx, cy, REACH) & (height > model)
            model[better], owner[better] = height[better], m
    return model, owner


def _fit(image, mine, gaussian, least):
    """The Gaussian, moved by at most a pixel along each axis to fit its own pixels."""
    x, y, _, s2 = gaussian
    mine = mine & _about(image.shape, x, y, REACH - 1) & (image > least)
    if mine.sum() < 3:
        return gaussian
    j, i = np.nonzero(mine)
    u, v, weights = i - x, j - y, image[mine] ** 2 / (image[mine] ** 2).sum()
    g = np.log(image[mine]) + (u * u + v * v) / (2 * s2)
    points = np.stack([u, v])
    centre, level = points @ weights, g @ weights
    covariance = (points - centre[:, None]) * weights @ (points - centre[:, None]).T
    beta = np.linalg.solve(covariance + DAMPING * np.eye(2), points @ (weights * (g - level)))
    dx, dy = np.clip(s2 * beta, -1, 1)
    log_a = level - beta @ centre + (dx * dx + dy * dy) / (2 * s2)
    high, wide = image.shape
    return np.clip(x + dx, -1, wide), np.clip(y + dy, -1, high), log_a, s2


def _errors(image, least, drawn, place, pair):
    """Squared errors of the two Gaussians ``pair``, and of one ellipse fitted to their pixels."""
    model, owner = drawn
    mine = _about(image.shape, *place, REACH) & np.isin(owner, pair) & (image > least)
    h = image[mine]
    of_two = np.square(h - model[mine]).sum()
    if len(h) < 7:
        return of_two, 0.0
    v, u = np.argwhere(mine).T - np.reshape(place[::-1], (2, 1))
    rows = np.stack([np.ones(len(u)), u, v, u * u, u * v, v * v])
    normal = (rows * h * h) @ rows.T
    normal[range(1, 6), range(1, 6)] += RIDGE * normal[0, 0]
    log_h = np.linalg.solve(normal, rows @ (h * h * np.log(h))) @ rows
    return of_two, np.square(h - np.exp(np.minimum(log_h, 100.0))).sum()


def nearest(image, x, y):
    """Column and row of the pixel nearest to (x, y)."""
    i, j = (int(np.floor(c + 0.5)) for c in (x, y))
    return min(max(i, 0), image.shape[1] - 1), min(max(j, 0), image.shape[0] - 1)


def value(image, x, y):
    """The value of the pixel nearest to (x, y)."""
    i, j = nearest(image, x, y)
    return image[j, i]


def _about(shape, x, y, reach):
    """Which pixels lie within ``reach`` of the one nearest to (x, y), along both axes."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return (abs(rows - np.floor(y + 0.5)) <= reach) & (abs(cols - np.floor(x + 0.5)) <= reach)
