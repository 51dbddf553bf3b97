"""How fast the networks are: ``python -m benchmarks.networks [NAME ...] [options]``.

Each against the same network in PyTorch eager, with the same weights, on all cores: the two take
turns, each after a moment's rest in which the threads of the other go to sleep; their outputs
are asserted equal first, and the ratio is the median of the pairs'. GFLOP/s
stand beside what NumPy's own product of two large matrices reaches in the same run, since a
network of products can hardly be faster. With ``--memory``, the most memory in MB of a process
that runs the network once, ours and PyTorch's; with ``--layers``, where a forward pass of ours
spends its time; with ``--readme``, the table goes to the README.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from benchmarks.timing import first_call, machine, peak_mib
from npkpose import nn
from npkpose.engine import keep_freed_memory
from npkpose.models import (
    HigherHRNet,
    HRNet,
    LightweightOpenPose,
    OpenPoseCOCO,
    TinyKeypointNet,
    ViTPose,
)
from npkpose.nn import fuse
from npkpose.training.data_parallel import DataParallel

SECONDS, LEAST, MOST = 20, 5, 200  # for each row, and pairs of runs
REST = 0.005  # seconds; threads of PyTorch's, and of OpenBLAS's, wait for more work that long


class Work(NamedTuple):
    """A network and its input: (N, C, H, W)."""

    network: type
    arguments: tuple
    shape: tuple
    step: bool = False  # a whole training step, with Adam


WORKS = {
    "tiny-step-64": Work(TinyKeypointNet, (), (16, 3, 64, 64), True),
    "tiny-step-128": Work(TinyKeypointNet, (), (16, 3, 128, 128), True),
    "tiny-64": Work(TinyKeypointNet, (), (1, 3, 64, 64)),
    "vitpose-s-simple": Work(ViTPose, ("S", "simple"), (1, 3, 256, 192)),
    "vitpose-s": Work(ViTPose, ("S", "classic"), (1, 3, 256, 192)),
    "vitpose-b-simple": Work(ViTPose, ("B", "simple"), (1, 3, 256, 192)),
    "vitpose-b": Work(ViTPose, ("B", "classic"), (1, 3, 256, 192)),
    "hrnet-w32": Work(HRNet, (32,), (1, 3, 256, 192)),
    "hrnet-w32-batch-8": Work(HRNet, (32,), (8, 3, 256, 192)),
    "hrnet-w32-step": Work(HRNet, (32,), (8, 3, 64, 64), True),
    "hrnet-w48": Work(HRNet, (48,), (1, 3, 256, 192)),
    "higherhrnet-w32": Work(HigherHRNet, (32,), (1, 3, 256, 256)),
    "higherhrnet-w32-512": Work(HigherHRNet, (32,), (1, 3, 512, 512)),
    "openpose-lightweight": Work(LightweightOpenPose, (), (1, 3, 256, 456)),
    "openpose-coco": Work(OpenPoseCOCO, (), (1, 3, 368, 368)),
}
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
    model, x = work.network(*work.arguments), picture(work.shape)
    flops = 2 * multiply_adds(model, x) * (3 if work.step else 1)
    model.train(work.step)
    twin = torch_twin(work, model.state_dict())
    if twin is not None and not work.step:
        _assert_equal(model(x), twin(x))
    ours = _step(model, x) if work.step else lambda: model(x)
    theirs = (lambda: np.nan) if twin is None else lambda: twin(x)
    ours(), theirs()
    times, start = [], time.perf_counter()
    while len(times) < LEAST or (time.perf_counter() - start < seconds and len(times) < MOST):
        times.append((_after_a_rest(ours), _after_a_rest(theirs)))
    times = 1e3 * np.array(times)
    if twin is None:
        times[:, 1] = np.nan
    note = ""
    if memory:
        kinds = ("npkpose", "PyTorch") if twin is not None else ("npkpose",)
        note = " / ".join(f"{peak_memory(name, kind):.0f}" for kind in kinds)
    ms, torch_ms = times.min(axis=0)
    ratio = np.median(times[:, 0] / times[:, 1])
    return Row(name, work.shape, ms, torch_ms, ratio, flops / ms / 1e6, note)


def picture(shape):
    """Return the same random input every time."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def multiply_adds(model, x):
    """Return the products that a forward pass sums, those of attention left out.

    Counted in training, when every layer does its own work.
    """
    counts = []
    with _watch(model.train(), lambda layer, _, y: counts.append(_products(layer, y))):
        model(x)
    return sum(counts)


def _products(layer, y):
    if not hasattr(layer, "params") or getattr(layer.params.get("weight"), "ndim", 0) < 2:
        return 0
    weight = layer.params["weight"]
    if isinstance(layer, nn.ConvTranspose2d):
        return y.size // layer.out_channels * weight.size // np.prod(layer.stride)
    outputs = y.shape[-1] if isinstance(layer, nn.Linear) else y.shape[1]
    return y.size // outputs * weight.size


@contextmanager
def _watch(model, report):
    """Within it ``report(layer, seconds, output)`` is called after each layer has run.

    A convolution's time includes the layers that the fast engine fuses with it.
    """
    leaves = [m for _, m in model.named_modules() if not any(True for _ in m.named_children())]

    def watched(function, layer=None):
        def call(*arguments):
            start = time.perf_counter()
            output = function(*arguments)
            y = output[0] if isinstance(output, tuple) else output
            report(layer or arguments[0][0], time.perf_counter() - start, y)
            return output

        return call

    for layer in leaves:
        layer.forward = watched(layer.forward, layer)
    try:
        with patch.multiple(fuse, _conv=watched(fuse._conv), _norm=watched(fuse._norm)):
            yield
    finally:
        for layer in leaves:
            vars(layer).pop("forward", None)


def print_layers(name):
    """Print where a forward pass spends its time, by kind of layer and size."""
    work = WORKS[name]
    model, x = work.network(*work.arguments).eval(), picture(work.shape)
    model(x)
    found = defaultdict(lambda: [0, 0.0, 0])

    def report(layer, seconds, y):
        kernel = getattr(layer, "kernel_size", "")
        entry = found[f"{type(layer).__name__} {kernel} -> {tuple(y.shape)}"]
        entry[0] += 1
        entry[1] += seconds
        entry[2] += 2 * _products(layer, y)

    with _watch(model, report):
        seconds = first_call(lambda: model(x))
    print(f"{name}: {1e3 * seconds:.1f} ms; layers that run side by side count twice")
    for key, (count, spent, flops) in sorted(found.items(), key=lambda item: -item[1][1]):
        print(f"{1e3 * spent:9.2f} ms {count:4d} x {key:60} {flops / spent / 1e9:6.1f} GFLOP/s")


def product_gflops(n=1024):
    """Return what NumPy's product of two n x n matrices reaches."""
    a, b = picture((2, n, n))
    return 2 * n**3 / min(first_call(lambda: a @ b) for _ in range(20)) / 1e9


def torch_twin(work, state=None):
    """Return a function of an array: PyTorch's network, or its training step; None without it."""
    try:
        import torch
    except ImportError:
        return None
    from benchmarks import torch_networks, torch_vitpose

    module = torch_vitpose if work.network is ViTPose else torch_networks
    twin = getattr(module, work.network.__name__)(*work.arguments).train(work.step)
    if state is not None:
        twin.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})
    optimizer = torch.optim.Adam(twin.parameters(), lr=1e-4)

    def forward(x):
        with torch.inference_mode():
            return twin(torch.from_numpy(x))

    def step(x):
        optimizer.zero_grad()
        loss = twin(torch.from_numpy(x)).square().mean()
        loss.backward()
        optimizer.step()

    return step if work.step else forward


def _after_a_rest(run):
    """Return the seconds that a call takes when no thread of the other's call turns any more."""
    time.sleep(REST)
    return first_call(run)


def _step(model, x):
    """Return a function that trains for a step, as `npkpose.training.fit.fit` does."""
    keep_freed_memory()
    optimizer, shared = nn.Adam(model, lr=1e-4), DataParallel(model)
    target = np.zeros_like(shared(x))

    def step():
        _, dy = nn.mse_loss(shared(x), target)
        with nn.no_input_gradient(model):  # nor does PyTorch calculate it
            shared.backward(dy)
        optimizer.step()

    return step


def peak_memory(name, kind):
    """Return the most memory in MiB of a process that runs a network once; NaN if not Linux."""
    command = [sys.executable, "-m", "benchmarks.networks", "--child", kind, name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _print_memory(kind, name):
    work = WORKS[name]
    if kind == "PyTorch":
        run = torch_twin(work)
    else:
        model = work.network(*work.arguments).train(work.step)
        run = model if not work.step else lambda x: _step(model, x)()
    run(picture(work.shape))
    print(peak_mib())


def _assert_equal(ours, theirs):
    if isinstance(ours, np.ndarray):
        ours, theirs = [ours], [theirs]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=0, atol=1e-4 * abs(a).max())


def table(rows, limit):
    """Return the lines of the table, as Markdown."""
    yield f"NumPy's own product reaches {limit:.0f} GFLOP/s in the same run.\n\n"
    yield "| network | input | ms | PyTorch, ms | ratio | GFLOP/s | MB, ours / PyTorch |\n"
    yield "|---|---|---|---|---|---|---|\n"
    for row in rows:
        size = " x ".join(map(str, row.shape))
        yield (
            f"| {row.name} | {size} | {row.ms:.2f} | {row.torch_ms:.2f} | {row.ratio:.2f} | "
            f"{row.gflops:.0f} | {row.memory} |\n"
        )


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORKS)}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each network")
    parser.add_argument("--memory", action="store_true", help="also the most memory in use")
    parser.add_argument("--layers", action="store_true", help="the time of each kind of layer")
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
    lines = []
    rows = (measure(name, options.seconds, options.memory) for name in names)
    for line in table(rows, product_gflops()):
        print(line, end="", flush=True)
        lines.append(line)
    if options.readme:
        readme = pathlib.Path(__file__).parents[1] / "README.md"
        between = re.compile("|".join(map(re.escape, MARKS)))
        before, _, after = between.split(readme.read_text(encoding="utf-8"), maxsplit=2)
        readme.write_text(before + MARKS[0] + "".join(lines) + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
