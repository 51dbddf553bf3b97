"""Decoding one crop of 17 keypoints: ``python -m benchmarks.one_crop``.

A few microseconds, of which half are checks and the call: the price of the door, which a video
pays for every person. The bars: maps within 1.2 times NumPy's argmax over them plus 5 us, SimCC's
logits within 12 us. A ratio is our time over the bar; below 1 is within it.
"""

import numpy as np

from benchmarks.decode import noisy_heatmaps
from benchmarks.timing import Row, first_call, print_table, smallest_ms
from npkpose import decode_heatmaps
from npkpose.codec import decode_simcc

CALLS, ROUNDS = 50, 200  # calls timed together, because a clock is no better than 0.1 us
SIZES = (64, 48), (96, 72)
BINS = 384, 512  # of a crop of 192 x 256 pixels
SIMCC_BAR = 0.012  # ms


def repeated(call):
    """Return a function that makes `CALLS` calls."""

    def calls():
        for _ in range(CALLS):
            call()

    return calls


def times(*calls):
    """Return the smallest time of one call of each, in milliseconds, in alternation."""
    return [ms / CALLS for ms in smallest_ms(*map(repeated, calls), runs=ROUNDS)]


def rows():
    """Yield a `timing.Row` for every kind of map; the peer is the bar."""
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        for size in SIZES:
            maps = noisy_heatmaps(size, 2.0, rng, people=1)[0].astype(dtype)
            flat = maps.reshape(17, -1)
            first = first_call(lambda: decode_heatmaps(maps))
            ms, peer = times(lambda: decode_heatmaps(maps), lambda: flat.argmax(axis=1))
            shape = f"1x17x{size[0]}x{size[1]} {np.dtype(dtype)}"
            note = f"argmax alone {1e3 * peer:.2f} us"
            bar = 1.2 * peer + 5e-3
            yield Row("decode_heatmaps", shape, first, ms, "1.2 argmax + 5 us", bar, note)
    x, y = (rng.random((1, 17, bins), np.float32) for bins in BINS)
    first = first_call(lambda: decode_simcc(x, y))
    (ms,) = times(lambda: decode_simcc(x, y))
    yield Row("decode_simcc", f"1x17x{BINS[0]}, {BINS[1]}", first, ms, "12 us", SIMCC_BAR)


if __name__ == "__main__":
    print_table(__doc__, rows)
