"""More maps than one process should hold, decoded in blocks by two, of which one is killed.

Dask (the `scale` extra) starts two processes here; on a cluster the same lines use its machines.
When a third of the blocks are done one process is killed, and what it found is lost with it:
Dask has that done again, and starts another process, as the picture shows.

Expected output of this file [people], times and lost blocks depending on the machine:

    4000 people, 836 MB of maps: 3.0 s
    in two processes, one killed: 3.6 s; 12 blocks lost
    0 of 204000 numbers differ
"""

import os
import signal
import sys
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, as_completed
from matplotlib import pyplot as plt

from npkpose import decode_heatmaps, gaussian_heatmaps

SIZE, BLOCKS = (64, 48), 80


def draw(keypoints):
    """Maps (N, 17, H, W) of keypoints (N, 17, 2), with noise: what a network might answer."""
    rng = np.random.default_rng(int(1e6 * keypoints[0, 0, 0]))
    maps = gaussian_heatmaps(keypoints, SIZE)
    return maps + 0.2 * rng.standard_normal(maps.shape, np.float32)


def decode(maps):
    """x, y and score (N, 17, 3) of each."""
    return np.dstack(decode_heatmaps(maps, "dark"))


def main(people):
    keypoints = np.random.default_rng(0).uniform(0, (SIZE[1] - 1, SIZE[0] - 1), (people, 17, 2))
    parts = da.from_array(keypoints, (-(-people // BLOCKS), 17, 2))
    n, k = parts.chunks[:2]
    shape = n, k, SIZE[:1], SIZE[1:]
    maps = parts.map_blocks(draw, dtype="f4", drop_axis=2, new_axis=[2, 3], chunks=shape)
    found = maps.map_blocks(decode, dtype="f8", drop_axis=[2, 3], new_axis=2, chunks=(n, k, (3,)))
    start = time.time()
    serial = found.compute(scheduler="sync")
    print(f"{people} people, {maps.nbytes / 1e6:.0f} MB of maps: {time.time() - start:.1f} s")
    local = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with local as cluster, Client(cluster) as client:
        client.get_task_stream()  # from now on it is written down
        start = time.time()
        blocks = client.compute(found.to_delayed().ravel().tolist())
        for done, _ in enumerate(as_completed(blocks), 1):
            if done == len(blocks) // 3:
                os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)
                killed = time.time() - start
        found, seconds = np.concatenate(client.gather(blocks)), time.time() - start
        tasks = [task for task in client.get_task_stream() if "draw" in str(task["key"])]
    print(f"in two processes, one killed: {seconds:.1f} s; {len(tasks) - len(n)} blocks lost")
    print(f"{(found != serial).sum()} of {found.size} numbers differ")

    figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
    labels, keys = {"C0": "a block", "C1": "a block that was lost, again"}, set()
    for task in tasks:
        span, colour = task["startstops"][-1], "C1" if task["key"] in keys else "C0"
        bar = {"left": span["start"] - start, "width": span["stop"] - span["start"]}
        ax.barh(task["worker"], **bar, color=colour, ec="white", label=labels.pop(colour, None))
        keys.add(task["key"])
    ax.axvline(killed, color="red", label="a process is killed")
    ax.set(xlabel="seconds", ylabel="process", title="Who decoded which block of maps, and when")
    figure.legend(loc="outside lower center", ncols=3)
    figure.savefig("15_decode_on_a_cluster.png", dpi=110)


if __name__ == "__main__":  # the other processes import this file
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
