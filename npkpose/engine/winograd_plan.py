"""Which convolutions are done by Winograd's method, and in which chunks.

A line is the patches of one row of 4 x 4 windows, of all columns: with a dilation d, of each d-th
row and of the d remainders of columns, one after the other. A chunk is some lines of some output
channels. More lines fill the register tiles better and share the transformed weights, fewer stay
in the second cache.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from npkpose.engine.conv_plan import CACHED, count_cycles, split_channels, tile_cycles
from npkpose.engine.tiling import split_range
from npkpose.engine.vectors import ROWS, VECTOR_BYTES

LANES = VECTOR_BYTES // 4
BLOCK = 128  # output channels whose products are kept at once
MOST_LINES = 64  # of a chunk

# Found by timing, in cycles as in `conv_plan`.
CHUNK = 10000  # a chunk, whatever its size
TRANSFORMED = 250  # a vector of patches, of its pixels or its products
FAR_NUMBER = 2**-22  # a transformed pixel or a product, for each other one of the chunk
UNCACHED_WEIGHT = 0.5  # a transformed weight that comes from the third cache
NEW_WEIGHT = 0.6  # a weight that is transformed
GAIN = 0.6  # of the direct way's cycles: above it, two threads may gain nothing


class Plan(NamedTuple):
    """What the job of `npkpose.engine.winograd_kernels` is told beside the arrays."""

    chunks: np.ndarray  # (n, 4): first line, end, first channel, end
    patches: int  # of the largest chunk
    down: int  # lines of an image for each remainder by the dilation
    across: int  # patches of a line for each remainder
    threads: int


@lru_cache(maxsize=4096)
def pays(N, C, O, image, size, corner, dilation):
    """Return whether N images (H, W) of C channels to O are quicker convolved by this method.

    ``size`` is the windows' (Ho, Wo), ``corner`` the first tap of the first. The answer is the
    same for every number of threads, and so are the results.
    """
    rows, cols = (tuple(first + dilation * k for k in range(3)) for first in corner)
    direct = N * count_cycles(N, C, O, image, size, rows, cols, (1, 1), True, 4)
    new = NEW_WEIGHT * 36 * C * O
    return _quickest(N, C, O, size, dilation, 1)[0] + new < GAIN * direct


@lru_cache(maxsize=1024)
def find_plan(N, C, O, size, dilation, threads):
    """Return the `Plan` of a convolution."""
    down, across = _patches(size, dilation)
    _, count, parts = _quickest(N, C, O, size, dilation, threads)
    lines = split_range(N * dilation * down, count)
    chunks = [(*some, *part) for some in lines for part in split_channels(O, parts)]
    patches = max(b - a for a, b in lines) * dilation * across
    return Plan(np.array(chunks, np.int64), patches, down, across, min(threads, len(chunks)))


def _patches(size, dilation):
    """Return how many patches lie below each other, and side by side, for each remainder."""
    return [-(-n // (4 * dilation)) for n in size]


def _quickest(N, C, O, size, dilation, threads):
    """Return (cycles, parts of the lines, parts of the channels) of the quickest way."""
    down, across = _patches(size, dilation)
    lines, ways = N * dilation * down, []
    parts = min(-(-threads // lines), -(-O // ROWS))
    channels = -(-O // (ROWS * parts)) * ROWS
    for count in {-(-lines // each) for each in range(1, min(lines, MOST_LINES) + 1)}:
        cycles = _cycles(C, channels, -(-lines // count), dilation, across)
        ways.append((-(-count * parts // threads) * cycles, count, parts))
    return min(ways)


def _cycles(C, O, lines, dilation, across):
    """Return the cycles of a chunk."""
    patches = lines * dilation * across
    cycles = CHUNK + TRANSFORMED * (C + O) * lines * dilation * -(-across // LANES)
    cycles += 36 * C * -(-O // ROWS) * tile_cycles(patches, LANES)
    kept = 36 * (C + min(O, BLOCK)) * patches  # numbers that are kept at once
    if kept > CACHED:
        cycles += min(1, FAR_NUMBER * kept) * 36 * (C + O) * patches
    if 36 * C * O > CACHED:
        cycles += UNCACHED_WEIGHT * 36 * C * O
    return cycles
