"""Why four identical squares cannot be learned, and what integer labels cost.

The same network and recipe on three forms of the exercise. "as labelled" compares map k with
keypoint k; "best order" takes the four highest peaks of the mean of all maps, in the best order.

Expected output (15 s on two cores; the last digits depend on the machine):

    distinct: four colours, real-valued positions
        as labelled: argmax 0.41, parabola 0.13 px
    identical: four black squares, real-valued positions
        as labelled: argmax 24.31, parabola 24.24 px
        best order: argmax 0.49, parabola 0.18 px
    classic: four black squares, whole-pixel labels half a pixel off
        as labelled: argmax 25.10, parabola 25.11 px
        best order: argmax 0.10, parabola 0.14 px
    classic: the ink lies [-0.5 -0.5] px off its label

The network finds all identical squares; only their order cannot be known. And if labels are whole
pixels, refinement to fractions of a pixel makes the result worse.
"""

import argparse

import numpy as np
from matplotlib import pyplot as plt

from npkpose.data import four_markers
from npkpose.exercises.markers import best_assignment_errors as best_errors
from npkpose.exercises.markers import held_out_markers, marker_errors, train_markers
from npkpose.exercises.plot_file import PlotFile
from npkpose.exercises.report import progress

FORMS = {
    "distinct": "four colours, real-valued positions",
    "identical": "four black squares, real-valued positions",
    "classic": "four black squares, whole-pixel labels half a pixel off",
}

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=PlotFile, default="03_identical_markers.png", help="plot")
parser.add_argument("--steps", type=int, default=200, help="of the training; default 200")
options = parser.parse_args()

# %%
# Each row of the plot is one form of the exercise: an image, and the network's four maps. A circle
# is where the map's keypoint is. With four colours each map has its own peak; identical squares
# give every map the same four weak peaks, since nothing says which square is number 0.

figure, axes = plt.subplots(3, 5, figsize=(11, 6.8), layout="constrained")
for row, (style, form) in zip(axes, FORMS.items()):
    net = train_markers(0, options.steps, style, progress(options.steps))
    images, keypoints = held_out_markers(0, style=style)
    scored = {"as labelled": marker_errors}
    if style != "distinct":
        scored["best order"] = best_errors
    print(f"{style}: {form}")
    for name, errors in scored.items():
        argmax, parabola = (errors(net, images, keypoints, r) for r in ("argmax", "parabola"))
        print(f"    {name}: argmax {argmax.mean():.2f}, parabola {parabola.mean():.2f} px")
    row[0].imshow(images[0].transpose(1, 2, 0))
    row[0].set_title("image", fontsize=9)
    row[0].set_ylabel(style)
    for k, ax in enumerate(row[1:]):
        drawn = ax.imshow(net(1 - images[:1])[0, k], cmap="magma", vmin=0, vmax=1)
        ax.plot(*keypoints[0, k], "o", c="#56b4e9", ms=16, mew=2.5, fillstyle="none")
        ax.set_title(f"map {k}, circle: its keypoint", fontsize=9)
for ax in axes.flat:
    ax.set_xticks([])
    ax.set_yticks([])
figure.colorbar(drawn, ax=axes, label="value of the map", shrink=0.6)
options.out.save(figure)

# %%
# The classic form rounds each label to a whole pixel, and draws a square of 4 pixels there: its
# centre is half a pixel off the label.

images, keypoints = four_markers(200, np.random.default_rng(0), style="classic")
ink = 1 - images[:, 0]
x, y = np.arange(64), np.arange(64)[:, None]
centroid = [(ink * x).sum() / ink.sum(), (ink * y).sum() / ink.sum()]
offset = np.round(centroid - keypoints.mean(axis=(0, 1)), 1)
print(f"classic: the ink lies {offset} px off its label")
