"""A picture of a skeleton with its numbers, for ``npkpose skeletons NAME --out``."""

import numpy as np

from npkpose._extras import require_figure
from npkpose.skeletons.layout import layout

MOST_NAMES = 48  # that are listed beside the drawing
SIDES = {"left": "#c8500a", "right": "#0a64b4"}  # colours of numbers, others are black


def plot_skeleton(skeleton):
    """Return a Matplotlib figure of the skeleton: limbs, keypoints with their numbers, and names.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    """
    places = layout(skeleton)
    width, height = np.maximum(np.ptp(places, axis=0), 20) if len(places) else (20, 20)
    few = skeleton.num_keypoints <= MOST_NAMES
    inches = 8 if few else 14  # of the longer side
    size = inches * np.array([width, height]) / max(width, height)
    names = 2.6 if few else 0
    figure = require_figure()(figsize=(max(size[0], 4) + names, max(size[1], 4) + 0.5), dpi=120)
    share = 1 - names / figure.get_figwidth()
    axes = figure.add_axes([0.02, 0.02, share - 0.04, 0.9])
    _draw(axes, skeleton, places, few)
    axes.set_title(f"{skeleton.name}: {skeleton.num_keypoints} keypoints")
    if few:
        _list_names(figure, skeleton, share)
    return figure


def _draw(axes, skeleton, places, few):
    for (a, b), colour in zip(skeleton.limbs, skeleton.colours / 255):
        axes.plot(*places[[a, b]].T, color=colour, linewidth=3 if few else 1.2, alpha=0.6, zorder=1)
    axes.scatter(*places.T, s=30 if few else 5, color="black", zorder=2)
    points = 10 if few else 6  # of the font
    for k, (offset, align) in enumerate(zip(*_offsets(skeleton, places))):
        axes.annotate(
            str(k), places[k], offset * (points * 0.9), textcoords="offset points",
            fontsize=points, color=_colour(skeleton.keypoints[k]), ha=align, va="center", zorder=3,
        )  # fmt: skip
    axes.set_aspect("equal")
    axes.margins(0.06)
    axes.invert_yaxis()
    axes.axis("off")


def _offsets(skeleton, places):
    """Return the direction (K, 2) of each number from its keypoint, and its alignment.

    It points away from the ends of the keypoint's limbs, or from the nearest keypoints.
    """
    away = np.zeros((len(places), 2))
    for k, place in enumerate(places):
        ends = [b if a == k else a for a, b in skeleton.limbs if k in (a, b)]
        distance = np.hypot(*(places - place).T)
        near = [*ends, *np.argsort(distance, kind="stable")[1:3]]
        steps = (place - places[near])[distance[near] > 0]
        away[k] = (steps / np.maximum(np.hypot(*steps.T), 1e-9)[:, None]).sum(axis=0)
    length = np.hypot(*away.T)
    away = np.where(length[:, None] > 0.2, away / np.maximum(length, 1e-9)[:, None], [1.0, 0.0])
    align = np.array(["right", "center", "left"])[np.digitize(away[:, 0], [-0.5, 0.5])]
    return away * [1, -1], align  # text offsets point upwards


def _colour(keypoint):
    sides = [side for side in SIDES if side in keypoint.split("_")]
    return SIDES[sides[0]] if sides else "black"


def _list_names(figure, skeleton, left):
    """Write the number and name of each keypoint on the right."""
    step = min(0.9 / max(skeleton.num_keypoints, 1), 0.035)
    for k, name in enumerate(skeleton.keypoints):
        figure.text(
            left, 0.9 - k * step, f"{k:2}  {name}", fontsize=8, color=_colour(name),
            family="monospace", va="top",
        )  # fmt: skip
