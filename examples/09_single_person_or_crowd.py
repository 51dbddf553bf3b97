"""One person in 20 ms, a crowd at 30 frames a second: which pipeline is fast enough?

The small networks of `models.small`. Top-down runs its network on a crop of 96 x 64 per person, the
boxes given. Bottom-up runs it once, on 128 x 128 pixels or, for the small people of a crowd, on
256 x 256, and then groups keypoints. The weights are random, which does not change the time of a
network; grouping is timed on ideal maps. The networks of example 07 cost a hundred times as much.

Expected output, times in ms depending on the machine:

    128 x 128: network 7.8, grouping all 3.0
    256 x 256: network 21.3, grouping all 7.0
    people  top-down, 96 x 64 each    bottom-up, 128 x 128    bottom-up, 256 x 256
         1                     5.3                     8.7                    24.0
         5                    11.4                     8.6                    23.4
        20                    36.0                     9.4                    25.2
        50                    94.3                    10.8                    28.3
"""

import argparse
import timeit

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, BottomUp, TopDown, gaussian_heatmaps, group_paf, paf_fields
from npkpose.data.people import synthetic_scene
from npkpose.exercises.plot_file import PlotFile
from npkpose.models.small import SmallPaf, SmallTopDown

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--most", type=int, default=50, help="largest number of people")
parser.add_argument("--out", type=PlotFile, default="09_single_person_or_crowd.png", help="plot")
options = parser.parse_args()
COUNTS = [people for people in (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50) if people <= options.most]
LIMITS = {20: "20 ms", 33: "33 ms: 30 images a second"}
NAMES = "top-down, 96 x 64 each", "bottom-up, 128 x 128", "bottom-up, 256 x 256"
COLOURS = dict(zip(NAMES, ("#0072b2", "#e69f00", "#009e73")))


# %%
# The time of a pipeline has two parts: the network, and for bottom-up the grouping, whose time
# grows with the number of people.


def milliseconds(function):
    """Return the shortest of eight times; the first may compile."""
    return 1000 * min(timeit.repeat(function, number=1, repeat=8))


def crowd(people, side):
    """Return a square scene with ``people`` labelled people."""
    scene = synthetic_scene(np.random.default_rng(0), side, 2 * people + 4)
    return scene.of(np.flatnonzero(scene.labelled)[:people])


def grouping(scene, net):
    """Return the time of grouping a scene's people, on ideal maps."""
    size, grid = len(scene.image) // net.stride, net.grid
    heatmaps = gaussian_heatmaps(scene.keypoints, size, net.sigma, grid=grid).max(axis=0)
    fields = paf_fields(scene.keypoints, COCO_17, size, grid=grid)
    return milliseconds(lambda: group_paf(heatmaps, fields, COCO_17, grid, **net.thresholds))


# %%
# The same crowds for all three pipelines; only top-down runs its network for each person.

top_down, net = TopDown(SmallTopDown(), flip=False), SmallPaf()
scenes = {side: [crowd(people, side) for people in COUNTS] for side in (128, 256)}
times = [[milliseconds(lambda: top_down(s.image, s.boxes)) for s in scenes[256]]]
for side, crowds in scenes.items():
    network = milliseconds(lambda: BottomUp(net, side).maps(crowds[0].image))
    times.append([network + grouping(scene, net) for scene in crowds])
    print(f"{side} x {side}: network {network:.1f}, grouping all {times[-1][-1] - network:.1f}")
print("people" + "".join(f"{name:>24}" for name in NAMES))
for people, *row in zip(COUNTS, *times):
    print(f"{people:6}" + "".join(f"{ms:24.1f}" for ms in row))

# %%
# A pipeline is fast enough where its curve is below the line of the time that you have.

figure, ax = plt.subplots(figsize=(9.5, 4.6), layout="constrained")
for name, row, style in zip(NAMES, times, ("o-", "s-", "^-")):
    ax.plot(COUNTS, row, style, c=COLOURS[name], label=name)
for limit, label in LIMITS.items():
    ax.axhline(limit, c="black", ls="--" if limit > 20 else ":", lw=1.5, label=label)
ax.set(xlabel="people in the image", ylabel="time of an image, ms", ylim=(0, None))
ax.set_title("Top-down takes longer with each person, bottom-up hardly")
figure.legend(loc="outside right upper")
options.out.save(figure)
