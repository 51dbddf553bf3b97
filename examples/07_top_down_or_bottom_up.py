"""Top-down or bottom-up: the time of each for more and more people in an image.

Top-down runs its network once per person (HRNet, 256 x 192); bottom-up runs it once per image
(HigherHRNet, 512 x 512) and then groups keypoints. Grouping 50 people takes a fraction of one run
of the network. The weights are random, which does not change the time of a network; grouping is
timed on ideal maps of as many people.

Expected output, times depending on the machine:

    people   top-down s   bottom-up s   its grouping s
         1         0.21          0.97            0.004
         2         0.31          0.96            0.003
         5         0.81          0.96            0.003
        10         1.43          0.96            0.003
        20         3.05          0.97            0.004
        50         7.27          0.97            0.005
    top-down is faster up to 7 people
"""

import argparse
import time

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, BottomUp, TopDown, gaussian_heatmaps, group_tags
from npkpose.exercises.plot_file import PlotFile
from npkpose.models import HigherHRNet, HRNet

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--width", type=int, default=32, help="of both networks; published: 32")
parser.add_argument("--most", type=int, default=50, help="largest number of people")
parser.add_argument("--out", type=PlotFile, default="07_top_down_or_bottom_up.png", help="plot")
options = parser.parse_args()
COUNTS = [people for people in (1, 2, 5, 10, 20, 50) if people <= options.most]
SIDE = 512
BODY = np.array([
    (0, -9), (-1, -10), (1, -10), (-2, -9), (2, -9), (-4, -6), (4, -6), (-5, -1), (5, -1),
    (-5, 4), (5, 4), (-3, 4), (3, 4), (-3, 11), (3, 11), (-3, 18), (3, 18)], float)  # fmt: skip


# %%
# The time of bottom-up is that of one run of the network and of grouping as many people.


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def maps_of(people):
    """Return heatmaps and tags (17, S, S) of people in rows of ten, one tag per person."""
    places = np.stack(np.divmod(np.arange(people), 10)[::-1], axis=1) * (50, 85) + (30, 60)
    keypoints = places[:, None] + 1.6 * BODY
    heatmaps = gaussian_heatmaps(keypoints, SIDE)  # (P, 17, S, S)
    return heatmaps.max(axis=0), 2.0 * heatmaps.argmax(axis=0)


# %%
# Both networks run on an image of noise. Top-down gets as many boxes as people.

image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
top_down = TopDown(HRNet(options.width), flip=False)
bottom_up = BottomUp(HigherHRNet(options.width), SIDE)
top_down(image), bottom_up.maps(image)  # compiles
network = min(seconds(lambda: bottom_up.maps(image)) for _ in range(3))
boxes = np.tile((100, 60, 220, 300), (50, 1))
times = np.zeros((len(COUNTS), 3))
print("people   top-down s   bottom-up s   its grouping s")
for row, people in zip(times, COUNTS):
    heatmaps, tags = maps_of(people)
    assert len(group_tags(heatmaps, tags, COCO_17, max_people=50)) == people
    grouping = min(seconds(lambda: group_tags(heatmaps, tags, COCO_17)) for _ in range(3))
    row[:] = seconds(lambda: top_down(image, boxes[:people])), network + grouping, grouping
    print(f"{people:6} {row[0]:12.2f} {row[1]:13.2f} {row[2]:16.3f}")
print(f"top-down is faster up to {network / (times[-1, 0] / COUNTS[-1]):.0f} people")

# %%
# The curves cross at the number of people from which bottom-up is faster.

figure, axes = plt.subplots(figsize=(7, 4.6), layout="constrained")
axes.plot(COUNTS, times[:, 0], "o-", c="#0072b2", label="top-down: HRNet, once per person")
axes.plot(COUNTS, times[:, 1], "s-", c="#e69f00", label="bottom-up: HigherHRNet once, and grouping")
axes.set(xlabel="people in the image", ylabel="time of an image, s", ylim=(0, None))
axes.set_title("Top-down takes longer with each person, bottom-up hardly")
axes.legend()
options.out.save(figure)
