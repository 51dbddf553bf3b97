"""Why four identical squares cannot be learned, and what integer labels cost.

The same network and recipe on three forms of the exercise. "as labelled" compares map k with
keypoint k; "best order" takes the four highest peaks of the mean of all maps, in the best order.

Expected output (15 s on two cores):

    distinct: four colours, real-valued positions
        as labelled: argmax 0.41, parabola 0.13 px
    identical: four black squares, real-valued positions
        as labelled: argmax 24.13, parabola 24.06 px
        best order: argmax 0.49, parabola 0.18 px
    classic: four black squares, whole-pixel labels half a pixel off
        as labelled: argmax 25.25, parabola 25.26 px
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

figure, axes = plt.subplots(3, 5, figsize=(10, 6.4))
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
    row[0].set_ylabel(style)
    for k, ax in enumerate(row[1:]):
        ax.imshow(net(1 - images[:1])[0, k], cmap="magma", vmin=0, vmax=1)
        ax.plot(*keypoints[0, k], "c+", ms=10)
        ax.set_title(f"map {k}, keypoint +", fontsize=8)
for ax in axes.flat:
    ax.set_xticks([])
    ax.set_yticks([])
figure.tight_layout()
options.out.save(figure)

# The position of the ink of the classic squares, relative to their labels.
images, keypoints = four_markers(200, np.random.default_rng(0), style="classic")
ink = 1 - images[:, 0]
x, y = np.arange(64), np.arange(64)[:, None]
centroid = [(ink * x).sum() / ink.sum(), (ink * y).sum() / ink.sum()]
offset = np.round(centroid - keypoints.mean(axis=(0, 1)), 1)
print(f"classic: the ink lies {offset} px off its label")
