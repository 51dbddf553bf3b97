"""Strokes on an image: lines with round ends. All that is drawn on images is made of them.

A stroke from a to b with radius r covers a pixel at distance d from the segment ab by the share

    cover = opacity * clip(r + 1/2 - d, 0, 1)

and the pixel becomes cover * colour + (1 - cover) * before, which smooths the edges. If a = b it is
a dot. Strokes are painted one over the other; then the whole drawing is mixed with the image:

    out = opacity of all * drawn + (1 - opacity of all) * image

The cost is one copy of the image, and the pixels that strokes cover: of each row of pixels, only
those near the stroke are looked at, and only tiles of 8 x 8 pixels that a stroke has touched are
mixed. An image (H, W, 4) has a fourth channel of opacity, and its colours are multiplied by it
(Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984): the formulas are then the same, with
255 as the fourth value of a colour.
"""

import math
from typing import NamedTuple

import numpy as np

from npkpose._jit import helper, kernel
from npkpose._numba import COMPILES

TILE = 8  # pixels: the side of what is mixed at once
MAX_DISTANCE = 1e7  # pixels: all coordinates and radii are at most this, so that squares are exact


class Strokes(NamedTuple):
    """S strokes, in the order in which they are painted."""

    lines: np.ndarray  # (S, 5): x0, y0, x1, y1, radius, each at most MAX_DISTANCE in size
    colours: np.ndarray  # (S, 3): RGB in 0..255
    opacities: np.ndarray  # (S,): 0 to 1


def make_strokes(starts, ends, radius, colours, opacities=1.0):
    """Return `Strokes`: ``radius``, ``colours`` and ``opacities`` of each stroke or of all.

    ``starts`` and ``ends`` are (S, 2). A stroke with an end that is NaN, or farther away than
    `MAX_DISTANCE`, is left out.
    """
    starts, ends = np.reshape(starts, (-1, 2)), np.reshape(ends, (-1, 2))
    radius = np.minimum(np.broadcast_to(radius, len(starts)), MAX_DISTANCE)
    lines = np.concatenate([starts, ends, radius[:, None]], axis=1)
    good = (abs(lines[:, :4]) < MAX_DISTANCE).all(axis=1)  # NaN is not
    colours = np.broadcast_to(np.asarray(colours, float), (len(lines), 3))
    opacities = np.broadcast_to(np.asarray(opacities, float), len(lines))
    return Strokes(lines[good], colours[good], opacities[good])


def join_strokes(parts):
    """Return the `Strokes` of a list of them, in order."""
    parts = [make_strokes([], [], 0.0, (0, 0, 0)), *parts]
    return Strokes(*map(np.concatenate, zip(*parts)))


def paint_strokes(image, strokes, opacity=1.0):
    """Return a copy of an image (H, W, C) of uint8, C 3 or 4, with strokes on it.

    ``opacity`` is that of all: see above. The arguments are those of functions that have checked
    them.
    """
    image = np.ascontiguousarray(image).view()
    image.setflags(write=False)  # one kernel for images that may be written and for others
    drawn = image.copy()
    tiles = tuple(-(-side // TILE) for side in image.shape[:2])
    touched = np.zeros(tiles, np.bool_)
    colours = np.full((len(strokes.lines), image.shape[2]), 255.0)
    colours[:, :3] = strokes.colours
    _paint(drawn, strokes.lines, colours, strokes.opacities, touched)
    if opacity < 1:
        _mix(drawn, image, float(opacity), touched)
    return drawn


@kernel
def _paint(canvas, lines, colours, opacities, touched):
    """Paint strokes on the canvas, and mark the tiles that they touch."""
    for s in range(lines.shape[0]):
        x0, y0, x1, y1, radius = lines[s]
        reach = radius + 0.5
        top, bottom = _pixels(min(y0, y1) - reach, max(y0, y1) + reach, canvas.shape[0])
        for y in range(top, bottom):
            a, b = _x_at(lines[s], y - reach), _x_at(lines[s], y + reach)
            left, right = _pixels(min(a, b) - reach, max(a, b) + reach, canvas.shape[1])
            if left < right:
                touched[y // TILE, left // TILE : (right - 1) // TILE + 1] = True
                _paint_row(canvas[y, left:right], left, y, lines[s], colours[s], opacities[s])


@helper
def _pixels(low, high, length):
    """Return the first pixel of [low, high] on an axis, and the last + 1."""
    return max(math.ceil(low), 0), min(math.floor(high), length - 1) + 1


@helper
def _x_at(line, y):
    """Return x where the line is at ``y``; beyond an end, the x of this end."""
    x0, y0, x1, y1, _ = line
    t = (y - y0) / (y1 - y0) if y1 != y0 else (1.0 if y > y0 else 0.0)
    return x0 + min(max(t, 0.0), 1.0) * (x1 - x0)


@helper
def _paint_row(row, left, y, line, colour, opacity):
    """Paint a stroke on pixels (n, C) of row ``y``, the first of which is at x = ``left``."""
    x0, y0, x1, y1, radius = line
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    for i in range(row.shape[0]):
        px, py = left + i - x0, y - y0
        t = min(max((px * dx + py * dy) / length, 0.0), 1.0) if length > 0 else 0.0
        px, py = px - t * dx, py - t * dy
        cover = opacity * min(radius + 0.5 - math.sqrt(px * px + py * py), 1.0)
        if cover > 0:
            for c in range(row.shape[1]):
                row[i, c] = np.uint8(np.rint(cover * colour[c] + (1.0 - cover) * row[i, c]))


@kernel
def _mix(drawn, image, opacity, touched):
    """Make what is drawn on the image transparent, in the tiles that are touched."""
    for row in range(touched.shape[0]):
        for column in range(touched.shape[1]):
            if touched[row, column]:
                y, x = row * TILE, column * TILE
                before = image[y : y + TILE, x : x + TILE]
                _mix_tile(drawn[y : y + TILE, x : x + TILE], before, opacity)


@helper
def _mix_tile(drawn, image, opacity):
    for y in range(drawn.shape[0]):
        for x in range(drawn.shape[1]):
            for c in range(drawn.shape[2]):
                mixed = opacity * drawn[y, x, c] + (1.0 - opacity) * image[y, x, c]
                drawn[y, x, c] = np.uint8(np.rint(mixed))


def _paint_row_at_once(row, left, y, line, colour, opacity):
    """`_paint_row` in NumPy, which is faster where nothing is compiled."""
    x0, y0, x1, y1, radius = line
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    px, py = left + np.arange(len(row)) - x0, y - y0
    t = ((px * dx + py * dy) / length).clip(0.0, 1.0) if length > 0 else np.zeros(len(row))
    px, py = px - t * dx, py - t * dy
    cover = opacity * np.minimum(radius + 0.5 - np.sqrt(px * px + py * py), 1.0)
    cover = cover.clip(0.0)[:, None]
    row[:] = np.rint(cover * colour + (1.0 - cover) * row)


def _mix_tile_at_once(drawn, image, opacity):
    """`_mix_tile` in NumPy."""
    drawn[:] = np.rint(opacity * drawn + (1.0 - opacity) * image)


if not COMPILES:
    _paint_row, _mix_tile = _paint_row_at_once, _mix_tile_at_once
