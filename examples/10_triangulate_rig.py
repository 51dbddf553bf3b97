"""How exact is triangulation on a real rig: with more views, more noise, and one wrong view?

    python examples/10_triangulate_rig.py calibration_160906_band1.json body3DScene_00000168.json

Both files are the CMU Panoptic Studio's: cameras, and people in space, who are projected.

Expected output:

    53 joints of 3 people, 31 HD cameras
    mean error in mm of detectors off by   1 px   2 px   4 px   8 px
                             3 cameras    2.79   5.58  11.17  22.34
    ...
                            31 cameras    0.81   1.61   3.22   6.44
    one of 8 cameras 150 px off: linear 71.4 mm, refined 65.4 mm, robust 3.8 mm
"""

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from npkpose.exercises.plot_file import PlotFile
from npkpose.space import Camera, triangulate

COLOURS = "#e69f00", "#56b4e9", "#009e73", "#cc79a7"
VIEWS, NOISE, REPEATS = (3, 4, 6, 8, 12, 16, 31), (1, 2, 4, 8), 12
LIMBS = "0-1 0-2 0-3 3-4 4-5 2-6 6-7 7-8 0-9 9-10 10-11 2-12 12-13 13-14".split()

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("calibration", type=Path, help="a JSON file of cameras")
parser.add_argument("bodies", type=Path, help="people in space, in one frame, as JSON")
parser.add_argument("--out", type=PlotFile, default="10_triangulate_rig.png", help="plot")
options = parser.parse_args()
for path in (options.calibration, options.bodies):
    if not path.is_file():
        parser.error(f"expected a file, got {path}")

# %%
# The published people in space are the ground truth, in cm, with y pointing down.

entries = json.loads(options.calibration.read_bytes())["cameras"]
cameras = [Camera.from_panoptic(entry) for entry in entries if entry["type"] == "hd"]
bodies = json.loads(options.bodies.read_bytes())["bodies"]
bodies = np.reshape([body["joints19"] for body in bodies], (-1, 19, 4))
bodies = np.where(bodies[..., 3:] > 0, bodies[..., :3], np.nan)  # -1 where missing
joints = bodies[np.isfinite(bodies[..., 0])]
print(f"{len(joints)} joints of {len(bodies)} people, {len(cameras)} HD cameras")


# %%
# Each measurement takes some of the cameras, projects the ground truth into them, adds noise, and
# triangulates. With ``off`` one camera is wrong, as if it had been moved after the calibration.


def error(count, noise, off=0, **how):
    """Return the mean error in mm with ``count`` random cameras, one of them ``off`` pixels off."""
    rng, errors = np.random.default_rng(0), []
    for _ in range(REPEATS):
        chosen = [cameras[v] for v in rng.permutation(len(cameras))[:count]]
        seen = np.stack([camera.project(joints) for camera in chosen])
        seen[((seen < 0) | (seen > (1919, 1079))).any(axis=2)] = np.nan  # outside the image
        seen += rng.normal(0, noise, seen.shape)
        seen[0] += off / np.sqrt(2)
        errors.append(np.linalg.norm(triangulate(seen, chosen, **how).points - joints, axis=1))
    return 10 * np.nanmean(errors)  # cm to mm


table = np.array([[error(count, noise) for noise in NOISE] for count in VIEWS])
print("mean error in mm of detectors off by   " + "   ".join(f"{noise} px" for noise in NOISE))
for count, row in zip(VIEWS, table):
    print(f"{count:30d} cameras " + "".join(f"{value:7.2f}" for value in row))
wrong = {"linear": error(8, 2, 150, refine=False), "refined": error(8, 2, 150)}
wrong["robust"] = error(8, 2, 150, robust=True)
print("one of 8 cameras 150 px off: " + ", ".join(f"{k} {v:.1f} mm" for k, v in wrong.items()))

# %%
# Least squares spreads the error of one wrong camera over all; the robust method finds the camera
# and leaves it out.

figure = plt.figure(figsize=(15, 4.8), layout="constrained")
rig = figure.add_subplot(131, projection="3d")
to_metres = 0.01, 0.01, -0.01  # of x, z and the height, which is -y
places = np.array([camera.position for camera in cameras])[:, [0, 2, 1]] * to_metres
rig.scatter(*places.T, s=14, c="black", label="camera")
for body, colour in zip(bodies, COLOURS):
    for limb in LIMBS:
        ends = body[[int(k) for k in limb.split("-")]][:, [0, 2, 1]] * to_metres
        rig.plot(*ends.T, c=colour, lw=1.5)
rig.set_box_aspect((1, 1, 0.6), zoom=0.85)
rig.set(title=f"{len(cameras)} cameras around {len(bodies)} people")
rig.set(xlabel="x, m", ylabel="z, m", zlabel="height, m")
for axis in (rig.xaxis, rig.yaxis, rig.zaxis):
    axis.set_major_locator(plt.MultipleLocator(2))
rig.legend(loc="upper left")
left, right = figure.add_subplot(132), figure.add_subplot(133)
for noise, errors, colour, marker in zip(NOISE, table.T, COLOURS, "os^D"):
    left.plot(VIEWS, errors, f"{marker}-", c=colour, label=f"{noise} px")
left.set(xlabel="cameras", ylabel="mean error of a joint, mm", title="More cameras, less error")
left.legend(title="noise of keypoints")
right.bar_label(right.bar(list(wrong), wrong.values(), color=["#d55e00", "#e69f00", "#009e73"]),
                fmt="%.1f")  # fmt: skip
right.set(xlabel="method", ylabel="mean error of a joint, mm")
right.set_title("One of 8 cameras is 150 px off: robust finds it")
options.out.save(figure)
