"""Two hundred steps: the loss falls, and one heatmap appears. And without weights: nothing does."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import gaussian_heatmaps
from npkpose.data import four_markers
from npkpose.exercises.markers import held_out_markers, marker_errors
from npkpose.models.tiny import TinyKeypointNet
from npkpose.training.fit import adam_with_warmup, fit

STEPS, SHOWN = 200, (0, 20, 60, 199)
images, keypoints = held_out_markers(0)
maps = []


def batches(rng, weighted):
    """Yield images, target heatmaps and the weight of each pixel."""
    for _ in range(STEPS):
        batch, points = four_markers(16, rng, 64)
        target = gaussian_heatmaps(points, 64)
        yield 1 - batch, target, 1 + 30 * target if weighted else None


def train(weighted, report=None):
    """Return a trained network and its losses."""
    rng = np.random.default_rng(0)
    net = TinyKeypointNet(4, rng=rng)
    look = None if report is None else lambda step, loss: report(step, net)
    return net, fit(net, batches(rng, weighted), *adam_with_warmup(net, STEPS), look)


def keep_map(step, net):
    """Keep the map of marker 0 in the first held-out image."""
    if step in SHOWN:
        maps.append(net(1 - images[:1])[0, 0])


net, losses = train(True, keep_map)
plain, _ = train(False)
figure, axes = plt.subplot_mosaic("LLIABCD", figsize=(11, 2.9), width_ratios=(1, 1, 1, 1, 1, 1, 1))
axes["L"].semilogy(np.arange(1, STEPS + 1), losses)
axes["L"].set(xlabel="step", ylabel="weighted loss", title="the loss")
axes["I"].imshow(images[0].transpose(1, 2, 0))
axes["I"].set_title("image")
for name, heatmap, step in zip("ABCD", maps, SHOWN):
    axes[name].imshow(heatmap, vmin=0, vmax=1)
    axes[name].set_title(f"step {step + 1}")
for name in "IABCD":
    axes[name].plot(*keypoints[0, 0], "+", c="#D55E00", ms=10, mew=2)
    axes[name].set_xticks([])
    axes[name].set_yticks([])

for name, network in (("1 + 30 h", net), ("none", plain)):
    error = np.nanmean(marker_errors(network.eval(), images, keypoints, "log_parabola"))
    highest = network(1 - images).max(axis=(2, 3)).mean()
    print(f"weight {name:9s} highest pixel of a map {highest:.2f}, mean error {error:.2f} pixels")
