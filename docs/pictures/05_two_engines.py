"""Loads for each multiplication of a register tile, and the time of both engines."""

import os
import time

import numpy as np
from matplotlib import pyplot as plt

from npkpose import nn
from npkpose.engine.vectors import ROWS, VECTORS

P, V = np.arange(1, 13), np.arange(1, 9)
loads = (P[:, None] + V) / (P[:, None] * V)
fits = P[:, None] * V + V + 1 <= 32  # registers of AVX-512
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.2), width_ratios=(3, 2))
shown = left.imshow(np.where(fits, loads, np.nan), origin="lower", vmin=0.35, vmax=1,
                    extent=(0.5, 8.5, 0.5, 12.5), aspect="auto", cmap="viridis_r")  # fmt: skip
for (p, v), value in np.ndenumerate(loads):
    if fits[p, v]:
        left.text(v + 1, p + 1, f"{value:.2f}", ha="center", va="center", fontsize=8,
                  c="white" if value > 0.75 else "black")  # fmt: skip
left.plot(VECTORS, ROWS, "s", mfc="none", mec="#D55E00", ms=26, mew=3)
left.set(xlabel="V, vectors of pixels", ylabel="P, output channels",
         title="Loads for each multiply-add\nempty: does not fit into 32 registers")  # fmt: skip

x = np.random.default_rng(0).normal(size=(1, 64, 64, 48)).astype(np.float32)
layer = nn.Conv2d(64, 64, 3, padding=1).eval()


def milliseconds(engine):
    """Return the shortest time of twenty passes."""
    with nn.engine(engine):
        layer(x)
        times = []
        for _ in range(20):
            start = time.perf_counter()
            layer(x)
            times.append(1000 * (time.perf_counter() - start))
    return min(times)


times = {engine: milliseconds(engine) for engine in ("plain", "fast")}
bars = right.barh(list(times), list(times.values()), color=("#56B4E9", "#0072B2"))
right.bar_label(bars, fmt=" %.2f ms")
right.set(xlabel="ms, one 3 x 3 convolution of 64 channels", title="Two engines, one result")
right.set_xlim(0, 1.3 * max(times.values()))
with nn.engine("plain"):
    y = layer(x)
difference = abs(layer(x) - y).max() / abs(y).max()
print(f"plain {times['plain']:.2f} ms, fast {times['fast']:.2f} ms, on {os.cpu_count()} cores")
print(f"largest difference: {difference:.1e} of the largest value")
