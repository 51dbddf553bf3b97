"""Peaks hidden beside known ones, in a map that is the maximum of its Gaussians.

Steps 2 to 5 of heatmap/merged_peaks.py: search, fit, accept or reject. A Gaussian is a row of
``gaussians``: its centre (x, y) in heatmap pixels, log height and s^2. ``canvas`` holds the scratch
arrays of one map: at each pixel the highest Gaussian (``model``) and its row (``owner``), one row
of exponentials, a system of linear equations, and a list of pixels.
"""

import math

import numpy as np

from npkpose._jit import kernel

X, Y, LOG_A, S2 = range(4)  # columns of ``gaussians``; log a is -inf for a rejected one
ROUNDS, FITS = 3, 3
REACH = 3  # pixels from its centre up to which a Gaussian is drawn
MIN_DISTANCE = 0.5  # pixels: two peaks nearer than this are one
MAX_UNEXPLAINED = 0.2  # a hidden Gaussian may leave this fraction of the largest error
MAX_ERROR_RATIO = 0.5  # two Gaussians may leave this fraction of an ellipse's squared error
DAMPING = 0.02  # pixels^2: keeps a centre in place across the line in which its pixels may lie
RIDGE = 1e-9  # the same for an ellipse


@kernel
def add_hidden_peaks(heatmaps, first, threshold, gaussians):
    """Add the hidden Gaussians of each map behind its known ones, and move those beside them.

    Map k has rows 3 first[k] to 3 first[k + 1], of which the first third is known; the log a of
    the others is -inf.
    """
    shape, list_size = heatmaps.shape[1:], (2 * REACH + 1) ** 2
    model, owner, across = np.empty(shape), np.empty(shape, np.int64), np.empty(2 * REACH + 1)
    canvas = model, owner, across, np.empty((7, 7)), np.empty((list_size, 4))
    for k in range(heatmaps.shape[0]):
        own = gaussians[3 * first[k] : 3 * first[k + 1]]
        _search(heatmaps[k], threshold, canvas, own, first[k + 1] - first[k])


@kernel
def _search(image, threshold, canvas, gaussians, total):
    """Find and settle hidden Gaussians, beside the ``total`` first rows, until none is found."""
    _draw(gaussians, np.arange(total), (0, image.shape[1], 0, image.shape[0]), canvas)
    for _ in range(ROUNDS):
        more = _uncover(image, threshold, canvas, gaussians, total)
        for h in range(total, more):
            _settle(image, threshold, canvas, gaussians[:more], h)
        if more == total:
            break
        total = more


@kernel
def _uncover(image, threshold, canvas, gaussians, total):
    """Add a Gaussian wherever the image most exceeds the model; return the new total."""
    model, owner, _, _, _ = canvas
    more = total
    for m in range(total):
        x, y, _, s2 = gaussians[m]
        left, right, top, bottom = _window(x, y, REACH, model.shape)
        for j in range(top, bottom):
            for i in range(left, right):
                hidden = owner[j, i] == m and image[j, i] - model[j, i] > threshold
                if hidden and more < gaussians.shape[0] and _is_top(image, model, i, j):
                    _place(image, i, j, s2, gaussians[more])
                    more += 1
    return more


@kernel
def _place(image, x, y, s2, gaussian):
    """Set a Gaussian to have the value and the slopes of log h at a pixel."""
    dx = _shift(_pixel(image, x - 1, y), _pixel(image, x + 1, y), s2)
    dy = _shift(_pixel(image, x, y - 1), _pixel(image, x, y + 1), s2)
    gaussian[X], gaussian[Y], gaussian[S2] = x + dx, y + dy, s2
    gaussian[LOG_A] = math.log(image[y, x]) + (dx * dx + dy * dy) / (2 * s2)


@kernel
def _is_top(image, model, x, y):
    """Is the excess at (x, y) the largest within REACH, the first of equals in raster order?"""
    excess = image[y, x] - model[y, x]
    left, right, top, bottom = _window(x, y, REACH, model.shape)
    for j in range(top, bottom):
        for i in range(left, right):
            other = image[j, i] - model[j, i]
            if other > excess or other == excess and (j < y or j == y and i < x):
                return False
    return True


@kernel
def _shift(before, after, s2):
    """s^2 times the slope of log h: from the pixel to the centre, at most a pixel."""
    if before <= 0 or after <= 0:
        return 0.0
    return min(max(0.5 * s2 * math.log(after / before), -1.0), 1.0)


@kernel
def _settle(image, threshold, canvas, gaussians, h):
    """Fit the hidden Gaussian h and its neighbours; reject it and restore them if it is no peak."""
    x, y = gaussians[h, X], gaussians[h, Y]
    region = _window(x, y, 2 * REACH + 1, image.shape)  # all that its neighbours can reach
    rows = _near(gaussians, np.arange(len(gaussians)), x, y, 3 * REACH + 2)  # reach the region
    before = np.empty((len(rows), 4))
    for n in range(len(rows)):
        _copy(gaussians[rows[n]], before[n])
    _draw(gaussians, rows[rows != h], region, canvas)
    error = _largest_error(image, canvas, x, y)
    parent = _nearest(canvas[1], gaussians[h])  # the Gaussian that hid it
    for _ in range(FITS):
        _draw(gaussians, rows, region, canvas)
        for m in _near(gaussians, rows, x, y, REACH):
            _fit(image, 0.5 * threshold, canvas, m, gaussians[m])
    _draw(gaussians, rows, region, canvas)
    is_peak = (
        _nearest(image, gaussians[h]) > threshold
        and _largest_error(image, canvas, x, y) <= MAX_UNEXPLAINED * error
        and _beats_ellipse(image, 0.5 * threshold, canvas, (x, y), (parent, h))
        and _is_apart(gaussians, rows, h)
    )
    if not is_peak:
        for n in range(len(rows)):
            _copy(before[n], gaussians[rows[n]])
        gaussians[h, LOG_A] = -np.inf
        _draw(gaussians, rows, region, canvas)


@kernel
def _is_apart(gaussians, rows, h):
    """Is Gaussian h at least MIN_DISTANCE from each other one of the rows?"""
    for m in rows:
        dx, dy = gaussians[m, X] - gaussians[h, X], gaussians[m, Y] - gaussians[h, Y]
        if m != h and gaussians[m, LOG_A] > -np.inf and dx * dx + dy * dy < MIN_DISTANCE**2:
            return False
    return True


@kernel
def _draw(gaussians, rows, region, canvas):
    """Set the region's model to the highest of the Gaussians ``rows``, its owner to that row; to
    0 and -1 where none is drawn."""
    model, owner, across, _, _ = canvas
    model[region[2] : region[3], region[0] : region[1]] = 0.0
    owner[region[2] : region[3], region[0] : region[1]] = -1
    for m in rows:
        x, y, log_a, s2 = gaussians[m]
        left, right, top, bottom = _window(x, y, REACH, model.shape)
        left, right = max(left, region[0]), min(right, region[1])
        top, bottom = max(top, region[2]), min(bottom, region[3])
        if left >= right or top >= bottom or log_a == -np.inf:
            continue
        for i in range(left, right):
            across[i - left] = math.exp(-((i - x) ** 2) / (2 * s2))
        for j in range(top, bottom):
            down = math.exp(log_a - (j - y) ** 2 / (2 * s2))
            for i in range(left, right):
                height = down * across[i - left]
                if height > model[j, i]:
                    model[j, i], owner[j, i] = height, m


@kernel
def _own_pixels(image, least, canvas, pair, place, reach):
    """List (u, v, h, model) of the pixels above ``least`` that two Gaussians own, at most ``reach``
    from a place; u and v are counted from there."""
    model, owner, _, _, pixels = canvas
    left, right, top, bottom = _window(place[0], place[1], reach, image.shape)
    count = 0
    for j in range(top, bottom):
        for i in range(left, right):
            if (owner[j, i] == pair[0] or owner[j, i] == pair[1]) and image[j, i] > least:
                pixels[count, 0], pixels[count, 1] = i - place[0], j - place[1]
                pixels[count, 2], pixels[count, 3] = image[j, i], model[j, i]
                count += 1
    return pixels[:count]


@kernel
def _fit(image, least, canvas, m, gaussian):
    """Move Gaussian m, by at most a pixel, to the centre that fits its own pixels above ``least``.

    log h + (u^2 + v^2) / (2 s^2) = alpha + beta . (u, v), with (u, v) counted from the present
    centre: the new one is s^2 beta from it.
    """
    x, y, _, s2 = gaussian
    pixels, system = _own_pixels(image, least, canvas, (m, m), (x, y), REACH - 1), canvas[3]
    if len(pixels) < 3:
        return
    system[:] = 0.0
    for u, v, h, _ in pixels:
        _add((1.0, u, v, math.log(h) + (u * u + v * v) / (2 * s2)), h * h, system)
    for n in (1, 2):
        system[n, n] += DAMPING * system[0, 0]
    _solve(system, 3)
    alpha, beta_u, beta_v = system[0, 3], system[1, 3], system[2, 3]
    dx, dy = min(max(s2 * beta_u, -1.0), 1.0), min(max(s2 * beta_v, -1.0), 1.0)
    gaussian[X] = min(max(x + dx, -1.0), float(image.shape[1]))
    gaussian[Y] = min(max(y + dy, -1.0), float(image.shape[0]))
    gaussian[LOG_A] = alpha + (dx * dx + dy * dy) / (2 * s2)


@kernel
def _beats_ellipse(image, least, canvas, place, pair):
    """Do two Gaussians explain their pixels near a place far better than one elliptic Gaussian?

    log h = q . (1, u, v, u^2, uv, v^2): as many numbers as two round Gaussians of one s^2 have.
    """
    pixels, q = _own_pixels(image, least, canvas, pair, place, REACH), canvas[3]
    if len(pixels) < 7:
        return False  # too few to say
    q[:] = 0.0
    for u, v, h, _ in pixels:
        _add((1.0, u, v, u * u, u * v, v * v, math.log(h)), h * h, q)
    for n in range(1, 6):
        q[n, n] += RIDGE * q[0, 0]
    _solve(q, 6)
    of_two, of_ellipse = 0.0, 0.0
    for u, v, h, model in pixels:
        log_h = q[0, 6] + q[1, 6] * u + q[2, 6] * v
        log_h += q[3, 6] * u * u + q[4, 6] * u * v + q[5, 6] * v * v
        of_two += (h - model) ** 2
        of_ellipse += (h - math.exp(min(log_h, 100.0))) ** 2
    return of_two < MAX_ERROR_RATIO * of_ellipse


@kernel
def _add(row, weight, system):
    """Add a weighted equation (coefficients, right side) to the normal equations."""
    for a in range(len(row)):
        for b in range(len(row)):
            system[a, b] += weight * row[a] * row[b]


@kernel
def _solve(system, n):
    """Solve n positive definite equations in place: column n becomes the answer."""
    for p in range(n):
        for r in range(n):
            if r != p:
                factor = system[r, p] / system[p, p]
                for c in range(p, n + 1):
                    system[r, c] -= factor * system[p, c]
    for p in range(n):
        system[p, n] /= system[p, p]


@kernel
def _largest_error(image, canvas, x, y):
    """The largest difference between image and model within REACH of (x, y)."""
    left, right, top, bottom = _window(x, y, REACH, image.shape)
    largest = 0.0
    for j in range(top, bottom):
        for i in range(left, right):
            largest = max(largest, abs(image[j, i] - canvas[0][j, i]))
    return largest


@kernel
def _copy(source, target):
    for i in range(len(source)):  # a slice assignment would take a second to compile
        target[i] = source[i]


@kernel
def _near(gaussians, rows, x, y, reach):
    """The rows whose Gaussians lie within ``reach`` of (x, y) along both axes."""
    near, count = np.empty_like(rows), 0
    for m in rows:
        is_near = abs(gaussians[m, X] - x) <= reach and abs(gaussians[m, Y] - y) <= reach
        if is_near and gaussians[m, LOG_A] > -np.inf:
            near[count] = m
            count += 1
    return near[:count]


@kernel
def _window(x, y, reach, shape):
    """Left, right, top, bottom of the pixels within ``reach`` of the one nearest to (x, y)."""
    i, j = math.floor(x + 0.5), math.floor(y + 0.5)
    left, right = max(i - reach, 0), min(i + reach + 1, shape[1])
    return left, right, max(j - reach, 0), min(j + reach + 1, shape[0])


@kernel
def _nearest(image, gaussian):
    """The value of the pixel nearest to the Gaussian's centre."""
    i = min(max(math.floor(gaussian[X] + 0.5), 0), image.shape[1] - 1)
    j = min(max(math.floor(gaussian[Y] + 0.5), 0), image.shape[0] - 1)
    return image[j, i]


@kernel
def _pixel(image, x, y):
    """The pixel as float64; 0 outside."""
    if 0 <= x < image.shape[1] and 0 <= y < image.shape[0]:
        return np.float64(image[y, x])
    return 0.0
