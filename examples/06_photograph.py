"""A photograph, a pretrained network, and the skeletons of its people.

    python examples/06_photograph.py graph_opt.pb people.jpg

The weights are tf-pose-estimation's (github.com/ildoonet/tf-pose-estimation, Apache-2.0), file
models/graph/mobilenet_v2_small/graph_opt.pb; any photograph with people.

Expected output, for one skier:

    1 found in 0.20 s
    person 0: score 0.97, 18 of 18 keypoints
        nose            ( 365.2,   81.0)  score 0.67
        neck            ( 386.1,  115.6)  score 0.43
        ...
"""

import argparse
import time
from pathlib import Path

from matplotlib import pyplot as plt

from npkpose import BottomUp
from npkpose.exercises.plot_file import PlotFile
from npkpose.image.draw import draw_poses
from npkpose.image.draw_style import DrawStyle
from npkpose.image.files import read_image
from npkpose.models import OpenPoseMobileNetV2

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("weights", type=Path, help="graph_opt.pb")
parser.add_argument("photo", type=Path, help="an image with people")
parser.add_argument("--out", type=PlotFile, default="06_photograph.png", help="plot")
options = parser.parse_args()
for path in (options.weights, options.photo):
    if not path.is_file():
        parser.error(f"expected a file, got {path}")

# %%
# The file holds the network's layers and weights. The pipeline resizes the image for the network,
# and brings the keypoints back to pixels of the photograph.

find = BottomUp(OpenPoseMobileNetV2.from_file(options.weights))
image = read_image(options.photo)
find(image)  # the first call compiles the kernels
start = time.perf_counter()
poses = find(image)
seconds = time.perf_counter() - start

# %%
# A keypoint's score is the value of its heatmap; a missing one is NaN.

skeleton = find.model.skeleton
print(f"{len(poses)} found in {seconds:.2f} s")
for person in range(len(poses)):
    score, present = poses.person_scores[person], poses.num_present[person]
    print(f"person {person}: score {score:.2f}, {present} of {skeleton.num_keypoints} keypoints")
    for k, name in enumerate(skeleton.keypoints):
        if poses.present[person, k]:
            x, y = poses.keypoints[person, k]
            print(f"    {name:15s} ({x:6.1f}, {y:6.1f})  score {poses.scores[person, k]:.2f}")
# %%
# The plot: with several people, one colour for each, the default, would tell them apart.

height, width = image.shape[:2]
figure, ax = plt.subplots(figsize=(8, 8 * height / width + 0.7), layout="constrained")
ax.imshow(draw_poses(image, poses, skeleton, style=DrawStyle(colours="side")))
ax.set(xlabel="x, pixels", ylabel="y, pixels")
ax.set_title("Orange: the left of a person, blue: the right")
options.out.save(figure)
