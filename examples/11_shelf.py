"""People in space from the detections of five cameras, which are matched first.

    python examples/11_shelf.py calibration.json detections_hrnet_coco17.json

The Shelf scene (Belagiannis et al., CVPR 2014) as mmpose packs it for its tests: the calibration,
and HRNet's detections, {"VIEW_FRAME": [{"pred": 17 x (x, y, score)}, ...]}. People are matched by
epipolar geometry only, not by appearance.

Expected output:

    frame 0: 3 + 3 + 5 + 4 + 4 detections are 3 people
        5 views, joints 4.5 px off, shins 393 and 395 mm
        ...
"""

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, Poses
from npkpose.exercises.plot_file import PlotFile
from npkpose.image.palettes import OKABE_ITO
from npkpose.space import Camera, associate, triangulate_people

MIN_VIEWS = 4  # one of the five cameras may miss a person
COLOURS = OKABE_ITO / 255

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("calibration", type=Path, help="a JSON file of cameras")
parser.add_argument("detections", type=Path, help="people in each view and frame, as JSON")
parser.add_argument("--out", type=PlotFile, default="11_shelf.png", help="plot")
options = parser.parse_args()
for path in (options.calibration, options.detections):
    if not path.is_file():
        parser.error(f"expected a file, got {path}")

entries = json.loads(options.calibration.read_bytes())
cameras = [Camera.from_shelf(entries[name]) for name in sorted(entries, key=int)]
detections = json.loads(options.detections.read_bytes())
frames = sorted({int(name.split("_")[1]) for name in detections})


# %%
# One Poses for each view; nothing yet says which person of one view is which of another.


def people_of(frame):
    """Return the Poses of each view."""
    found = [detections[f"{view}_{frame}"] for view in range(len(cameras))]
    triples = [np.reshape([p["pred"] for p in people], (-1, 17, 3)) for people in found]
    return [Poses(array[..., :2], array[..., 2]) for array in triples]


# %%
# ``members[p, v]`` is the number of person p in view v, or -1. The two shins of a person should
# have the same length, which nothing in triangulation asks for.

for frame in frames:
    people = people_of(frame)
    members = associate(people, cameras, min_views=MIN_VIEWS)
    result = triangulate_people(people, cameras, members)
    counts = " + ".join(str(len(poses)) for poses in people)
    print(f"frame {frame}: {counts} detections are {len(members)} people")
    for p, member in enumerate(members):
        left, right = np.linalg.norm(result.points[p, 13:15] - result.points[p, 15:17], axis=1)
        views, error = (member >= 0).sum(), np.median(result.errors[p])
        print(f"    {views} views, joints {error:.1f} px off, shins {left:.0f} and {right:.0f} mm")

# %%
# The plot: a person has one colour in all views. Grey people are detected in too few views.

points = result.points / 1000  # of the last frame, in metres
figure = plt.figure(figsize=(13, 8), layout="constrained")
grid = figure.add_gridspec(2, 10, height_ratios=(1, 2.2))
low, high = np.nanmin(points, axis=(0, 1)), np.nanmax(points, axis=(0, 1))
for v, poses in enumerate(people):
    ax = figure.add_subplot(grid[0, 2 * v : 2 * v + 2])
    for person, keypoints in enumerate(poses.keypoints):
        known = np.flatnonzero(members[:, v] == person)
        colour = COLOURS[known[0]] if len(known) else "0.75"
        ax.plot(*keypoints[np.array(COCO_17.limbs)].transpose(2, 1, 0), color=colour, lw=1.5)
    ax.set(title=f"camera {v}, {len(poses)} detections")
    ax.set(xlim=(0, 1032), ylim=(776, 0), xticks=[], yticks=[], aspect=1)
for side, angle in enumerate((-60, 30)):
    ax = figure.add_subplot(grid[1, 5 * side : 5 * side + 5], projection="3d", elev=12, azim=angle)
    for p, body in enumerate(points):
        for limb in COCO_17.limbs:
            ax.plot(*body[list(limb)].T, color=COLOURS[p], lw=2.5)
    ax.set(title=f"The people in space, seen from {angle} degrees", zlim=(0, high[2]))
    ax.set(xlabel="x, m", ylabel="y, m", zlabel="height, m")
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_major_locator(plt.MultipleLocator(0.5))
    ax.set_box_aspect([*(high - low)[:2], high[2]], zoom=1.1)
figure.suptitle("A colour is one person in all views; grey people are seen by too few cameras")
options.out.save(figure)
