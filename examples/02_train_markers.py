"""Exercises 1 and 2: learn four markers in 200 steps, then refine the keypoints.

Expected output, over seeds 0 to 4 (20 s; the last digits depend on the machine):

    seed 0: argmax 0.409, quarter 0.243, parabola 0.127, log_parabola 0.127 px
    ...
    median mean L2: argmax 0.413, quarter 0.248, parabola 0.127, log_parabola 0.127 px

No argmax is better than 0.383 px, the mean distance of a random point from its pixel's centre.
"""

import argparse

import numpy as np

from npkpose.codec.heatmap.decode import REFINEMENTS
from npkpose.exercises.markers import held_out_markers, marker_errors, train_markers
from npkpose.exercises.plot_file import PlotFile
from npkpose.exercises.report import draw_markers, print_refinements, progress

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=PlotFile, default="02_train_markers.png", help="plot")
parser.add_argument("--seeds", type=int, default=5, help="trainings to compare; default 5")
parser.add_argument("--steps", type=int, default=200, help="of the training; default 200")
options = parser.parse_args()

# %%
# The network learns from new images of four coloured squares in every step, and returns a heatmap
# for each. Then it finds the squares of held-out images. All refinements decode the same heatmaps.

means = []
for seed in range(options.seeds):
    net = train_markers(seed, options.steps, report=progress(options.steps))
    images, keypoints = held_out_markers(seed)
    errors = {refine: marker_errors(net, images, keypoints, refine) for refine in REFINEMENTS}
    means.append([np.nanmean(errors[refine]) for refine in REFINEMENTS])
    row = ", ".join(f"{refine} {mean:.3f}" for refine, mean in zip(REFINEMENTS, means[-1]))
    print(f"seed {seed}: {row} px")

# %%
# The median over the seeds, and the plot of the last one: held-out images above their heatmaps.

row = ", ".join(f"{r} {m:.3f}" for r, m in zip(REFINEMENTS, np.median(means, axis=0)))
print(f"median mean L2: {row} px")
print(f"exercise 2, gain of each refinement (seed {options.seeds - 1}):")
print_refinements(errors)
options.out.write(lambda path: draw_markers(path, net, images, keypoints))
