"""The input of a network, and the heatmaps that it gives."""

import math

import numpy as np

from npkpose._check import check_array, check_integer, check_kind
from npkpose.explain.look import FONT, image_figure, new_figure
from npkpose.image.files import check_image
from npkpose.skeleton import Skeleton

COLUMNS = 3  # of small maps
MOST = 30  # maps that are shown


def plot_input(image, stride):
    """Return a figure of a network's input (H, W, 3), uint8 RGB.

    Squares at the upper left show how large the pixels of its maps are: ``stride`` input pixels.
    """
    image = check_image("image", image)
    stride = check_integer("stride", stride, at_least=1)
    high, wide = image.shape[:2]
    figure, axes = image_figure(
        image,
        f"The input: {wide} x {high} pixels. A pixel of the maps is\n"
        f"a square of {stride} x {stride}, as drawn in the corner",
    )
    side = 4 * stride
    axes.set(xlabel="x, input pixels", ylabel="y, input pixels")
    for place in np.arange(0, side + 1, stride) - 0.5:
        axes.plot([place, place], [-0.5, side - 0.5], color="#d55e00", linewidth=0.8)
        axes.plot([-0.5, side - 0.5], [place, place], color="#d55e00", linewidth=0.8)
    return figure


def plot_heatmaps(heatmaps, skeleton):
    """Return a figure of the heatmaps (K, h, w) of a skeleton, all with the same colours.

    Of more than 30, the first 30 are shown.
    """
    check_kind("skeleton", skeleton, Skeleton)
    heatmaps = check_array("heatmaps", heatmaps, ("C", "h", "w"), (np.float64, np.float32))
    shown = heatmaps[: min(skeleton.num_keypoints, MOST)]
    rows = max(math.ceil(len(shown) / COLUMNS), 1)
    aspect = shown.shape[1] / max(shown.shape[2], 1)
    figure = new_figure(rows * (aspect * 0.31 + 0.055) + 0.17)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    highest = max(shown.max(initial=0.0), 1e-9)
    for axes in grid:
        axes.axis("off")
    for axes, heatmap, name in zip(grid, shown, skeleton.keypoints):
        picture = axes.imshow(heatmap, vmin=0, vmax=highest, cmap="magma", interpolation="nearest")
        axes.set_title(f"{name.replace('_', ' ')}: {heatmap.max():.2f}", fontsize=FONT - 2, pad=2)
    if len(shown):
        bar = figure.colorbar(picture, ax=list(grid), location="bottom", shrink=0.7, aspect=40)
        bar.set_label("value of the heatmap (its highest is in each title)", fontsize=FONT - 1)
        bar.ax.tick_params(labelsize=FONT - 1)
    return figure
