"""COCO's evaluation in shards on two processes, one of which is killed: joined, nothing differs.

Dask (the `scale` extra) starts the processes here; on a cluster the same lines use its machines.
Any process can match an image, but precision and recall need the detections of all images sorted
by score. The mean of the shards' APs is not the AP, as the curves show.

Expected output of this file [people]:

    AP of 10000 people at once       0.615517
    of 8 shards joined               0.615517
    mean of the shards' own APs      0.684261
    0 points of curves and 0 matches differ
"""

import os
import signal
import sys

import dask
import numpy as np
from distributed import Client, LocalCluster, as_completed
from matplotlib import pyplot as plt

from npkpose import evaluate_coco
from npkpose.metrics import Detections, GroundTruth, join_shards, split_images

SHARDS = 8


def draw_set(people):
    """Return people, four in an image, and detections; later ones are worse but score higher."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 100, (people, 17, 2))
    image, areas = np.arange(people) // 4, np.full(people, 5000.0)
    truth = GroundTruth(keypoints, np.ones((people, 17)), image, areas)
    hard = np.linspace(0.2, 1, people)
    error = rng.gamma(2, 3 * hard)
    found = keypoints + error[:, None, None] * rng.standard_normal(keypoints.shape)
    return truth, Detections(found, hard + np.exp(-error / 5), image)


def evaluate_on(client, shards):
    """Return the result of each shard; kill a process when a quarter of them is done."""
    results = client.compute([dask.delayed(evaluate_coco)(*shard) for shard in shards])
    for done, _ in enumerate(as_completed(results), 1):
        if done == len(shards) // 4:
            os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)
    return client.gather(results)


def main(people):
    truth, found = draw_set(people)
    whole = evaluate_coco(truth, found)
    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with local as cluster, Client(cluster) as client:
        results = evaluate_on(client, split_images(truth, found, SHARDS))
    joined = join_shards(results)
    mean = np.mean([result.stats.ap for result in results])
    print(f"AP of {people} people at once       {whole.stats.ap:.6f}")
    print(f"of {SHARDS} shards joined               {joined.stats.ap:.6f}")
    print(f"mean of the shards' own APs      {mean:.6f}")
    points = (joined.precision != whole.precision).sum()
    matches = (joined.matches() != whole.matches()).sum()
    print(f"{points} points of curves and {matches} matches differ")

    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    for result in results:
        ax.plot(result.recall_levels, result.precision[5, :, 0, 0, 0], color="C0", lw=0.8)
    ax.plot(joined.recall_levels, joined.precision[5, :, 0, 0, 0], color="C1", lw=3)
    ax.plot(whole.recall_levels, whole.precision[5, :, 0, 0, 0], color="black", ls="--")
    ax.legend([*ax.lines[-3:]], ["a shard's own curve", "the shards joined", "all images at once"])
    ax.set(xlabel="recall", ylabel="precision", title="Shards and all images, at OKS 0.75")
    figure.savefig("16_score_on_a_cluster.png", dpi=110)


if __name__ == "__main__":  # the other processes import this file
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
