"""ONNX files, ours against onnxruntime: ``python -m benchmarks.onnx_files FILE... [--runs 25]``.

Both have the cores of this process and run the same file on the same numbers, in turns, each some
runs at a time; the first run of a turn is not counted. Times are medians. After a run,
onnxruntime's threads look for more work for some tens of milliseconds, and took a core from us
in our turn. So each of its runs ends with its own ``session.force_spinning_stop``, which lets them
sleep when the run is over; during the run they look for work as by default, and the run is as
quick as without. Milliseconds on two cores, onnxruntime by itself and both in turns:

                  peer alone        turns, not stopped    turns, stopped
                  by default  stop  ours   peer  ratio    ours   peer  ratio
    MoveNet             4.11  4.06  6.94   4.19   1.66    4.60   4.08   1.13
    YOLOX-Nano          7.60  7.72  9.18   7.62   1.20    8.90   7.59   1.17
    RTMPose             1.41  1.48  2.27   1.47   1.54    1.47   1.48    .99
    HRNet               2.36  1.96  2.29   1.90   1.21    1.51   1.89    .80
    ViTPose classic     1.67  1.64  2.13   1.64   1.30    1.44   1.66    .87
    ViTPose simple      1.32  1.35  1.63   1.33   1.23    1.11   1.32    .84

MoveNet's runs of an earlier version of ours, one after another in a turn, where the peer was not
stopped: 9.1, 8.4, 8.3, 8.0, 5.7, 5.5; stopped: 6.4, 5.9, 5.8, 5.6, 5.5, 5.5; with its
``session.intra_op.allow_spinning`` at 0: 6.5, 5.8, 5.6, 5.3, 5.5, 5.4, but then its own run takes
5.4.
"""

import argparse
import time

import numpy as np

from benchmarks.timing import first_call, machine, peak_mib
from npkpose.engine import num_threads
from npkpose.onnx import Session
from npkpose.onnx.summary import zeros_for

TURN = 6  # runs, of which the first does not count


def images_for(session):
    """Return {name: numbers from 0 to 255} of the declared shapes, every free size 1."""
    rng = np.random.default_rng(0)
    zeros = zeros_for(session.inputs)
    return {name: (255 * rng.random(a.shape)).astype(a.dtype) for name, a in zeros.items()}


def medians(*works, runs, rest):
    """Return the median seconds of each of ``works``, run in turns."""
    times = [[] for _ in works]
    while len(times[0]) < runs:
        for work, found in zip(works, times):
            time.sleep(rest)
            found += [first_call(work) for _ in range(TURN)][1:]
    return [float(np.median(found)) for found in times]


def main(argv=None):
    """Print one line for each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE", help=".onnx files")
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--rest", type=float, default=0, help="seconds before each turn")
    parser.add_argument("--spin", action="store_true", help="let the peer's threads look for work")
    options = parser.parse_args(argv)
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = num_threads()
    settings.add_session_config_entry("session.force_spinning_stop", str(int(not options.spin)))
    print(machine().replace("one thread", f"{num_threads()} threads"), flush=True)
    print(f"{'file':48} {'load s':>7} {'ms':>9} {'peer ms':>9} {'ratio':>6} {'difference':>11}")
    for path in options.files:
        started = time.perf_counter()
        ours = Session(path)
        load = time.perf_counter() - started
        peer = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        feeds = images_for(ours)
        for _ in range(2):
            found, expected = list(ours.run(feeds).values()), peer.run(None, feeds)
        apart = max(
            np.abs(a.astype(np.float64) - b).max(initial=0) / max(np.abs(b).max(initial=0), 1e-30)
            if a.shape == b.shape else np.inf
            for a, b in zip(found, expected)
        )  # fmt: skip
        mine, theirs = medians(
            lambda: ours.run(feeds), lambda: peer.run(None, feeds),
            runs=options.runs, rest=options.rest,
        )  # fmt: skip
        print(
            f"{path[-48:]:48} {load:7.3f} {1e3 * mine:9.2f} {1e3 * theirs:9.2f} "
            f"{mine / theirs:6.2f} {apart:11.1e}", flush=True,
        )  # fmt: skip
    print(f"peak memory {peak_mib():.0f} MiB, both together")


if __name__ == "__main__":
    main()
