"""Training on two processes, one of which is killed: equal to one process up to rounding.

Dask (the `scale` extra) starts the processes here; on a cluster the same lines use its machines.
The batch's gradient is the mean of its parts', except with batch normalisation.

Expected output:

    60 steps, last loss 0.002312 in one process, 0.002312 in two
    losses differ by at most 0.000 %
"""

import argparse
import os
from collections import namedtuple

import numpy as np
from matplotlib import pyplot as plt

from npkpose import gaussian_heatmaps, nn
from npkpose.data.markers import four_markers
from npkpose.exercises.plot_file import PlotFile
from npkpose.models import TinyKeypointNet
from npkpose.training.cluster import mean_gradients
from npkpose.training.fit import adam_with_warmup, fit

try:
    from distributed import Client, LocalCluster
except ImportError:
    raise SystemExit('this example needs Dask: pip install "npkpose[scale]"') from None

BATCH, PARTS = 32, 4
Batch = namedtuple("Batch", "x target weight")


# %%
# A process makes its part of a batch itself: only weights and gradients are sent.


def draw(step, part=0, parts=1):
    """Return a part of a step's batch; it depends only on the step."""
    images, keypoints = four_markers(BATCH, np.random.default_rng(step), 64)
    heatmaps = gaussian_heatmaps(keypoints, 64)
    return Batch(*(np.split(a, parts)[part] for a in (1 - images, heatmaps, 1 + 30 * heatmaps)))


def loss(output, batch):
    return nn.mse_loss(output, batch.target, batch.weight)


# %%
# ``mean_gradients`` sends the weights, waits for the gradient of each part, and stores their mean
# in the network. The parts of a killed process are computed again by the other one.


def train_on(client, steps):
    """Return the losses of a training on a cluster; kill a process half-way."""
    net, losses = TinyKeypointNet(), []
    optimizer, schedule = adam_with_warmup(net, steps)
    for step in range(steps):
        if step == steps // 2:
            os.kill(min(client.run(os.getpid).values()), 9)  # SIGKILL
        parts = [client.submit(draw, step, part, PARTS) for part in range(PARTS)]
        losses.append(mean_gradients(client, net, parts, loss))
        optimizer.step()
        schedule.step()
    return losses


def main(steps, out):
    net = TinyKeypointNet()
    one = fit(net, map(draw, range(steps)), *adam_with_warmup(net, steps))
    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with local as cluster, Client(cluster) as client:
        two = train_on(client, steps)
    print(f"{steps} steps, last loss {one[-1]:.6f} in one process, {two[-1]:.6f} in two")
    print(f"losses differ by at most {100 * np.max(np.abs(np.divide(two, one) - 1)):.3f} %")
    draw_losses(one, two, out)


# %%
# The plot: the dots of two processes lie on the line of one, also after one of them is killed.


def draw_losses(one, two, out):
    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    ax.semilogy(one, c="#56b4e9", lw=3, label=f"one process, batches of {BATCH}")
    ax.semilogy(two, ".", c="black", label=f"two processes, {PARTS} parts of {BATCH // PARTS} each")
    ax.axvline(len(two) // 2 - 0.5, c="#d55e00", ls="--", label="one of the two is killed")
    ax.set(xlabel="step", ylabel="loss", title="Two processes learn as one does")
    ax.set_yticks([0.002, 0.005, 0.01, 0.02, 0.05])
    ax.yaxis.set(major_formatter="{x:g}", minor_formatter="")
    ax.legend()
    out.save(figure)


if __name__ == "__main__":  # the other processes import this file
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60, help="of the training; default 60")
    parser.add_argument("--out", type=PlotFile, default="17_train_on_a_cluster.png", help="plot")
    main(**vars(parser.parse_args()))
