"""Where a forward pass of ours spends its time: ``python -m benchmarks.networks --layers``."""

import time
from collections import defaultdict
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np

from benchmarks.network_works import WORKS, picture
from benchmarks.tile_peak import tile_gflops
from benchmarks.timing import first_call
from npkpose import nn
from npkpose.engine import num_threads
from npkpose.nn import fuse


def multiply_adds(model, x):
    """Return the products that a forward pass sums, those of attention left out.

    Counted in training, when every layer does its own work, for two inputs: a batch normalisation
    may refuse a single one.
    """
    counts = []
    with _watch(model.train(), lambda layer, _, y: counts.append(_products(layer, y))):
        model(np.repeat(x[:1], 2, axis=0))
    return sum(counts) * len(x) // 2


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
    """Print where a forward pass spends its time, by kind of layer and size, the slowest first.

    Arithmetic stands there as a share of what the register tile reaches on all threads.
    """
    work, peak = WORKS[name], tile_gflops(num_threads())
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
    print(f"the tile reaches {peak:.0f} GFLOP/s in registers on {num_threads()} threads")
    for key, (count, spent, flops) in sorted(found.items(), key=lambda item: -item[1][1]):
        rate = flops / spent / 1e9
        print(f"{1e3 * spent:9.2f} ms {count:4d} x {key:60} {rate:6.1f} GFLOP/s {rate / peak:5.0%}")
