"""More maps than one process should hold, decoded in blocks by two, one of which is killed.

Dask (the `scale` extra) starts two processes here; on a cluster the same lines use its machines.
One process is killed when a third of the blocks are done. Dask decodes the lost blocks again.

Expected output, times and lost blocks depending on the machine:

    4000 people, 836 MB of maps: 3.0 s
    in two processes, one killed: 3.6 s; 12 blocks lost
    0 of 204000 numbers differ
"""

import argparse
import os
import time

import numpy as np
from matplotlib import pyplot as plt

from npkpose import decode_heatmaps, gaussian_heatmaps
from npkpose.exercises.plot_file import PlotFile

try:
    import dask.array as da
    from distributed import Client, LocalCluster, as_completed
except ImportError:
    raise SystemExit('this example needs Dask: pip install "npkpose[scale]"') from None

SIZE, BLOCKS = (64, 48), 80


# %%
# A block is drawn only when it is decoded, so no process ever holds all maps.


def draw(keypoints):
    """Return noisy maps (N, 17, H, W) of keypoints (N, 17, 2), like those of a network."""
    rng = np.random.default_rng(int(1e6 * keypoints[0, 0, 0]))
    maps = gaussian_heatmaps(keypoints, SIZE)
    return maps + 0.2 * rng.standard_normal(maps.shape, np.float32)


# %%
# Dask knows how each block is made. If a process dies, the other one makes its blocks again, and
# decodes them: the keypoints are the same.


def main(people, out):
    keypoints = np.random.default_rng(0).uniform(0, (SIZE[1] - 1, SIZE[0] - 1), (people, 17, 2))
    parts = da.from_array(keypoints, (-(-people // BLOCKS), 17, 2))
    n, k = parts.chunks[:2]
    shape = n, k, SIZE[:1], SIZE[1:]
    maps = parts.map_blocks(draw, dtype="f4", drop_axis=2, new_axis=[2, 3], chunks=shape)
    found = maps.map_blocks(
        lambda maps: np.dstack(decode_heatmaps(maps, "dark")),  # x, y and score (N, 17, 3)
        dtype="f8", drop_axis=[2, 3], new_axis=2, chunks=(n, k, (3,)),
    )  # fmt: skip
    start = time.time()
    serial = found.compute(scheduler="sync")
    print(f"{people} people, {maps.nbytes / 1e6:.0f} MB of maps: {time.time() - start:.1f} s")
    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with local as cluster, Client(cluster) as client:
        client.get_task_stream()  # starts the recording
        start = time.time()
        blocks = client.compute(found.to_delayed().ravel().tolist())
        for done, _ in enumerate(as_completed(blocks), 1):
            if done == len(blocks) // 3:
                os.kill(min(client.run(os.getpid).values()), 9)  # SIGKILL
                killed = time.time() - start
        found, seconds = np.concatenate(client.gather(blocks)), time.time() - start
        tasks = [task for task in client.get_task_stream() if "draw" in str(task["key"])]
    print(f"in two processes, one killed: {seconds:.1f} s; {len(tasks) - len(n)} blocks lost")
    print(f"{(found != serial).sum()} of {found.size} numbers differ")
    draw_blocks(tasks, start, killed, out)


# %%
# The plot: which process decoded which block, and when. The cluster replaces the killed process.


def draw_blocks(tasks, start, killed, out):
    figure, ax = plt.subplots(figsize=(10, 3.6), layout="constrained")
    workers = dict.fromkeys(task["worker"] for task in tasks)
    names = {worker: f"process {i}" for i, worker in enumerate(workers, 1)}
    kinds = {"decoded": "#56b4e9", "decoded again": "#e69f00"}
    for i, task in enumerate(tasks):
        begin, end = (task["startstops"][-1][key] - start for key in ("start", "stop"))
        again = any(task["key"] == other["key"] for other in tasks[:i])
        colour = list(kinds.values())[again]
        ax.barh(names[task["worker"]], end - begin, left=begin, color=colour, ec="white")
    for label, colour in kinds.items():
        ax.plot([], [], "s", c=colour, ms=9, label=label)
    ax.axvline(killed, color="black", ls="--", label="a process is killed")
    ax.set(xlabel="time, s", title="Blocks of maps: those of the killed process are decoded again")
    figure.legend(loc="outside right upper")
    out.save(figure)


if __name__ == "__main__":  # the other processes import this file
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=4000, help="how many; default 4000")
    parser.add_argument("--out", type=PlotFile, default="15_decode_on_a_cluster.png", help="plot")
    main(**vars(parser.parse_args()))
