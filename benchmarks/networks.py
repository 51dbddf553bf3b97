"""How fast the networks are: ``python -m benchmarks.networks [NAME ...] [options]``.

Each against the same network in PyTorch eager, with the same weights, on all cores: the two take
turns, each after a moment's rest in which the threads of the other go to sleep; their outputs
are asserted equal first, and the ratio is the median of the pairs'. GFLOP/s stand beside what the
register tile reaches in the same run when nothing but arithmetic takes time (`tile_peak`). With
``--threads 1,2,4``, the ratios for each of these numbers of threads that the machine has; with
``--onnx``, also for onnxruntime; with ``--memory``, the most memory in MB of a process that runs
the network once, ours and PyTorch's; with ``--layers``, where a forward pass of ours spends its
time; with ``--readme``, the table goes to the README.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np

from benchmarks.network_layers import multiply_adds, print_layers
from benchmarks.network_works import WORKS, onnx_twin, picture, torch_twin, training_step
from benchmarks.tile_peak import tile_gflops
from benchmarks.timing import first_call, machine, peak_mib
from npkpose.engine import num_threads, use_threads

SECONDS, LEAST, MOST = 20, 5, 200  # for each row, and pairs of runs
REST = 0.005  # seconds; PyTorch's threads wait for more work that long
MARKS = "<!-- networks -->\n", "<!-- end of networks -->\n"


class Row(NamedTuple):
    """One line of the table; PyTorch's numbers are NaN where it is not installed."""

    name: str
    shape: tuple
    ms: float  # the smallest
    torch_ms: float
    ratio: float  # median of ours over PyTorch's in each pair of runs
    gflops: float
    memory: str = ""


def measure(name, seconds=SECONDS, memory=False):
    """Return the Row of one of `WORKS`."""
    work = WORKS[name]
    ours, x, model = _ours(work)
    flops = 2 * multiply_adds(model, x) * (3 if work.step else 1)
    model.train(work.step)
    twin = torch_twin(work, model.state_dict())
    if twin is not None and not work.step:
        _assert_equal(ours(), [y.numpy() for y in _as_list(twin(x))])
    times = _take_turns(ours, (lambda: np.nan) if twin is None else lambda: twin(x), seconds)
    if twin is None:
        times[:, 1] = np.nan
    note = ""
    if memory:
        kinds = ("npkpose", "PyTorch") if twin is not None else ("npkpose",)
        note = " / ".join(f"{peak_memory(name, kind):.0f}" for kind in kinds)
    ms, torch_ms = times.min(axis=0)
    ratio = np.median(times[:, 0] / times[:, 1])
    return Row(name, work.shape, ms, torch_ms, ratio, flops / ms / 1e6, note)


def _ours(work):
    """Return what runs our network or its training step, its input, and the network."""
    model, x = work.network(*work.arguments).train(work.step), picture(work.shape)
    return training_step(model, x) if work.step else lambda: model(x), x, model


def _take_turns(ours, theirs, seconds):
    """Return the milliseconds (n, 2) of pairs of calls."""
    ours(), theirs()
    times, start = [], time.perf_counter()
    while len(times) < LEAST or (time.perf_counter() - start < seconds and len(times) < MOST):
        times.append((_after_a_rest(ours), _after_a_rest(theirs)))
    return 1e3 * np.array(times)


def measure_threads(name, counts, peer, seconds=SECONDS):
    """Yield the ratio to "PyTorch" or "onnxruntime" for each number of threads, or why not."""
    work = WORKS[name]
    for count in counts:
        with use_threads(count):
            ours, x, model = _ours(work)
            if peer == "onnxruntime":
                twin, reason = onnx_twin(work, model.state_dict(), count)
            else:
                twin, reason = torch_twin(work, model.state_dict()), "torch is not installed"
                _set_torch_threads(count)
            if twin is None:
                yield reason
                return
            if not work.step:
                _assert_equal(ours(), [np.asarray(y) for y in _as_list(twin(x))])
            times = _take_turns(ours, lambda twin=twin, x=x: twin(x), seconds)
            yield f"{np.median(times[:, 0] / times[:, 1]):.2f}"


def _set_torch_threads(count):
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(count)


def _after_a_rest(run):
    """Return the seconds that a call takes when no thread of the other's call turns any more."""
    time.sleep(REST)
    return first_call(run)


def peak_memory(name, kind):
    """Return the most memory in MiB of a process that runs a network once; NaN if not Linux."""
    command = [sys.executable, "-m", "benchmarks.networks", "--child", kind, name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _print_memory(kind, name):
    work = WORKS[name]
    if kind == "PyTorch":
        torch_twin(work)(picture(work.shape))
    else:
        _ours(work)[0]()
    print(peak_mib())


def _as_list(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _assert_equal(ours, theirs):
    for a, b in zip(_as_list(ours), theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4 * abs(a).max())


def table(rows, limit):
    """Return the lines of the table, as Markdown."""
    yield f"The register tile alone reaches {limit:.0f} GFLOP/s in the same run.\n\n"
    yield "| network | input | ms | PyTorch, ms | ratio | GFLOP/s | MB, ours / PyTorch |\n"
    yield "|---|---|---|---|---|---|---|\n"
    for row in rows:
        size = " x ".join(map(str, row.shape))
        yield (
            f"| {row.name} | {size} | {row.ms:.2f} | {row.torch_ms:.2f} | {row.ratio:.2f} | "
            f"{row.gflops:.0f} | {row.memory} |\n"
        )


def thread_table(names, counts, peers, seconds):
    """Yield the lines of the table of ratios for numbers of threads, as Markdown."""
    yield f"| network | ratio to | {' | '.join(map(_plural, counts))} |\n"
    yield f"|---|---|{'---|' * len(counts)}\n"
    for name in names:
        for peer in peers:
            ratios = " | ".join(measure_threads(name, counts, peer, seconds))
            yield f"| {name} | {peer} | {ratios} |\n"


def _plural(threads):
    return f"{threads} thread{'s' if threads > 1 else ''}"


def thread_counts(text):
    """Return the numbers of threads in a text like "1,2,4" that this process has cores for."""
    counts = [int(number) for number in text.split(",") if number.isdecimal()]
    if len(counts) != text.count(",") + 1 or min(counts) < 1:
        raise argparse.ArgumentTypeError(f"expected numbers like 1,2,4, got {text}")
    return [count for count in counts if count <= num_threads()]


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORKS)}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each network")
    parser.add_argument("--memory", action="store_true", help="also the most memory in use")
    parser.add_argument("--layers", action="store_true", help="the time of each kind of layer")
    parser.add_argument("--threads", type=thread_counts, help="ratios for each: 1,2,4,8,16")
    parser.add_argument("--onnx", action="store_true", help="ratios to onnxruntime too")
    parser.add_argument("--readme", action="store_true", help="write the table to the README")
    parser.add_argument("--child", choices=("npkpose", "PyTorch"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.names or list(WORKS)
    unknown = sorted(set(names) - set(WORKS))
    if unknown:
        parser.error(f"NAME: expected some of {', '.join(WORKS)}, got {', '.join(unknown)}")
    if options.child:
        return _print_memory(options.child, *names)
    if options.layers:
        return [print_layers(name) for name in names]
    print(machine().replace("one thread", "all threads"), flush=True)
    if options.threads or options.onnx:
        peers = ("PyTorch", "onnxruntime")[: 1 + options.onnx]
        counts = options.threads or [num_threads()]
        lines = thread_table(names, counts, peers, options.seconds)
    else:
        rows = (measure(name, options.seconds, options.memory) for name in names)
        lines = table(rows, tile_gflops(num_threads()))
    text = ""
    for line in lines:
        print(line, end="", flush=True)
        text += line
    if options.readme and not (options.threads or options.onnx):
        _write_readme(text)


def _write_readme(text):
    readme = pathlib.Path(__file__).parents[1] / "README.md"
    between = re.compile("|".join(map(re.escape, MARKS)))
    before, _, after = between.split(readme.read_text(encoding="utf-8"), maxsplit=2)
    readme.write_text(before + MARKS[0] + text + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
