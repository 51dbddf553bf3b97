"""Peaks hidden beside known ones, in a map that is the maximum of its Gaussians.

Steps 2 to 5 of heatmap/merged_peaks.py: search, fit, accept or reject. A Gaussian is a row of
``gaussians``: its centre (x, y) in heatmap pixels, log height and s^2. ``model`` and ``owner``
hold the highest Gaussian at each pixel of a map, and its row.

The Gaussians of a map are listed in square cells, so that those near a place are found without
looking at all: the time grows with the number of Gaussians times those within 11 pixels of each.
While a hidden Gaussian is fitted, only those within 3 pixels move. The others are drawn once.

The file cannot be split: a kernel calls only helpers of its own file.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose._jit import helper, kernel

X, Y, LOG_A, S2 = range(4)  # columns of ``gaussians``; log a is -inf for a rejected one
ROUNDS, FITS = 3, 3
REACH = 3  # pixels from its centre up to which a Gaussian is drawn
REGION = 2 * REACH + 1  # pixels from a hidden Gaussian up to which its neighbours are drawn
CELL = 8  # pixels: side of a cell
MIN_DISTANCE = 0.5  # pixels: two peaks nearer than this are one
MAX_UNEXPLAINED = 0.2  # a hidden Gaussian may leave this fraction of the largest error
MAX_ERROR_RATIO = 0.5  # two Gaussians may leave this fraction of an ellipse's squared error
DAMPING = 0.02  # pixels^2: keeps a centre in place across the line in which its pixels may lie
RIDGE = 1e-9  # the same for an ellipse


class _Canvas(NamedTuple):
    """The arrays in which the Gaussians of one map are drawn and listed."""

    model: np.ndarray  # (H, W): the highest Gaussian at each pixel, 0 where none is drawn
    owner: np.ndarray  # (H, W) int: its row, or -1
    across: np.ndarray  # (2 REACH + 1,): one row of exponentials
    cells: np.ndarray  # (rows, cols) int: a Gaussian of each cell, or -1
    below: np.ndarray  # (M,) int: the next Gaussian of the same cell, or -1


class _Scratch(NamedTuple):
    """What `_settle` needs: lists of rows, what to restore, an equation system, pixels."""

    near: np.ndarray  # (M,) int
    moving: np.ndarray  # (M,) int
    before: np.ndarray  # (M, 4)
    model: np.ndarray  # (2 REGION + 1, 2 REGION + 1): without the moving Gaussians
    owner: np.ndarray  # the same shape, int
    system: np.ndarray  # (7, 7)
    pixels: np.ndarray  # ((2 REACH + 1)^2, 4)


@kernel
def add_hidden_peaks(heatmaps, first, threshold, gaussians):
    """Add the hidden Gaussians of each map behind its known ones, and move those beside them.

    Map k has rows 3 first[k] to 3 first[k + 1], of which the first third is known; the log a of
    the others is -inf.
    """
    high, wide = heatmaps.shape[1:]
    most = 0
    for k in range(heatmaps.shape[0]):
        most = max(most, 3 * (first[k + 1] - first[k]))
    cells = np.full((high // CELL + 1, wide // CELL + 1), -1)
    model, owner = np.zeros((high, wide)), np.full((high, wide), -1)
    canvas = _Canvas(model, owner, np.empty(REGION), cells, np.empty(most, np.int64))
    side = 2 * REGION + 1
    base = np.empty((side, side)), np.empty((side, side), np.int64)
    lists = np.empty(most, np.int64), np.empty(most, np.int64), np.empty((most, 4))
    scratch = _Scratch(*lists, *base, np.empty((7, 7)), np.empty((REGION**2, 4)))
    for k in range(heatmaps.shape[0]):
        known, image = first[k + 1] - first[k], heatmaps[k]
        if known == 0:
            continue
        own = gaussians[3 * first[k] : 3 * first[k + 1]]
        _draw_known(canvas, own, known)
        total = known
        for _ in range(ROUNDS):  # find and settle hidden Gaussians, until none is found
            more = _uncover(image, threshold, model, owner, own, total)
            for h in range(total, more):
                _list(cells, canvas.below, own, h)
            for h in range(total, more):
                _settle(image, threshold, canvas, scratch, own, h)
            if more == total:
                break
            total = more
        _clear(canvas, own, known, total)


@helper
def _draw_known(canvas, gaussians, known):
    """Draw and list the ``known`` first Gaussians; the canvas is empty before."""
    model, owner, across, cells, below = canvas
    everywhere = 0, model.shape[1], 0, model.shape[0]
    for m in range(known):
        _draw(model, owner, across, gaussians, m, everywhere)
        _list(cells, below, gaussians, m)


@helper
def _clear(canvas, gaussians, known, total):
    """Empty the canvas: around the known Gaussians if there are no others."""
    model, owner, shape = canvas.model, canvas.owner, canvas.model.shape
    canvas.cells[:] = -1
    if total > known:
        _erase(model, owner, (0, shape[1], 0, shape[0]))
    else:
        for m in range(known):
            window = _window(gaussians[m, X], gaussians[m, Y], REACH, shape)
            _erase(model, owner, window)


@helper
def _uncover(image, threshold, model, owner, gaussians, total):
    """Add a Gaussian wherever the image most exceeds the model; return the new total."""
    more = total
    for m in range(total):
        s2 = gaussians[m, S2]
        left, right, top, bottom = _window(gaussians[m, X], gaussians[m, Y], REACH, image.shape)
        for j in range(top, bottom):
            for i in range(left, right):
                hidden = owner[j, i] == m and image[j, i] - model[j, i] > threshold
                if hidden and more < gaussians.shape[0] and _is_top(image, model, i, j):
                    _place(image, i, j, s2, gaussians[more])
                    more += 1
    return more


@helper
def _place(image, x, y, s2, gaussian):
    """Set a Gaussian to have the value and the slopes of log h at a pixel."""
    dx = _shift(_pixel(image, x - 1, y), _pixel(image, x + 1, y), s2)
    dy = _shift(_pixel(image, x, y - 1), _pixel(image, x, y + 1), s2)
    gaussian[X], gaussian[Y], gaussian[S2] = x + dx, y + dy, s2
    gaussian[LOG_A] = math.log(image[y, x]) + (dx * dx + dy * dy) / (2 * s2)


@helper
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


@helper
def _shift(before, after, s2):
    """s^2 times the slope of log h: from the pixel to the centre, at most a pixel."""
    if before <= 0 or after <= 0:
        return 0.0
    return min(max(0.5 * s2 * math.log(after / before), -1.0), 1.0)


@helper
def _settle(image, threshold, canvas, scratch, gaussians, h):
    """Fit the hidden Gaussian h and its neighbours; reject it and restore them if it is no peak."""
    model, owner = canvas.model, canvas.owner
    x, y, log_a = gaussians[h, X], gaussians[h, Y], gaussians[h, LOG_A]
    region = _window(x, y, REGION, image.shape)  # all that the moving ones can reach
    near, moves = _take_near(canvas, scratch, gaussians, x, y)
    _draw_resting(canvas, scratch, gaussians, near, (x, y), region)
    gaussians[h, LOG_A] = -np.inf
    _draw_moving(canvas, scratch, gaussians, moves, region)
    error = _largest_error(image, model, x, y)
    parent = owner[_pixel_at(x, y, image.shape)]  # the Gaussian that hid it
    gaussians[h, LOG_A] = log_a
    _draw_moving(canvas, scratch, gaussians, moves, region)
    for _ in range(FITS):
        for n in range(moves):
            if _is_within(gaussians, scratch.moving[n], x, y, REACH):
                _fit(image, 0.5 * threshold, canvas, scratch, gaussians, scratch.moving[n])
        _draw_moving(canvas, scratch, gaussians, moves, region)
    is_peak = (
        image[_pixel_at(gaussians[h, X], gaussians[h, Y], image.shape)] > threshold
        and _largest_error(image, model, x, y) <= MAX_UNEXPLAINED * error
        and _beats_ellipse(image, 0.5 * threshold, canvas, scratch, (x, y), (parent, h))
        and _is_apart(gaussians, scratch.near, near, h)
    )
    if not is_peak:
        _restore(scratch, gaussians, moves)
        gaussians[h, LOG_A] = -np.inf
        _draw_moving(canvas, scratch, gaussians, moves, region)
    for n in range(moves):
        _list(canvas.cells, canvas.below, gaussians, scratch.moving[n])


@helper
def _take_near(canvas, scratch, gaussians, x, y):
    """List the Gaussians that reach the region around (x, y), and those of them that may move.

    Return how many; what may move is saved and leaves its cell.
    """
    cells, below, near, moving = canvas.cells, canvas.below, scratch.near, scratch.moving
    reach = REGION + REACH + 1
    top, bottom = _cell_range(y, reach, cells.shape[0])
    left, right = _cell_range(x, reach, cells.shape[1])
    count, moves = 0, 0
    for row in range(top, bottom):
        for col in range(left, right):
            m = cells[row, col]
            while m >= 0:
                if _is_within(gaussians, m, x, y, reach):
                    near[count] = m
                    count += 1
                m = below[m]
    for n in range(count):
        if _is_within(gaussians, near[n], x, y, REACH):
            moving[moves] = near[n]
            for i in range(4):
                scratch.before[moves, i] = gaussians[near[n], i]
            _unlist(cells, below, gaussians, near[n])
            moves += 1
    return count, moves


@helper
def _restore(scratch, gaussians, moves):
    """Put back what `_take_near` saved."""
    for n in range(moves):
        for i in range(4):
            gaussians[scratch.moving[n], i] = scratch.before[n, i]


@helper
def _cell(x, y, shape):
    """Return the row and column of the cell of a Gaussian's centre."""
    row = min(max(int(y), 0) // CELL, shape[0] - 1)
    return row, min(max(int(x), 0) // CELL, shape[1] - 1)


@helper
def _cell_range(x, reach, count):
    """Return the range of cells, of ``count``, within ``reach`` of a coordinate."""
    return max(int(x - reach), 0) // CELL, min(max(int(x + reach), 0) // CELL + 1, count)


@helper
def _list(cells, below, gaussians, m):
    """Put Gaussian m into its cell."""
    cell = _cell(gaussians[m, X], gaussians[m, Y], cells.shape)
    below[m], cells[cell] = cells[cell], m


@helper
def _unlist(cells, below, gaussians, m):
    """Take Gaussian m out of its cell."""
    cell = _cell(gaussians[m, X], gaussians[m, Y], cells.shape)
    n = cells[cell]
    if n == m:
        cells[cell] = below[m]
        return
    while below[n] != m:
        n = below[n]
    below[n] = below[m]


@helper
def _is_within(gaussians, m, x, y, reach):
    """Is Gaussian m within ``reach`` of (x, y) along both axes, and not rejected?"""
    is_near = abs(gaussians[m, X] - x) <= reach and abs(gaussians[m, Y] - y) <= reach
    return is_near and gaussians[m, LOG_A] > -np.inf


@helper
def _is_apart(gaussians, near, count, h):
    """Is Gaussian h at least MIN_DISTANCE from each other one near it?"""
    for n in range(count):
        m = near[n]
        dx, dy = gaussians[m, X] - gaussians[h, X], gaussians[m, Y] - gaussians[h, Y]
        if m != h and gaussians[m, LOG_A] > -np.inf and dx * dx + dy * dy < MIN_DISTANCE**2:
            return False
    return True


@helper
def _draw_resting(canvas, scratch, gaussians, near, place, region):
    """Draw and save the region without the Gaussians that may move."""
    model, owner = canvas.model, canvas.owner
    left, right, top, bottom = region
    _erase(model, owner, region)
    for n in range(near):
        m = scratch.near[n]
        if not _is_within(gaussians, m, place[0], place[1], REACH):
            _draw(model, owner, canvas.across, gaussians, m, region)
    for j in range(top, bottom):
        for i in range(left, right):
            scratch.model[j - top, i - left] = model[j, i]
            scratch.owner[j - top, i - left] = owner[j, i]


@helper
def _draw_moving(canvas, scratch, gaussians, moves, region):
    """Draw the region: what was saved, and the Gaussians that may move."""
    model, owner = canvas.model, canvas.owner
    left, right, top, bottom = region
    for j in range(top, bottom):
        for i in range(left, right):
            model[j, i] = scratch.model[j - top, i - left]
            owner[j, i] = scratch.owner[j - top, i - left]
    for n in range(moves):
        _draw(model, owner, canvas.across, gaussians, scratch.moving[n], region)


@helper
def _draw(model, owner, across, gaussians, m, region):
    """Draw Gaussian m in a region, where it is higher than the model; of equals the first stays."""
    x, y, log_a, s2 = gaussians[m, X], gaussians[m, Y], gaussians[m, LOG_A], gaussians[m, S2]
    left, right, top, bottom = _window(x, y, REACH, model.shape)
    left, right = max(left, region[0]), min(right, region[1])
    top, bottom = max(top, region[2]), min(bottom, region[3])
    if left >= right or top >= bottom or log_a == -np.inf:
        return
    for i in range(left, right):
        across[i - left] = math.exp(-((i - x) ** 2) / (2 * s2))
    for j in range(top, bottom):
        down = math.exp(log_a - (j - y) ** 2 / (2 * s2))
        for i in range(left, right):
            height = down * across[i - left]
            if height > model[j, i] or height == model[j, i] and m < owner[j, i]:
                model[j, i], owner[j, i] = height, m


@helper
def _erase(model, owner, region):
    """Remove all that is drawn in a region."""
    for j in range(region[2], region[3]):
        for i in range(region[0], region[1]):
            model[j, i], owner[j, i] = 0.0, -1


@helper
def _own_pixels(image, least, canvas, pair, place, reach, pixels):
    """List (u, v, h, model) of the pixels above ``least`` that two Gaussians own, at most ``reach``
    from a place; u and v are counted from there. Return how many."""
    model, owner = canvas.model, canvas.owner
    left, right, top, bottom = _window(place[0], place[1], reach, image.shape)
    count = 0
    for j in range(top, bottom):
        for i in range(left, right):
            if (owner[j, i] == pair[0] or owner[j, i] == pair[1]) and image[j, i] > least:
                pixels[count, 0], pixels[count, 1] = i - place[0], j - place[1]
                pixels[count, 2], pixels[count, 3] = image[j, i], model[j, i]
                count += 1
    return count


@helper
def _fit(image, least, canvas, scratch, gaussians, m):
    """Move Gaussian m, by at most a pixel, to the centre that fits its own pixels above ``least``.

    log h + (u^2 + v^2) / (2 s^2) = alpha + beta . (u, v), with (u, v) counted from the present
    centre: the new one is s^2 beta from it.
    """
    x, y, s2 = gaussians[m, X], gaussians[m, Y], gaussians[m, S2]
    pixels, system = scratch.pixels, scratch.system
    count = _own_pixels(image, least, canvas, (m, m), (x, y), REACH - 1, pixels)
    if count < 3:
        return
    system[:] = 0.0
    for n in range(count):
        u, v, h = pixels[n, 0], pixels[n, 1], pixels[n, 2]
        _add((1.0, u, v, math.log(h) + (u * u + v * v) / (2 * s2)), h * h, system)
    for n in (1, 2):
        system[n, n] += DAMPING * system[0, 0]
    _solve(system, 3)
    alpha, beta_u, beta_v = system[0, 3], system[1, 3], system[2, 3]
    dx, dy = min(max(s2 * beta_u, -1.0), 1.0), min(max(s2 * beta_v, -1.0), 1.0)
    gaussians[m, X] = min(max(x + dx, -1.0), float(image.shape[1]))
    gaussians[m, Y] = min(max(y + dy, -1.0), float(image.shape[0]))
    gaussians[m, LOG_A] = alpha + (dx * dx + dy * dy) / (2 * s2)


@helper
def _beats_ellipse(image, least, canvas, scratch, place, pair):
    """Do two Gaussians explain their pixels near a place far better than one elliptic Gaussian?

    log h = q . (1, u, v, u^2, uv, v^2): as many numbers as two round Gaussians of one s^2 have.
    """
    pixels, q = scratch.pixels, scratch.system
    count = _own_pixels(image, least, canvas, pair, place, REACH, pixels)
    if count < 7:
        return False  # too few to say
    q[:] = 0.0
    for n in range(count):
        u, v, h = pixels[n, 0], pixels[n, 1], pixels[n, 2]
        _add((1.0, u, v, u * u, u * v, v * v, math.log(h)), h * h, q)
    for n in range(1, 6):
        q[n, n] += RIDGE * q[0, 0]
    _solve(q, 6)
    of_two, of_ellipse = 0.0, 0.0
    for n in range(count):
        u, v, h = pixels[n, 0], pixels[n, 1], pixels[n, 2]
        log_h = q[0, 6] + q[1, 6] * u + q[2, 6] * v
        log_h += q[3, 6] * u * u + q[4, 6] * u * v + q[5, 6] * v * v
        of_two += (h - pixels[n, 3]) ** 2
        of_ellipse += (h - math.exp(min(log_h, 100.0))) ** 2
    return of_two < MAX_ERROR_RATIO * of_ellipse


@helper
def _add(row, weight, system):
    """Add a weighted equation (coefficients, right side) to the normal equations."""
    for a in range(len(row)):
        for b in range(len(row)):
            system[a, b] += weight * row[a] * row[b]


@helper
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


@helper
def _largest_error(image, model, x, y):
    """The largest difference between image and model within REACH of (x, y)."""
    left, right, top, bottom = _window(x, y, REACH, image.shape)
    largest = 0.0
    for j in range(top, bottom):
        for i in range(left, right):
            largest = max(largest, abs(image[j, i] - model[j, i]))
    return largest


@helper
def _window(x, y, reach, shape):
    """Left, right, top, bottom of the pixels within ``reach`` of the one nearest to (x, y)."""
    i, j = math.floor(x + 0.5), math.floor(y + 0.5)
    left, right = max(i - reach, 0), min(i + reach + 1, shape[1])
    return left, right, max(j - reach, 0), min(j + reach + 1, shape[0])


@helper
def _pixel_at(x, y, shape):
    """The row and column of the pixel nearest to (x, y)."""
    i = min(max(math.floor(x + 0.5), 0), shape[1] - 1)
    return min(max(math.floor(y + 0.5), 0), shape[0] - 1), i


@helper
def _pixel(image, x, y):
    """The pixel as float64; 0 outside."""
    if 0 <= x < image.shape[1] and 0 <= y < image.shape[0]:
        return np.float64(image[y, x])
    return 0.0
