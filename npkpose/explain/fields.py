"""Part affinity fields on the image, and the line integral along candidate limbs.

    E(a, b) = mean over samples s of e_s,    e_s = F(p_s) . (b - a) / |b - a|

with the samples p_s spaced evenly from a to b (npkpose/codec/paf/candidates.py).
"""

import numpy as np

from npkpose._check import LARGEST, check_array, check_integer, check_number
from npkpose.codec.paf.fields import MAX_SAMPLES
from npkpose.explain.look import (
    FONT,
    KEPT,
    WRONG,
    check_names,
    image_figure,
    new_figure,
    set_labels,
)
from npkpose.image.draw_maps import WEAKEST, draw_fields
from npkpose.image.files import check_image

MARGIN = 4  # map pixels around the limbs that are shown
ARROWS = 48  # along the longer side of an image
WHITE = 0.55  # the share of white with which the image is mixed under them
MAX_ARROWS = 40  # along each side of a part of the map


def plot_fields(image, fields, skeleton, grid=None):
    """Return a figure of fields as arrows on the image; the arguments are `draw_fields`'s."""
    image = check_image("image", image)
    pale = (WHITE * 255 + (1 - WHITE) * image).astype(np.uint8)
    drawn = draw_fields(pale, fields, skeleton, grid, 1.0, max(image.shape) / ARROWS)
    return image_figure(drawn, "Each limb has its colour; its arrows\npoint along it")[0]


def plot_integral(field, limbs, names=("limb",), num_samples=10, sample_threshold=0.05):
    """Return a figure of candidate limbs on their field, and of the samples along each.

    Parameters
    ----------
    field : array_like, shape (2, h, w)
        x and y components of the limb's field.
    limbs : array_like, shape (M, 2, 2)
        Each candidate's ends a and b, (x, y) in map pixels. The first is the one to look at.
    names : sequence of M str
        For the key.
    num_samples : int, from 2 to 10,000
    sample_threshold : float
        A sample below it counts against the candidate.
    """
    field = check_array("field", field, (2, "h", "w"))
    limbs = check_array("limbs", limbs, ("M", 2, 2), largest=LARGEST)
    if not len(limbs) or 0 in field.shape:
        raise ValueError("limbs: expected at least one, on a field of at least one pixel")
    num_samples = check_integer("num_samples", num_samples, 2, MAX_SAMPLES)
    threshold = check_number("sample_threshold", sample_threshold)
    names = check_names(names, len(limbs))
    inside = limbs.clip(0, np.array(field.shape[:0:-1]) - 1)
    low = np.maximum(np.floor(inside.min(axis=(0, 1))).astype(int) - MARGIN, 0)
    high = np.minimum(np.ceil(inside.max(axis=(0, 1))).astype(int) + MARGIN + 1, field.shape[:0:-1])
    figure = new_figure(np.clip((high[1] - low[1]) / max(high[0] - low[0], 1), 0.4, 1.1) + 0.75)
    zoom, samples = figure.subplots(2, 1, height_ratios=[1.6, 1])
    _draw_field(zoom, field, low, high)
    samples.axhline(threshold, color="grey", linestyle=":", label=f"threshold {threshold:g}")
    for n, (limb, name) in enumerate(zip(limbs, names)):
        points, values = sample_limb(field, limb, num_samples)
        style = {"color": KEPT if n == 0 else WRONG, "marker": "os^v"[n % 4], "markersize": 5}
        zoom.plot(*points.T, **style, linewidth=1.2)
        label = f"{name}: E = {values.mean():.2f}"
        samples.plot(np.linspace(0, 1, num_samples), values, **style, label=label)
    zoom.set_title("Samples along candidate limbs, on the field", fontsize=FONT, loc="left")
    set_labels(samples, "place along the limb: 0 = its first end, 1 = its second", "field along it")
    samples.legend(fontsize=FONT - 2, frameon=False, loc="best")
    samples.margins(y=0.15)
    return figure


def sample_limb(field, limb, num_samples):
    """Return the samples' points (S, 2) from a to b, and e_s (S,): the bilinear field along a b."""
    a, b = limb
    points = a + np.linspace(0, 1, num_samples)[:, None] * (b - a)
    length = np.hypot(*(b - a))
    if length == 0:
        return points, np.zeros(num_samples)
    inside = points.clip(0, np.array(field.shape[:0:-1]) - 1)
    x0, y0 = inside.astype(int).T
    x1, y1 = np.minimum(x0 + 1, field.shape[2] - 1), np.minimum(y0 + 1, field.shape[1] - 1)
    fx, fy = (inside - inside.astype(int)).T
    upper = (1 - fx) * field[:, y0, x0] + fx * field[:, y0, x1]
    lower = (1 - fx) * field[:, y1, x0] + fx * field[:, y1, x1]
    return points, (b - a) / length @ ((1 - fy) * upper + fy * lower)


def _draw_field(axes, field, low, high):
    """Show arrows of the field in a part of the map, grey where they are long."""
    step = max(int(np.ceil((high - low).max() / MAX_ARROWS)), 1)
    y, x = np.mgrid[low[1] : high[1] : step, low[0] : high[0] : step]
    length = np.hypot(*field)
    shown = length[y, x] > WEAKEST
    x, y = x[shown], y[shown]
    axes.imshow(length, cmap="Greys", vmin=0, vmax=2)
    axes.quiver(x, y, *field[:, y, x], angles="xy", scale_units="xy", scale=0.6 / step, pivot="mid",
                color="#444444", width=0.006, headwidth=4)  # fmt: skip
    axes.set(xlim=(low[0] - 0.5, high[0] - 0.5), ylim=(high[1] - 0.5, low[1] - 0.5))
    set_labels(axes, "x, map pixels", "y, map pixels")
