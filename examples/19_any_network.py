"""Networks from ONNX and TFLite files on photographs: people, faces and hands on one sheet.

    python examples/19_any_network.py *.jpg --pair yolox_nano.onnx movenet_lightning.onnx \\
        --pair yunet_n_640.onnx facemesh.onnx --pair palm_detection_lite.tflite hand.tflite

A pair is a detector of boxes and a network of keypoints; the files themselves say what they are and
how they see an image. Files: YOLOX-Nano, MoveNet, YuNet and MediaPipe's networks (Apache-2.0).

Expected output, for each pair and then for each photograph:

    YoloX, MoveNet: COCO_17
    astronaut.png: 1 COCO_17, 1 MEDIAPIPE_468, 0 HAND_21
"""

import argparse
import math
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from npkpose.exercises.plot_file import PlotFile
from npkpose.image.draw import draw_poses
from npkpose.image.draw_style import DrawStyle
from npkpose.image.files import read_image
from npkpose.models import from_onnx
from npkpose.pipeline import TopDown

COLUMNS = 4  # of the sheet

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("photos", nargs="+", type=Path, help="image files")
parser.add_argument("--pair", nargs=2, action="append", type=Path, default=[],
                    metavar=("DETECTOR", "KEYPOINTS"), help="two files")  # fmt: skip
parser.add_argument("--threshold", type=float, default=0.3, help="of the keypoints drawn")
parser.add_argument("--out", type=PlotFile, default="19_any_network.png", help="plot")
options = parser.parse_args()
for path in [*options.photos, *(path for pair in options.pair for path in pair)]:
    if not path.is_file():
        parser.error(f"expected a file, got {path}")
if not options.pair:
    parser.error("--pair: expected two files, got none")


# %%
# A network gives every keypoint a place, also those that it cannot see: their score is low.


def sure(poses):
    """Return poses without keypoints of a low score, and without people who have only these."""
    low = poses.scores < options.threshold
    poses = poses.with_keypoints(np.where(low[..., None], np.nan, poses.keypoints))
    return poses[poses.num_present > 0]


# %%
# Each pair finds boxes, and then the keypoints of what is in each box.

finders = []
for pair in options.pair:
    detector, network = (from_onnx(path) for path in pair)
    finders.append(TopDown(network, detector=detector))
    print(f"{detector.family}, {network.family}: {network.skeleton.name}")

# %%
# The sheet: what all pairs find, drawn on the same image: orange is left, blue is right.

columns = min(COLUMNS, len(options.photos))
rows = math.ceil(len(options.photos) / columns)
figure, axes = plt.subplots(rows, columns, figsize=(4.5 * columns, 4.8 * rows), squeeze=False,
                            layout="constrained")  # fmt: skip
for axis in axes.ravel():
    axis.axis("off")
for axis, path in zip(axes.ravel(), options.photos):
    image = drawn = read_image(path)
    counts = []
    for find in finders:
        poses, skeleton = sure(find(image)), find.model.skeleton
        counts.append(f"{len(poses)} {skeleton.name}")
        width = 1.5 if skeleton.num_keypoints > 100 else None  # dots of a mesh would touch
        style = DrawStyle(colours="side" if skeleton.pairs else "skeleton", width=width)
        drawn = draw_poses(drawn, poses, skeleton, style=style)
    print(f"{path.name}: {', '.join(counts)}")
    axis.imshow(drawn)
    axis.set_title("\n".join([path.name, ", ".join(counts)]), fontsize=9)
options.out.save(figure)
