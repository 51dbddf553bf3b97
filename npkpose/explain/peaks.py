"""Peaks of heatmaps: where they lie on the image, and where between the pixels one of them lies.

Between the pixels: around the highest pixel, the logarithms of the values a, b, c before, at and
after it lie on a parabola, whose vertex is the peak's place (npkpose/codec/heatmap/decode.py):

    offset = (log a - log c) / (2 (log a - 2 log b + log c))
"""

import numpy as np

from npkpose._check import check_array, check_kind, check_number
from npkpose.codec.heatmap.peaks import Peaks
from npkpose.explain.look import (
    FONT,
    KEPT,
    MARK,
    WRONG,
    image_figure,
    new_figure,
    set_labels,
)
from npkpose.grid import Grid
from npkpose.image.files import check_image
from npkpose.image.palettes import keypoint_colours
from npkpose.skeleton import Skeleton

REACH = 4  # pixels around a peak that are shown


def plot_peaks(image, peaks, skeleton, grid, map_size=None):
    """Return a figure of all peaks on the image: rings of the keypoints' colours.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    peaks : Peaks of the skeleton's K maps
    skeleton : Skeleton
    grid : Grid
        From pixels of the maps to pixels of the image.
    map_size : (h, w), optional
        Of the maps, for a grid of the convention "corner".
    """
    image = check_image("image", image)
    check_kind("peaks", peaks, Peaks)
    check_kind("skeleton", skeleton, Skeleton)
    points = check_kind("grid", grid, Grid).to_image(peaks.points, map_size)
    title = f"{len(points)} peaks: each keypoint has its colour,\nstrong peaks have large rings"
    figure, axes = image_figure(image, title)
    colours = np.repeat(keypoint_colours(skeleton) / 255, np.diff(peaks.first), axis=0)
    sizes = 12 + 60 * np.clip(peaks.scores, 0, 1)
    axes.scatter(*points.T, s=sizes, facecolors="none", edgecolors="black", linewidths=2.4)
    axes.scatter(*points.T, s=sizes, facecolors="none", edgecolors=colours, linewidths=1.3)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    return figure


def plot_peak(heatmap, x, y, name="keypoint"):
    """Return a figure of the peak of ``heatmap`` (h, w) nearest to (x, y), in three parts.

    The pixels around it, and its row and its column with the curve through three pixels.
    """
    heatmap = check_array("heatmap", heatmap, ("h", "w"))
    if heatmap.size == 0:
        raise ValueError(f"heatmap: expected h and w of at least 1, got {heatmap.shape}")
    name = check_kind("name", name, str).replace("_", " ")
    column = check_number("x", x, at_least=-1, at_most=heatmap.shape[1])
    row = check_number("y", y, at_least=-1, at_most=heatmap.shape[0])
    column, row = highest_near(heatmap, column, row)
    figure = new_figure(1.9)
    zoom, along_x, along_y = figure.subplots(3, 1, height_ratios=[1.5, 1, 1])
    place = column + _draw_curve(along_x, heatmap[row], column, f"x, map pixels (row {row})")
    place = place, row + _draw_curve(along_y, heatmap[:, column], row, f"y (column {column})")
    _draw_pixels(zoom, heatmap, (column, row), place)
    zoom.set_title(f"{name}: the peak lies between the pixels", fontsize=FONT)
    along_x.legend(fontsize=FONT - 2, loc="upper left", frameon=False)
    return figure


def highest_near(heatmap, x, y):
    """Return the highest pixel (column, row) at most one pixel from the rounded point."""
    top, left = (min(max(round(n) - 1, 0), m - 1) for n, m in zip((y, x), heatmap.shape))
    near = heatmap[top : top + 3, left : left + 3]
    row, column = np.unravel_index(np.argmax(near), near.shape)
    return left + int(column), top + int(row)


def _draw_pixels(axes, heatmap, pixel, place):
    """Show the pixels around a peak, its highest one, and its place between the pixels."""
    axes.imshow(heatmap, cmap="magma", interpolation="nearest")
    axes.plot(*pixel, "s", markersize=11, mfc="none", mec=WRONG, mew=2, label="highest pixel")
    axes.plot(*place, "+", markersize=12, mew=2.5, color=MARK, label="place of the peak")
    axes.set_xlim(pixel[0] - REACH - 0.5, pixel[0] + REACH + 0.5)
    axes.set_ylim(pixel[1] + REACH + 0.5, pixel[1] - REACH - 0.5)
    set_labels(axes, "x, map pixels", "y, map pixels")


def _draw_curve(axes, values, middle, label):
    """Show a row of pixels and the fitted curve; return the offset of its vertex."""
    low, high = max(middle - REACH, 0), min(middle + REACH + 1, len(values))
    axes.bar(range(low, high), values[low:high], width=0.9, color="#cccccc", label="pixels")
    fitted = fit_log_parabola(values, middle)
    axes.axvline(middle, color=WRONG, linestyle=":", label="highest pixel")
    offset = 0.0
    if fitted is not None:
        offset, curve = fitted
        t = np.linspace(-1.6, 1.6, 65)
        axes.plot(middle + t, curve(t), color=KEPT, label="exp of the parabola")
        axes.plot(middle + offset, curve(offset), "+", mew=2.5, markersize=11, color=MARK,
                  label=f"vertex: {offset:+.2f} px")  # fmt: skip
    axes.set_ylim(min(values[low:high].min(), 0), 1.25 * max(values[middle], 1e-9))
    axes.set_title(f"{middle} {offset:+.2f} = {middle + offset:.2f} px", fontsize=FONT, loc="right")
    set_labels(axes, label, "value")
    return offset


def fit_log_parabola(values, middle):
    """Return the offset of the vertex from a row's pixel ``middle``, and the curve as a function.

    None where a neighbour is missing or not positive, or where the parabola has no top.
    """
    if not 0 < middle < len(values) - 1 or values[middle - 1 : middle + 2].min() <= 0:
        return None
    a, b, c = np.log(values[middle - 1 : middle + 2].astype(float))
    curvature, slope = a - 2 * b + c, (c - a) / 2
    if curvature >= 0:
        return None
    return -slope / curvature, lambda t: np.exp(b + slope * t + curvature * t * t / 2)
