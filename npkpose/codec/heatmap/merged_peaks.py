"""Neighbours whose peaks have merged: one maximum where two people's keypoints stand.

Two Gaussians of width s that stand closer than about 2 s have one maximum, between them. But
a target map is the largest of its Gaussians, not their sum (Cao et al., CVPR 2017,
arXiv:1611.08050, section 2.2),

    h(p) = max_m a_m exp(-|p - c_m|^2 / (2 s_m^2))

so every pixel belongs to one of them alone, and says where the centre of that one is: log h
has the slope (c - p) / s^2 there. Starting from the maxima of a map,

1. s^2 of a Gaussian is that of the narrowest of the four lines of three pixels through its
   maximum: a neighbour can only widen them;
2. another Gaussian is hidden where the map exceeds all those known by more than the
   threshold of a peak, and by more than elsewhere within 3 pixels;
3. each pixel goes to the Gaussian that is highest there, and each Gaussian within 3 pixels of
   a hidden one to the least-squares fit of log h over its own pixels; three times;
4. a hidden one is none, and leaves the others where they were, if it ends less than half a pixel
   from another; if a fifth of the largest difference within 3 pixels between map and Gaussians
   is left; or if one elliptic Gaussian explains the pixels of it and of the one it was hidden by
   nearly as well: a network's peaks that are only broad or skew are not two people's;
5. back to 2, until nothing is hidden, at most three times.

log h + |p|^2 / (2 s^2) is a maximum of planes, and steps 2 and 3 are the usual way to fit one:
Magnani and Boyd, "Convex piecewise-linear fitting", Optimization and Engineering 2009.
"""

import math

import numpy as np

from npkpose._check import check_array, check_number
from npkpose._jit import kernel
from npkpose.codec.heatmap.peaks import Peaks

ROUNDS, FITS = 3, 3
APART = 0.5  # pixels: two peaks nearer than this are one
UNEXPLAINED = 0.2  # share of an excess that a hidden Gaussian may leave
BETTER = 0.5  # share of an ellipse's squared error that two Gaussians may leave
REACH = 3  # pixels from its centre as far as a Gaussian is drawn
STAY = 0.02  # pixels^2: weight of a Gaussian's present centre, for when its pixels lie in a line
RIDGE = 1e-9  # the same for an ellipse
NARROW = 0.1  # pixels^2: least s^2
X, Y, LOG_A, S2 = range(4)  # columns of ``gaussians``; log a is -inf where there is none


def separate_peaks(heatmaps, peaks, threshold=0.1):
    """Return the peaks and those hidden beside them.

    Parameters
    ----------
    heatmaps : array_like, shape (K, H, W)
        Read as float32.
    peaks : Peaks of these maps
    threshold : float, positive
        By how much a map must exceed what the known peaks explain.

    Returns
    -------
    peaks : Peaks
        At most three for each one given, which keeps its score; a hidden one's is the value of
        the pixel nearest to it, and exceeds the threshold. Nothing hidden: equal peaks.

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, peaks of another number of maps or whose arrays disagree,
        or a threshold that is not positive.
    """
    heatmaps = check_array("heatmaps", heatmaps, ("K", "H", "W"), np.float32)
    threshold = check_number("threshold", threshold, above=0)
    peaks = _check_peaks(peaks, len(heatmaps))
    room = 3 * len(peaks.points)
    gaussians, scores = np.empty((room, 4)), np.empty(room)
    first = np.zeros(len(heatmaps) + 1, dtype=np.int64)
    _separate(heatmaps, peaks, threshold, gaussians, scores, first)
    total = first[-1]
    which = np.repeat(np.arange(len(heatmaps)), np.diff(first))
    order = np.lexsort((-scores[:total], which))  # stable: a hidden one after its equals
    return Peaks(gaussians[order, :2], scores[order], first)


def _check_peaks(peaks, maps):
    """Return the peaks with arrays that kernels may index, or raise ValueError."""
    points = check_array("peaks.points", peaks.points, ("M", 2))
    scores = check_array("peaks.scores", peaks.scores, (len(points),))
    first = check_array("peaks.first", peaks.first, (maps + 1,), np.int64)
    if first[0] != 0 or first[-1] != len(points) or (np.diff(first) < 0).any():
        raise ValueError(f"peaks.first: expected 0 up to {len(points)}, ascending, got {first}")
    return Peaks(points, scores, first)


@kernel
def _separate(heatmaps, peaks, threshold, gaussians, scores, first):
    """Fill gaussians, scores and ``first``, map after map."""
    shape = heatmaps.shape[1:]
    canvas = np.empty(shape), np.empty(shape, np.int64), np.empty(2 * REACH + 1), np.empty((7, 7))
    for k in range(heatmaps.shape[0]):
        image, start, top = heatmaps[k], peaks.first[k], first[k]
        found = peaks.first[k + 1] - start
        mine = gaussians[top : top + 3 * found]
        for m in range(found):
            _measure(image, peaks.points[start + m], threshold, mine[m])
        total = _grow(image, threshold, canvas, mine, found)
        for m in range(total):
            scores[top + m] = peaks.scores[start + m] if m < found else _nearest(image, mine[m])
        first[k + 1] = top + total


@kernel
def _measure(image, point, threshold, gaussian):
    """Describe a peak: its centre, log height, and the s^2 of its narrowest direction."""
    x, y = point
    i, j = _inside(x, image.shape[1]), _inside(y, image.shape[0])
    here, s2 = max(image[j, i], threshold), np.inf
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        ratio = _pixel(image, i - dx, j - dy) * _pixel(image, i + dx, j + dy) / here**2
        if 0 < ratio < 1:
            s2 = min(s2, (dx * dx + dy * dy) / -math.log(ratio))
    s2 = max(s2, NARROW) if s2 < np.inf else 1.0
    gaussian[X], gaussian[Y], gaussian[S2] = x, y, s2
    gaussian[LOG_A] = math.log(here) + ((x - i) ** 2 + (y - j) ** 2) / (2 * s2)


@kernel
def _grow(image, threshold, canvas, gaussians, found):
    """Add the hidden Gaussians to the ``found`` first rows; return how many there are then."""
    total = found
    _draw(gaussians, np.arange(total), (0, image.shape[1], 0, image.shape[0]), canvas)
    for _ in range(ROUNDS):
        more = _uncover(image, threshold, canvas, gaussians, total)
        for h in range(total, more):
            _settle(image, threshold, canvas, gaussians[:more], h)
        if more == total:
            break
        total = more
    kept = found
    for h in range(found, total):
        if gaussians[h, LOG_A] > -np.inf:
            _copy(gaussians[h], gaussians[kept])
            kept += 1
    return kept


@kernel
def _uncover(image, threshold, canvas, gaussians, total):
    """Add a Gaussian wherever the image most exceeds the model; return the new total."""
    model, owner, _, _ = canvas
    more = total
    for m in range(total):
        x, y, _, s2 = gaussians[m]
        left, right, top, bottom = _window(x, y, REACH, model.shape)
        for j in range(top, bottom):
            for i in range(left, right):
                hidden = owner[j, i] == m and image[j, i] - model[j, i] > threshold
                if hidden and more < gaussians.shape[0] and _is_top(image, model, i, j):
                    dx = _slope(_pixel(image, i - 1, j), _pixel(image, i + 1, j), s2)
                    dy = _slope(_pixel(image, i, j - 1), _pixel(image, i, j + 1), s2)
                    log_a = math.log(image[j, i]) + (dx * dx + dy * dy) / (2 * s2)
                    gaussians[more, X], gaussians[more, Y] = i + dx, j + dy
                    gaussians[more, LOG_A], gaussians[more, S2] = log_a, s2
                    more += 1
    return more


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
def _slope(before, after, s2):
    """s^2 times the slope of log h: how far off the centre lies, at most a pixel."""
    if before <= 0 or after <= 0:
        return 0.0
    return min(max(0.5 * s2 * math.log(after / before), -1.0), 1.0)


@kernel
def _settle(image, threshold, canvas, gaussians, h):
    """Fit the hidden Gaussian h and those about it; forget it where it proves to be none."""
    x, y = gaussians[h, X], gaussians[h, Y]
    region = _window(x, y, 2 * REACH + 1, image.shape)  # what those about it can reach
    rows = np.arange(len(gaussians))
    rows = _about(gaussians, rows, x, y, 3 * REACH + 2)  # those that reach the region
    before = np.empty((len(rows), 4))
    for n in range(len(rows)):
        _copy(gaussians[rows[n]], before[n])
    _draw(gaussians, rows[rows != h], region, canvas)
    excess = _largest_error(image, canvas, x, y)
    parent = canvas[1][_inside(y, image.shape[0]), _inside(x, image.shape[1])]
    for _ in range(FITS):
        _draw(gaussians, rows, region, canvas)
        for m in _about(gaussians, rows, x, y, REACH):
            _fit(image, 0.5 * threshold, canvas, m, gaussians[m])
    _draw(gaussians, rows, region, canvas)
    real = _nearest(image, gaussians[h]) > threshold
    real &= _largest_error(image, canvas, x, y) <= UNEXPLAINED * excess
    errors = _compare_with_ellipse(image, 0.5 * threshold, canvas, (x, y), (parent, h))
    real &= errors[0] < BETTER * errors[1]
    for m in _about(gaussians, rows, gaussians[h, X], gaussians[h, Y], APART):
        dx, dy = gaussians[m, X] - gaussians[h, X], gaussians[m, Y] - gaussians[h, Y]
        real &= m == h or dx * dx + dy * dy >= APART**2
    if not real:
        for n in range(len(rows)):
            _copy(before[n], gaussians[rows[n]])
        gaussians[h, LOG_A] = -np.inf
        _draw(gaussians, rows, region, canvas)


@kernel
def _draw(gaussians, rows, region, canvas):
    """Set each pixel of the region to the highest of the Gaussians ``rows`` there, and its owner
    to that row; to 0 and -1 where there is none."""
    model, owner, across, _ = canvas
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
def _fit(image, least, canvas, m, gaussian):
    """Move Gaussian m to where its own pixels above ``least`` say, by at most a pixel.

    log h + (u^2 + v^2) / (2 s^2) = alpha + beta . (u, v) about the present centre puts the
    centre s^2 beta off.
    """
    _, owner, _, system = canvas
    x, y, _, s2 = gaussian
    left, right, top, bottom = _window(x, y, REACH - 1, image.shape)
    pixels = 0
    system[:] = 0.0
    for j in range(top, bottom):
        for i in range(left, right):
            if owner[j, i] == m and image[j, i] > least:
                u, v, h = i - x, j - y, np.float64(image[j, i])
                _add((1.0, u, v, math.log(h) + (u * u + v * v) / (2 * s2)), h * h, system)
                pixels += 1
    if pixels < 3:
        return
    for n in (1, 2):
        system[n, n] += STAY * system[0, 0]
    _solve(system, 3)
    alpha, beta_u, beta_v = system[0, 3], system[1, 3], system[2, 3]
    dx, dy = min(max(s2 * beta_u, -1.0), 1.0), min(max(s2 * beta_v, -1.0), 1.0)
    gaussian[X] = min(max(x + dx, -1.0), float(image.shape[1]))
    gaussian[Y] = min(max(y + dy, -1.0), float(image.shape[0]))
    gaussian[LOG_A] = alpha + (dx * dx + dy * dy) / (2 * s2)


@kernel
def _compare_with_ellipse(image, least, canvas, place, pair):
    """Squared errors over the pixels of two Gaussians within REACH of a place: those of the two,
    and those of the one elliptic Gaussian that fits these pixels best (0 for too few to say).

    log h = q . (1, u, v, u^2, uv, v^2), as many numbers as two round Gaussians of one s^2 have.
    """
    model, owner, _, system = canvas
    x, y = place
    left, right, top, bottom = _window(x, y, REACH, image.shape)
    pixels, of_two, of_ellipse = 0, 0.0, 0.0
    system[:] = 0.0
    for j in range(top, bottom):
        for i in range(left, right):
            if (owner[j, i] == pair[0] or owner[j, i] == pair[1]) and image[j, i] > least:
                u, v, h = i - x, j - y, np.float64(image[j, i])
                _add((1.0, u, v, u * u, u * v, v * v, math.log(h)), h * h, system)
                of_two += (h - model[j, i]) ** 2
                pixels += 1
    if pixels < 7:
        return of_two, 0.0
    for n in range(1, 6):
        system[n, n] += RIDGE * system[0, 0]
    _solve(system, 6)
    for j in range(top, bottom):
        for i in range(left, right):
            if (owner[j, i] == pair[0] or owner[j, i] == pair[1]) and image[j, i] > least:
                u, v = i - x, j - y
                log_h = system[0, 6] + system[1, 6] * u + system[2, 6] * v
                log_h += system[3, 6] * u * u + system[4, 6] * u * v + system[5, 6] * v * v
                of_ellipse += (image[j, i] - math.exp(min(log_h, 100.0))) ** 2
    return of_two, of_ellipse


@kernel
def _add(row, weight, system):
    """Add a weighted equation, its coefficients and then its right side, to the normal ones."""
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
    """The most by which image and model differ within REACH of (x, y)."""
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
def _about(gaussians, rows, x, y, reach):
    """Those of the rows that lie within ``reach`` of (x, y) along both axes."""
    near, count = np.empty_like(rows), 0
    for m in rows:
        if abs(gaussians[m, X] - x) <= reach and abs(gaussians[m, Y] - y) <= reach:
            if gaussians[m, LOG_A] > -np.inf:
                near[count] = m
                count += 1
    return near[:count]


@kernel
def _window(x, y, reach, shape):
    """The pixels within ``reach`` of the one nearest to (x, y): left, right, top, bottom."""
    i, j = math.floor(x + 0.5), math.floor(y + 0.5)
    left, right = max(i - reach, 0), min(i + reach + 1, shape[1])
    return left, right, max(j - reach, 0), min(j + reach + 1, shape[0])


@kernel
def _nearest(image, gaussian):
    """The pixel nearest to the Gaussian's centre."""
    return image[_inside(gaussian[Y], image.shape[0]), _inside(gaussian[X], image.shape[1])]


@kernel
def _inside(x, size):
    return min(max(math.floor(x + 0.5), 0), size - 1)


@kernel
def _pixel(image, x, y):
    """The pixel as float64; 0 outside."""
    if 0 <= x < image.shape[1] and 0 <= y < image.shape[0]:
        return np.float64(image[y, x])
    return 0.0
