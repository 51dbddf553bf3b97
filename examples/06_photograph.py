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

from npkpose import BottomUp
from npkpose.exercises.plot_file import PlotFile
from npkpose.image.draw import draw_poses
from npkpose.image.files import read_image, write_image
from npkpose.models import OpenPoseMobileNetV2

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("weights", type=Path, help="graph_opt.pb")
parser.add_argument("photo", type=Path, help="an image with people")
parser.add_argument("--out", type=PlotFile, default="06_photograph.png", help="plot")
options = parser.parse_args()
for path in (options.weights, options.photo):
    if not path.is_file():
        parser.error(f"expected a file, got {path}")

find = BottomUp(OpenPoseMobileNetV2.from_file(options.weights))
image = read_image(options.photo)
find(image)  # the first call compiles the kernels
start = time.perf_counter()
poses = find(image)
seconds = time.perf_counter() - start

skeleton = find.model.skeleton
print(f"{len(poses)} found in {seconds:.2f} s")
for person in range(len(poses)):
    score, present = poses.person_scores[person], poses.num_present[person]
    print(f"person {person}: score {score:.2f}, {present} of {skeleton.num_keypoints} keypoints")
    for k, name in enumerate(skeleton.keypoints):
        if poses.present[person, k]:
            x, y = poses.keypoints[person, k]
            print(f"    {name:15s} ({x:6.1f}, {y:6.1f})  score {poses.scores[person, k]:.2f}")
options.out.write(lambda path: write_image(path, draw_poses(image, poses, skeleton)))
