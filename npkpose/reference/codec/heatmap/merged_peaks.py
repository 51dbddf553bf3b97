"""Twin of `npkpose.codec.heatmap.merged_peaks`: Gaussians on whole maps, one step after another."""

import numpy as np

REACH, STAY, RIDGE = 3, 0.02, 1e-9
ROUNDS, FITS, NARROW, APART, UNEXPLAINED, BETTER = 3, 3, 0.1, 0.5, 0.2, 0.5


def separate_peaks(heatmaps, peaks, threshold=0.1):
    """Return points (M, 2), scores (M,) and first (K + 1,), as `codec.separate` does."""
    points, scores, first = [], [], [0]
    for k, image in enumerate(np.asarray(heatmaps, np.float32).astype(float)):
        own = slice(peaks.first[k], peaks.first[k + 1])
        known = [_measure(image, x, y, threshold) for x, y in peaks.points[own]]
        hidden = _hidden(image, known, threshold)
        tall = [*peaks.scores[own], *(_value(image, *g[:2]) for g in hidden)]
        order = np.argsort(-np.array(tall), kind="stable")
        points += [(known + hidden)[m][:2] for m in order]
        scores += [tall[m] for m in order]
        first.append(len(points))
    return np.reshape(points, (-1, 2)), np.array(scores), np.array(first)


def _measure(image, x, y, threshold):
    """(x, y, log height, s^2) of a peak."""
    i, j = _nearest(image, x, y)
    here, padded, widths = max(image[j, i], threshold), np.pad(image, 1), []
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        ends = padded[j + 1 - dy, i + 1 - dx] * padded[j + 1 + dy, i + 1 + dx]
        if 0 < ends < here**2:
            widths.append((dx * dx + dy * dy) / -np.log(ends / here**2))
    s2 = max(min(widths), NARROW) if widths else 1.0
    return x, y, np.log(here) + ((x - i) ** 2 + (y - j) ** 2) / (2 * s2), s2


def _hidden(image, known, threshold):
    """Settle what is hidden beside the ``known``, which move; return it."""
    room, everybody = 3 * len(known), list(known)
    for _ in range(ROUNDS):
        more = _uncover(image, everybody, threshold)[: room - len(everybody)]
        first, everybody = len(everybody), everybody + more
        for h in range(first, len(everybody)):
            _settle(image, everybody, h, threshold)
        if not more:
            break
    hidden = [g for g in everybody[len(known) :] if g is not None]
    known[:] = everybody[: len(known)]
    return hidden


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
    """Fit number h and those about it; where it proves to be none, undo that and forget it."""
    before, (x, y) = list(gaussians), gaussians[h][:2]
    near = _about(image.shape, x, y, REACH)
    without, owner = _draw(image.shape, [*gaussians[:h], None, *gaussians[h + 1 :]])
    excess = abs(image - without)[near].max(initial=0)
    parent = owner[_nearest(image, x, y)[::-1]]
    for _ in range(FITS):
        _, owner = _draw(image.shape, gaussians)
        for m, g in enumerate(gaussians):
            if g is not None and abs(g[0] - x) <= REACH and abs(g[1] - y) <= REACH:
                gaussians[m] = _fit(image, owner == m, g, threshold / 2)
    drawn = _draw(image.shape, gaussians)
    left = abs(image - drawn[0])[near].max(initial=0)
    of_two, of_ellipse = _compare_with_ellipse(image, threshold / 2, drawn, (x, y), (parent, h))
    others = [g for m, g in enumerate(gaussians) if m != h and g is not None]
    apart = [np.hypot(*np.subtract(g[:2], gaussians[h][:2])) for g in others]
    tall = _value(image, *gaussians[h][:2]) > threshold
    good = left <= UNEXPLAINED * excess and of_two < BETTER * of_ellipse
    if not tall or not good or min(apart) < APART:
        gaussians[:] = before
        gaussians[h] = None


def _draw(shape, gaussians):
    """The highest Gaussian at each pixel, and its number."""
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
    """The Gaussian, moved to where its own pixels say, by at most a pixel along each axis."""
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
    beta = np.linalg.solve(covariance + STAY * np.eye(2), points @ (weights * (g - level)))
    dx, dy = np.clip(s2 * beta, -1, 1)
    log_a = level - beta @ centre + (dx * dx + dy * dy) / (2 * s2)
    high, wide = image.shape
    return np.clip(x + dx, -1, wide), np.clip(y + dy, -1, high), log_a, s2


def _compare_with_ellipse(image, least, drawn, place, pair):
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


def _nearest(image, x, y):
    """Column and row of the pixel nearest to (x, y)."""
    i, j = (int(np.floor(value + 0.5)) for value in (x, y))
    return min(max(i, 0), image.shape[1] - 1), min(max(j, 0), image.shape[0] - 1)


def _value(image, x, y):
    i, j = _nearest(image, x, y)
    return image[j, i]


def _about(shape, x, y, reach):
    """Which pixels lie within ``reach`` of the one nearest to (x, y), along both axes."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return (abs(rows - np.floor(y + 0.5)) <= reach) & (abs(cols - np.floor(x + 0.5)) <= reach)
