"""COCO's evaluation in shards on two processes, one of which is killed: joined, nothing differs.

Dask (the `scale` extra) starts the processes here; on a cluster the same lines use its machines.
Precision and recall need all detections sorted by score: the mean of the shards' APs is not the AP.

Expected output:

    AP of 10000 people at once       0.615517
    of 8 shards joined               0.615517
    mean of the shards' own APs      0.684261
    0 points of curves and 0 matches differ
"""

import argparse
import os

import numpy as np
from matplotlib import pyplot as plt

from npkpose import evaluate_coco
from npkpose.exercises.plot_file import PlotFile
from npkpose.metrics import Detections, GroundTruth, join_shards, split_images

try:
    import dask
    from distributed import Client, LocalCluster, as_completed
except ImportError:
    raise SystemExit('this example needs Dask: pip install "npkpose[scale]"') from None

SHARDS = 8


# %%
# The detections of later images are worse but have higher scores, so that the shards differ.


def draw_set(people):
    """Return people, four in an image, and detections; later ones are worse but score higher."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 100, (people, 17, 2))
    image, areas = np.arange(people) // 4, np.full(people, 5000.0)
    truth = GroundTruth(keypoints, np.ones((people, 17)), image, areas)
    hard = np.linspace(0.2, 1, people)
    error = rng.gamma(2, 3 * hard)
    keypoints = keypoints + error[:, None, None] * rng.standard_normal(keypoints.shape)
    return truth, Detections(keypoints, hard + np.exp(-error / 5), image)


# %%
# A shard's result holds its matches and scores, not only its AP. Dask evaluates the shards of the
# killed process again.


def evaluate_on(client, shards):
    """Return the result of each shard; kill a process when a quarter of them is done."""
    results = client.compute([dask.delayed(evaluate_coco)(*shard) for shard in shards])
    for done, _ in enumerate(as_completed(results), 1):
        if done == len(shards) // 4:
            os.kill(min(client.run(os.getpid).values()), 9)  # SIGKILL
    return client.gather(results)


def main(people, out):
    truth, found = draw_set(people)
    whole = evaluate_coco(truth, found)
    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with local as cluster, Client(cluster) as client:
        results = evaluate_on(client, split_images(truth, found, SHARDS))
    joined = join_shards(results)
    print(f"AP of {people} people at once       {whole.stats.ap:.6f}")
    print(f"of {SHARDS} shards joined               {joined.stats.ap:.6f}")
    print(f"mean of the shards' own APs      {np.mean([r.stats.ap for r in results]):.6f}")
    points, matches = joined.precision != whole.precision, joined.matches() != whole.matches()
    print(f"{points.sum()} points of curves and {matches.sum()} matches differ")
    draw_curves(whole, results, joined, out)


# %%
# The plot: the joined curve lies on the curve of all images; the shards' own curves do not.


def draw_curves(whole, results, joined, out):
    figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
    looks = [{"c": "#56b4e9", "lw": 1}] * len(results)
    looks += [{"c": "#e69f00", "lw": 5}, {"c": "black", "ls": "--"}]
    for result, look in zip([*results, joined, whole], looks):
        ax.plot(result.recall_levels, result.precision[5, :, 0, 0, 0], **look)
    ax.legend(ax.lines[-3:], ["each shard alone", "the shards joined", "all images at once"])
    ax.set(xlabel="recall", ylabel="precision at OKS 0.75", ylim=(0, 1.02))
    ax.set_title("The joined shards give the curve of all images")
    out.save(figure)


if __name__ == "__main__":  # the other processes import this file
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000, help="how many; default 10_000")
    parser.add_argument("--out", type=PlotFile, default="16_score_on_a_cluster.png", help="plot")
    main(**vars(parser.parse_args()))
