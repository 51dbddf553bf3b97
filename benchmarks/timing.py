"""What every benchmark shares: fair timing, the row of the table, and the machine's name.

Times are the smallest of many runs, because a shared machine only ever adds to them. Peers run
in the same process on the same arrays, in alternation, with one thread.
"""

import argparse
import math
import platform
import time
from typing import NamedTuple

import numpy as np

RUNS = 50


class Row(NamedTuple):
    """One line of the table. A missing peer has ``peer_ms`` NaN and says so in ``peer``."""

    kernel: str
    size: str
    first_s: float  # first call in this process: compiled, or read from the cache
    ms: float
    peer: str
    peer_ms: float
    note: str = ""


def first_call(work, clock=time.perf_counter):
    """Return the seconds that the first call of ``work()`` takes."""
    start = clock()
    work()
    return clock() - start


def smallest_ms(*works, runs=RUNS, clock=time.perf_counter):
    """Return the smallest time of each of ``works`` in milliseconds, run in alternation.

    With ``time.process_time``, of the processor: a peer's threads are then added up.
    """
    best = np.full(len(works), np.inf)
    for _ in range(runs):
        for i, work in enumerate(works):
            best[i] = min(best[i], first_call(work, clock))
    return (1e3 * best).tolist()


def machine():
    """Return one line that names the processor and the versions in use."""
    import numba

    import npkpose

    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    except OSError:
        pass
    versions = f"NumPy {np.__version__}, Numba {numba.__version__}, npkpose {npkpose.__version__}"
    return f"{processor}, one thread, Python {platform.python_version()}, {versions}"


def print_table(docstring, rows, argv=None, threads="one thread"):
    """Print the table of ``rows()``, or the help: what a benchmark without options does."""
    argparse.ArgumentParser(description=docstring.splitlines()[0]).parse_args(argv)
    print(machine().replace("one thread", threads), flush=True)
    print_rows(rows())


def peak_mib():
    """Return this process's peak memory in MiB, or NaN where the system has no /proc.

    getrusage gives the parent's if that is larger.
    """
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    except OSError:
        return math.nan


def print_rows(rows):
    """Print rows as a table; the ratio is our time over the peer's, so below 1 is faster."""
    head = f"{'kernel':24} {'size':22} {'first s':>7} {'ms':>9} {'peer':34}"
    print(f"{head} {'peer ms':>9} {'ratio':>6}")
    for row in rows:
        ratio = row.ms / row.peer_ms
        print(
            f"{row.kernel:24} {row.size:22} {row.first_s:7.2f} {row.ms:9.3f} {row.peer:34} "
            f"{row.peer_ms:9.3f} {ratio:6.3f}  {row.note}"
        )
