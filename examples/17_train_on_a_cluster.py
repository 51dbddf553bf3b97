"""Training over two processes, of which one is killed: the steps of one process, but for rounding.

Dask (the `scale` extra) starts the processes here; on a cluster the same lines use its machines,
which is where they pay. Workers draw parts of the batch and learn from them; the mean of their
gradients is the batch's. (With batch normalisation only nearly: a part has its own statistics.)

Expected output of this file [steps]:

    60 steps, last loss 0.002312 in one process, 0.002312 in two
    losses differ by at most 0.000 % of themselves
"""

import os
import signal
import sys
from collections import namedtuple

import numpy as np
from distributed import Client, LocalCluster
from matplotlib import pyplot as plt

from npkpose import gaussian_heatmaps, nn
from npkpose.data.markers import four_markers
from npkpose.models import TinyKeypointNet
from npkpose.training.cluster import mean_gradients
from npkpose.training.fit import adam_with_warmup, fit

BATCH, PARTS = 32, 4
Batch = namedtuple("Batch", "x target weight")


def draw(step, part=0, parts=1):
    """A part of a step's batch, the same whoever draws it."""
    images, keypoints = four_markers(BATCH, np.random.default_rng(step), 64)
    heatmaps = gaussian_heatmaps(keypoints, 64)
    batch = Batch(1 - images, heatmaps, 1 + 30 * heatmaps)
    return Batch(*(np.split(array, parts)[part] for array in batch))


def loss(output, batch):
    return nn.mse_loss(output, batch.target, batch.weight)


def train_on(client, steps):
    """Return the losses of training over a cluster; half-way one process is killed."""
    net, losses = TinyKeypointNet(), []
    optimizer, schedule = adam_with_warmup(net, steps)
    for step in range(steps):
        if step == steps // 2:
            os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)
        parts = [client.submit(draw, step, part, PARTS) for part in range(PARTS)]
        losses.append(mean_gradients(client, net, parts, loss))
        optimizer.step()
        schedule.step()
    return losses


def main(steps):
    net = TinyKeypointNet()
    one = fit(net, map(draw, range(steps)), *adam_with_warmup(net, steps))
    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with local as cluster, Client(cluster) as client:
        two = train_on(client, steps)
    print(f"{steps} steps, last loss {one[-1]:.6f} in one process, {two[-1]:.6f} in two")
    differ = 100 * np.max(np.abs(np.divide(two, one) - 1))
    print(f"losses differ by at most {differ:.3f} % of themselves")

    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    ax.semilogy(one, label=f"one process, batches of {BATCH}")
    ax.semilogy(two, ".", label=f"two processes, {PARTS} parts of {BATCH // PARTS} each")
    ax.axvline(steps // 2 - 0.5, color="red", label="one of the two is killed")
    ax.set(xlabel="step", ylabel="loss of the batch", title="The same training, step by step")
    ax.legend()
    figure.savefig("17_train_on_a_cluster.png", dpi=110)


if __name__ == "__main__":  # the other processes import this file
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
