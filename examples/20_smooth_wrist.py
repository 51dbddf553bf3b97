"""Jitter against lag: how still is a still wrist, and how late is a moving one?

    python examples/20_smooth_wrist.py

A still wrist trembles by 0.014 sizes of the person: with camera noise, three in four wrists of the
small network of fields tremble less. A low-pass filter divides that, and follows a moving wrist
late: here one that swings by half a size, 0.75 times a second. The One-Euro filter does the first
at rest and the other in motion. A smoother that sees the whole recording has no lag.

Expected output:

    low-pass filter  cutoff 1 Hz         jitter / 3.2   lag 127 ms
    low-pass filter  cutoff 4 Hz         jitter / 1.8   lag  39 ms
    One-Euro filter  as in PoseSmoother  jitter / 3.2   lag  28 ms
    zero lag         cutoff 3 Hz         jitter / 2.4   lag   0 ms
"""

import argparse
from functools import partial

import numpy as np
from matplotlib import pyplot as plt

from npkpose.exercises.plot_file import PlotFile
from npkpose.tracking import OneEuroFilter, PoseSmoother, smooth_sequence

NOISE, FPS = 0.014, 30  # sizes; frames per second
STYLES = ("o-", "#e69f00"), ("s-", "#0072b2"), ("^-", "#009e73")
MIN_CUTOFF, BETA, D_CUTOFF = PoseSmoother.__init__.__defaults__[1:4]

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seconds", type=int, default=60, help="of still and of moving; default 60")
parser.add_argument("--out", type=PlotFile, default="20_smooth_wrist.png", help="plot")
options = parser.parse_args()

# %%
# The still wrists are noise alone; the moving one is a swing with the same noise.

rng = np.random.default_rng(0)
time = np.arange(options.seconds * FPS) / FPS
noise = rng.normal(0, NOISE, (len(time), 8))
swing = 0.5 * np.sin(2 * np.pi * 0.75 * time)


def one_euro(min_cutoff, beta):
    """Return a function that filters signals (F, M) frame by frame."""
    make = partial(OneEuroFilter, FPS, min_cutoff, beta, D_CUTOFF)
    return lambda signals: np.array(list(map(make(), signals)))


def jitter_and_lag(smooth):
    """Return by how much jitter is divided, and the lag in ms that fits the moving wrist best."""
    steady = slice(FPS, -FPS)
    still, moving = smooth(noise), smooth(swing[:, None] + noise)
    lags = np.arange(0, 0.3, 0.001)
    late = np.stack([np.interp(time - lag, time, swing) for lag in lags])[:, steady]
    lag = lags[((late - moving[steady].mean(axis=1)) ** 2).mean(axis=1).argmin()]
    return noise[steady].std() / still[steady].std(), 1000 * lag


# %%
# Each row is a filter: one number for the still wrist, one for the moving one.

rows = {
    "low-pass filter  cutoff 1 Hz": one_euro(1, 0),
    "low-pass filter  cutoff 4 Hz": one_euro(4, 0),
    "One-Euro filter  as in PoseSmoother": one_euro(MIN_CUTOFF, BETA),
    "zero lag         cutoff 3 Hz": partial(smooth_sequence, fps=FPS, cutoff=3),
}
for name, smooth in rows.items():
    factor, lag = jitter_and_lag(smooth)
    print(f"{name:36} jitter / {factor:.1f}   lag {lag:3.0f} ms")

# %%
# The plot: a low-pass filter pays for less jitter with more lag. A good filter is at the top left.

figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
curves = {
    "low-pass filter, cutoff 0.7 to 6 Hz": [one_euro(f, 0) for f in (0.7, 1, 1.5, 2, 3, 4, 6)],
    "One-Euro filter, beta 1 to 12": [one_euro(MIN_CUTOFF, b) for b in (1, 2, 3, 4, 6, 8, 12)],
    "zero lag, cutoff 2 to 6 Hz": [partial(smooth_sequence, cutoff=f) for f in (2, 3, 4, 6)],
}
for (label, filters), style in zip(curves.items(), STYLES):
    factors, lags = zip(*map(jitter_and_lag, filters))
    axes.plot(lags, factors, style[0], c=style[1], label=label)
axes.plot(*jitter_and_lag(one_euro(MIN_CUTOFF, BETA))[::-1], "k*", ms=14, label="PoseSmoother")
axes.fill_between([0, 40], 3, 6, color="0.92", label="at least 3, less than 40 ms")
axes.set(xlabel="lag of a moving wrist, ms", ylabel="jitter of a still wrist is divided by")
axes.set_title("One-Euro: little jitter at rest, little lag in motion")
axes.legend()
options.out.save(figure)
