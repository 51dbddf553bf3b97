"""How a convolution is done: where its pixels are read, and in which chunks.

The pixels of an image are read where they lie, or are first copied with zeros around them. Along
an axis, window u sees kernel tap i at the pixel s u + t_i, for the stride s and a position t_i.
The copy has planes whose pixels lie s apart in the image, so that in a plane the windows' pixels
are neighbours:

    phases     one plane for each remainder of t_i by s; tap i is a shift within its plane
    unfolded   one plane for each tap, without a shift

Unfolding along an axis copies pixels several times. In return, rows of windows follow each other
without a gap, where otherwise windows between the ends of rows are computed in vain.
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from npkpose.engine.tiling import split_range
from npkpose.engine.vectors import ROWS, VECTOR_BYTES, VECTORS

# Found by timing, in cycles of a processor that does two vectors' products in each.
TILE = 0, 5.5, 8.5, 12  # of a tile of some vectors, for each term of the sum
COPIED_ROW, COPIED_NUMBER = 6, 0.1
PLACED_NUMBER = 1.2
SHORT_ROW = 8, 24  # up to which numbers are placed one by one: for stride 1, and for others
SPREAD_NUMBER = 0.6  # a sum that is not written by the tile itself
CACHED = 3 * 2**17  # numbers of a copy that stay in the second cache; of more, each costs
UNCACHED_NUMBER = 4
FEW_WINDOWS = 96  # of an image, below which several images are taken together
JOINED_WINDOWS = 384
MIN_SHARED = 2**19  # multiplications below which one thread is quickest


class Axis(NamedTuple):
    """Planes along one axis: where each starts, pixels beyond the windows, and each tap's place."""

    starts: tuple
    extra: int
    taps: tuple  # of (plane, shift)


class Plan(NamedTuple):
    """What the job of `npkpose.engine.conv_kernels` is told beside the arrays."""

    planes: np.ndarray  # (K, 3): plane, rows and columns to add, for each term of the sum
    row_starts: np.ndarray
    col_starts: np.ndarray
    chunks: np.ndarray  # (n, 6): first image, images, first row, end, first channel, end
    places: np.ndarray  # see `find_places`
    below: int
    width: int
    copies: bool
    by_rows: bool
    buffer: int  # numbers of a thread's copy
    threads: int


def find_axis(positions, stride, unfold):
    """Return the `Axis` for kernel taps at these positions."""
    if unfold:
        return Axis(tuple(positions), 0, tuple((i, 0) for i in range(len(positions))))
    remainders = sorted({t % stride for t in positions})
    starts = [min(t for t in positions if t % stride == r) for r in remainders]
    planes = [remainders.index(t % stride) for t in positions]
    taps = tuple((p, (t - starts[p]) // stride) for p, t in zip(planes, positions))
    return Axis(tuple(starts), max(shift for _, shift in taps), taps)


@lru_cache(maxsize=4096)
def find_plan(
    N, C, O, image, size, rows, cols, stride, contiguous, same_weight, threads, itemsize
):  # fmt: skip
    """Return the `Plan` for N images of C channels and O sums of ``size`` windows.

    ``image`` is (H, W); ``rows`` and ``cols`` are the taps' positions; ``contiguous`` says whether
    an image of ``y`` is written without gaps, ``same_weight`` whether all images have one weight.
    """
    _, row, col, joined, copies, by_rows = _quickest(
        N if same_weight else 1, C, O, image, size, rows, cols, stride, contiguous, itemsize
    )
    width = size[1] + col.extra
    chunks = _chunks(N, C, O, size, row, col, joined, copies, len(rows) * len(cols), threads)
    tallest = max((m * (b - a + row.extra) for _, m, a, b, *_ in chunks), default=0)
    lanes = VECTOR_BYTES // itemsize
    apart = -(-tallest * width // lanes) * lanes + 4 * lanes
    return Plan(
        _planes(C, row, col), np.array(row.starts), np.array(col.starts),
        np.array(chunks, np.int64).reshape(-1, 6),
        find_places(row, col, stride, image, size), row.extra, width, copies, by_rows,
        C * len(row.starts) * len(col.starts) * apart, min(threads, len(chunks)),
    )  # fmt: skip


def count_cycles(*arguments):
    """Return the estimated cycles of one image, on one thread; arguments as of `_estimate`."""
    return _quickest(*arguments)[0]


def _quickest(N, C, O, image, size, rows, cols, *options):
    """Return what `_estimate` does, for the quickest way."""
    ways = product((False, len(rows) > 1), (False, len(cols) > 1), (False, True))
    estimates = [
        _estimate(N, C, O, image, size, rows, cols, *options, *way)
        for way in ways if way[1] >= way[0]
    ]  # fmt: skip
    return min(estimates, key=lambda way: way[0])


@lru_cache(maxsize=1024)
def find_places(row, col, stride, image, size):
    """Return where in a channel the pixels of an image's planes lie, and H W outside of it.

    Empty for rows that are quicker copied as they are.
    """
    (H, W), width = image, size[1] + col.extra
    if width > SHORT_ROW[stride != (1, 1)]:
        return np.empty(0, np.int64)
    y, x = (
        np.add.outer(axis.starts, s * np.arange(n + axis.extra))
        for axis, s, n in zip((row, col), stride, size)
    )
    y, x = y[:, None, :, None], x[:, None]  # (planes, planes, rows, width)
    return np.where((y >= 0) & (y < H) & (x >= 0) & (x < W), W * y + x, H * W).reshape(-1)


@lru_cache(maxsize=1024)
def _planes(C, row, col):
    """Return where each term's pixels are, for images of any size: see `Plan`."""
    planes = [
        ((c * len(row.starts) + p) * len(col.starts) + q, down, right)
        for c in range(C) for p, down in row.taps for q, right in col.taps
    ]  # fmt: skip
    return np.array(planes, np.int64).reshape(-1, 3)


def _estimate(
    N, C, O, image, size, rows, cols, stride, contiguous, itemsize, down, across, by_rows
):
    """Return (cycles, ...) of one way: unfolded ``down``, ``across``; tiles ``by_rows``."""
    row, col = find_axis(rows, stride[0], down), find_axis(cols, stride[1], across)
    lanes = VECTOR_BYTES // itemsize
    height, width = size[0] + row.extra, size[1] + col.extra
    joined = 1
    if size[0] * size[1] < FEW_WINDOWS and not by_rows:
        joined = max(1, min(N, JOINED_WINDOWS // (height * width)))
    in_place = (
        stride == (1, 1) and joined == 1 and row.starts == col.starts == (0,)
        and (height, width) == tuple(image)
    )  # fmt: skip
    if by_rows:
        tiles, spread = size[0] * tile_cycles(size[1], lanes), not contiguous
    else:
        windows = ((joined - 1) * height + size[0] - 1) * width + size[1]
        tiles = tile_cycles(windows, lanes) / joined
        spread = not (contiguous and joined == 1 and width == size[1])
    cycles = tiles * C * len(rows) * len(cols) * -(-O // ROWS)
    cycles += SPREAD_NUMBER * spread * O * size[0] * size[1]
    if not in_place:
        cycles += copy_cycles(C, size[0], row, col, width, stride)
    return cycles, row, col, joined, not in_place, by_rows


def tile_cycles(windows, lanes):
    """Return the cycles of tiles over ``windows`` for each term of the sum."""
    vectors = -(-windows // lanes)
    return vectors // VECTORS * TILE[VECTORS] + TILE[vectors % VECTORS]


def copy_cycles(C, Ho, row, col, width, stride):
    """Return the cycles that the planes of C channels of an image take."""
    planes = C * len(row.starts) * len(col.starts)
    if width <= SHORT_ROW[stride != (1, 1)]:
        return planes * (Ho + row.extra) * width * PLACED_NUMBER
    least = min(Ho, max(1, 2 * row.extra)) + row.extra
    each = COPIED_NUMBER if planes * least * width <= CACHED else UNCACHED_NUMBER
    return planes * (Ho + row.extra) * (COPIED_ROW + each * width)


def _chunks(N, C, O, size, row, col, joined, copies, taps, threads):
    """Return chunks that fit into the cache, and about two for each thread."""
    Ho, Wo = size
    shared = threads > 1 and N * Ho * Wo * C * O * taps >= MIN_SHARED
    if joined > 1:
        count = max(-(-N // joined), threads if shared else 1)
        pieces = [(a, b - a, 0, Ho) for a, b in split_range(N, count)]
    else:
        line = C * len(row.starts) * len(col.starts) * (Wo + col.extra)
        fitting = CACHED // 2 // line - row.extra if copies else -(-4096 // Wo)
        fitting = max(fitting, 2 * row.extra, 1)
        count = -(-Ho // fitting)
        if shared and N * count < 2 * threads:
            most = max(1, Ho * Wo // (VECTORS * VECTOR_BYTES))  # of four float32 tiles at least
            most = min(Ho, most, -(-2 * threads // N))
            count = max(count, most - most % threads if most > threads else most)
        pieces = [(n, 1, a, b) for n in range(N) for a, b in split_range(Ho, count)]
    parts = min(threads, O // ROWS) if shared and len(pieces) < threads else 1
    return [(*piece, a, b) for piece in pieces for a, b in split_channels(O, parts)]


def split_channels(O, count):
    """Split O output channels into at most ``count`` parts, [(first, end), ...], of whole tiles."""
    return [(ROWS * a, min(O, ROWS * b)) for a, b in split_range(-(-O // ROWS), count)]
