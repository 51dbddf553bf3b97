"""Candidate limbs of one type, and which of them matching keeps.

A candidate joins a peak of the limb's first keypoint to a peak of its second. Greedy matching takes
candidates by falling affinity, and leaves out those with an end that has a limb already
(npkpose/codec/paf/limbs.py).
"""

import numpy as np

from npkpose._check import check_array
from npkpose.explain.look import (
    FONT,
    KEPT,
    WRONG,
    check_names,
    image_height,
    new_figure,
    show_image,
)
from npkpose.image.files import check_image

MOST = 9  # rows and columns of the table


def plot_matching(image, starts, ends, affinities, kept, names=("first end", "second end")):
    """Return a figure of the candidates on the image, and of their affinities as a table.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    starts, ends : array_like, shapes (A, 2) and (B, 2)
        Peaks of the limb's two keypoints, (x, y) in pixels of the image. They are numbered from 1;
        of more than 9 the table shows the first.
    affinities : array_like, shape (A, B)
        NaN for a pair that is no candidate, since the field rejects it.
    kept : array_like of bool, shape (A, B)
    names : pair of str
        Of the two keypoints.
    """
    image = check_image("image", image)
    starts, ends = (check_array(name, points, ("M", 2))
                    for name, points in (("starts", starts), ("ends", ends)))  # fmt: skip
    shape = len(starts), len(ends)
    affinities = check_array("affinities", affinities, shape, finite=False)
    kept = check_array("kept", kept, shape, np.bool_)
    first, second = check_names(names, 2)
    rows = min(max(len(starts), 1), MOST)
    heights = image_height(image, 2), 0.13 * rows + 0.22
    figure = new_figure(sum(heights))
    above, below = figure.subplots(2, 1, height_ratios=heights)
    _draw_candidates(above, image, (starts, ends), affinities, kept)
    count = np.isfinite(affinities).sum()
    kinds = f"{first} (circles) to {second} (squares)"
    title = f"{kinds}:\n{count} candidates, {kept.sum()} are kept (thick)"
    above.set_title(title, fontsize=FONT, loc="left")
    _draw_table(below, affinities[:MOST, :MOST], kept[:MOST, :MOST])
    below.set_xlabel(f"peaks of {second}", fontsize=FONT)
    below.set_ylabel(f"peaks of {first}", fontsize=FONT)
    return figure


def _draw_candidates(axes, image, peaks, affinities, kept):
    """Show numbered peaks and the lines between them: kept ones thick, the others dashed."""
    show_image(axes, image)
    pairs = np.argwhere(np.isfinite(affinities))
    for a, b in sorted(pairs, key=lambda pair: kept[tuple(pair)]):  # kept ones on top
        colour, line, width = (KEPT, "-", 3) if kept[a, b] else (WRONG, "--", 1.2)
        ends = np.stack([peaks[0][a], peaks[1][b]]).T
        axes.plot(*ends, color="white", linewidth=width + 1.5)
        axes.plot(*ends, color=colour, linestyle=line, linewidth=width)
    for points, shape in zip(peaks, ("circle", "square")):
        for number, point in enumerate(points, start=1):
            box = {"boxstyle": f"{shape},pad=0.15", "fc": "white", "lw": 0.6}
            place = {"ha": "center", "va": "center", "clip_on": True}
            axes.text(*point, number, size=FONT - 3, bbox=box, **place)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))


def _draw_table(axes, affinities, kept):
    """Show the affinity of each pair, those that are kept framed."""
    rows, columns = affinities.shape
    axes.set(xlim=(-0.5, max(columns, 1) - 0.5), ylim=(max(rows, 1) - 0.5, -0.5))
    if affinities.size:
        axes.imshow(affinities, cmap="Blues", vmin=0, vmax=1.5, aspect="auto")
    for a, b in np.ndindex(affinities.shape):
        text = "-" if np.isnan(affinities[a, b]) else f"{affinities[a, b]:.2f}"
        axes.text(b, a, text, ha="center", va="center", fontsize=FONT - 1)
    for a, b in np.argwhere(kept):
        x, y = b + 0.45 * np.array([-1, 1, 1, -1, -1]), a + 0.42 * np.array([-1, -1, 1, 1, -1])
        axes.plot(x, y, color=KEPT, linewidth=2.5)
    axes.set_xticks(range(columns), range(1, columns + 1), fontsize=FONT - 1)
    axes.set_yticks(range(rows), range(1, rows + 1), fontsize=FONT - 1)
    axes.set_title("Affinities; - is no candidate, a frame is kept", fontsize=FONT, loc="left")
