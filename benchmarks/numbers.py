"""Are scanned numbers those of Python's float(), to the last bit? ``python -m benchmarks.numbers``.

Ten million random numbers by default, of six kinds: doubles of any bits as Python writes them,
in 17 and in 21 digits, decimals of up to 19 digits and any power of ten, decimals next to the
middle of two doubles, where rounding is hardest, and coordinates in pixels. A list of 10,000
numbers is scanned at a time; where the scanner leaves one to `json`, its list is counted and
split until the number is alone.
"""

import argparse
import math
import time
from fractions import Fraction

import numpy as np

from npkpose.metrics.coco.scan import UnusualJson, scan_numbers

STEP = 10_000


def any_bits(rng, count):
    """Return finite doubles of any bits."""
    x = np.frombuffer(rng.bytes(8 * count), np.float64)
    return np.where(np.isfinite(x), x, 0.0).tolist()


def near_middle(x, rng):
    """Return a decimal of 17 to 19 digits, nearest to the middle of two doubles or beside it."""
    middle = (Fraction(x) + Fraction(math.nextafter(x, math.inf))) / 2
    power = math.floor(math.log10(abs(x))) - int(rng.integers(16, 19)) if x else -340
    return f"{round(middle / Fraction(10) ** power) + int(rng.integers(-1, 2))}e{power}"


def any_power(rng, count):
    """Return decimals of up to 19 digits, times powers of ten."""
    digits = rng.integers(0, 10**19, count, np.uint64) >> rng.integers(0, 60, count, np.uint64)
    return [f"{d}e{p}" for d, p in zip(digits, rng.integers(-345, 310, count))]


def pixels(rng, count):
    """Return coordinates of up to 8 decimals."""
    return map(repr, rng.normal(300, 200, count).round(int(rng.integers(0, 9))).tolist())


KINDS = {
    "as Python writes them": lambda rng, n: map(repr, any_bits(rng, n)),
    "17 digits": lambda rng, n: (f"{x:.16e}" for x in any_bits(rng, n)),
    "21 digits": lambda rng, n: (f"{x:.20e}" for x in any_bits(rng, n)),
    "any power of ten": any_power,
    "near the middle of two": lambda rng, n: (near_middle(x, rng) for x in any_bits(rng, n)),
    "pixels": pixels,
}


def compare(texts):
    """Raise AssertionError unless all numbers are float()'s; return seconds and how many were left.

    ``texts`` are numbers as JSON; seconds are of scanning, and of the same by float().
    """
    data = np.frombuffer(bytearray(f"[{','.join(texts)}]\0".encode()), np.uint8)
    start = time.process_time()
    try:
        got, left = scan_numbers(data), 0
    except UnusualJson:
        if len(texts) == 1:
            return np.array([0.0, 0.0, 1])
        half = len(texts) // 2
        return compare(texts[:half]) + compare(texts[half:])
    scanned = time.process_time()
    expected = np.array([float(text) for text in texts])
    parsed = time.process_time()
    wrong = np.flatnonzero(got.view(np.int64) != expected.view(np.int64))
    assert not len(wrong), f"{texts[wrong[0]]}: {got[wrong[0]]!r}, float() {expected[wrong[0]]!r}"
    return np.array([scanned - start, parsed - scanned, left])


def main(argv=None):
    """Print a line for each kind of number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    compare(["1"])  # compiled, or read from the cache
    rng, each = np.random.default_rng(options.seed), -(-options.count // len(KINDS))
    for kind, draw in KINDS.items():
        total = np.zeros(3)
        for start in range(0, each, STEP):
            total += compare(list(draw(rng, min(STEP, each - start))))
        scanned, parsed = 1e9 * total[:2] / each
        print(f"{each} numbers, {kind}: all equal, {int(total[2])} left to json, "
              f"{scanned:.0f} ns each, float() {parsed:.0f} ns", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
