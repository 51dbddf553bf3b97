"""Exercise 3: learn heatmaps and part affinity fields, and tell two figures apart.

The fields are compared with a simple alternative: each figure takes the nearest keypoints.

Expected output (two to three minutes on two cores; the last digits depend on the machine):

    trained 2200 steps of 16 images in 96 s
    256 held-out scenes of two figures each:
       grouped by        right instance   mean OKS   figures found   spurious
       fields                   96.3 %      0.940          95.9 %          9
       nearest keypoint         82.6 %      0.910          86.3 %         59
"""

import argparse
import time

from npkpose.exercises.plot_file import PlotFile
from npkpose.exercises.report import draw_figures, print_grouping, progress
from npkpose.exercises.two_figures import group_figures, held_out_figures, train_figures

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=PlotFile, default="05_two_figures.png", help="plot")
parser.add_argument("--seed", type=int, default=0, help="of the weights and the scenes")
parser.add_argument("--steps", type=int, default=2200, help="of the training; default 2200")
options = parser.parse_args()

# %%
# Every step has new scenes. The network returns four heatmaps and four fields.

start = time.perf_counter()
net = train_figures(options.seed, options.steps, report=progress(options.steps))
print(f"trained {options.steps} steps of 16 images in {time.perf_counter() - start:.0f} s")

# %%
# Both ways of grouping get the same maps of the same network. The plot shows scenes on which they
# disagree: where two figures overlap, the nearest keypoint is often the other figure's.

images, keypoints = held_out_figures(options.seed)
groups = group_figures(net, images)
nearest = group_figures(net, images, nearest=True)
print(f"{len(images)} held-out scenes of two figures each:")
print_grouping(groups, nearest, keypoints)
options.out.write(lambda path: draw_figures(path, net, images, keypoints, groups, nearest))
