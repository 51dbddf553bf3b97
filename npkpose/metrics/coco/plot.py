"""A `CocoResult` as a figure: precision against recall, and how exact each keypoint is.

Needs Matplotlib, from the ``examples`` extra.
"""

import numpy as np

from npkpose._extras import require_figure

WIDTH, HEIGHT, HEIGHT_PER_KEYPOINT = 12, 4.8, 0.17  # inches
SOFT, PALE = "#7fa8cf", "#eef2f6"
THICK, THIN = 7.0, 1.2  # points: curves that coincide lie on each other, and all can be seen


def plot_result(result):
    """Return a Matplotlib figure: curves at every OKS threshold, and the errors of keypoints.

    The curves are means over categories, for the first range of areas and the largest number of
    detections; the bars are `CocoResult.keypoint_errors` at the lowest threshold.

    Raises
    ------
    ImportError
        Without Matplotlib, saying which extra to install.
    """
    height = max(HEIGHT, HEIGHT_PER_KEYPOINT * result.settings.skeleton.num_keypoints)
    figure = require_figure()(figsize=(WIDTH, height), layout="constrained")
    curves, bars = figure.subplots(1, 2)
    _draw_curves(curves, result)
    _draw_keypoints(bars, result)
    return figure


def _draw_curves(axes, result):
    thresholds = result.settings.thresholds
    area = next(iter(result.settings.areas))
    values = result.precision[:, :, :, 0, -1]  # (T, R, K)
    ap, ar = _mean(values), _mean(result.recall[:, :, 0, -1])
    for t, curve in enumerate(np.where(values < 0, np.nan, values)):
        defined = ~np.isnan(curve).all(axis=0)
        if not defined.any():
            continue
        curve = curve[:, defined].mean(axis=1)  # (R,)
        share = t / max(len(thresholds) - 1, 1)
        label = f"{thresholds[t]:.2f}: AP {curve.mean():.3f}"
        width = THICK + share * (THIN - THICK)
        axes.plot(result.recall_levels, curve, color=_shade(share), label=label, linewidth=width)
    axes.set(
        xlabel="recall: share of people who are found", xlim=(0, 1),
        ylabel="precision: share of detections that are right", ylim=(0, 1.02),
        title=f"AP {ap:.3f}, AR {ar:.3f}, area: {area}",
    )  # fmt: skip
    axes.grid(alpha=0.25)
    if axes.lines:
        axes.legend(title="OKS at least", fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def _mean(values):
    """Return the mean of the defined values, or -1."""
    defined = values[values > -1]
    return defined.mean() if len(defined) else -1.0


def _shade(share):
    """Return a colour from light yellow (0) to dark purple (1), which differ in grey too."""
    colours = np.array([[0.98, 0.86, 0.50], [0.93, 0.47, 0.25], [0.25, 0.05, 0.35]])
    return tuple(np.interp(share, [0, 0.5, 1], column) for column in colours.T)


def _draw_keypoints(axes, result):
    threshold = result.settings.thresholds.min()
    errors = result.keypoint_errors(threshold, next(iter(result.settings.areas)))
    names = result.settings.skeleton.keypoints
    rows = np.arange(len(names))
    similarity = np.nan_to_num(errors.similarity)
    axes.barh(rows, np.ones(len(names)), color=PALE)
    axes.barh(rows, similarity, color=SOFT)
    for k in rows:
        text = f"{errors.pixels[k]:.1f}" if errors.counts[k] else "none found"
        axes.text(1.01, k, text, va="center", fontsize=8)
    axes.text(1.01, -0.8, "mean distance\nin pixels", va="bottom", fontsize=8)
    axes.set_yticks(rows, [name.replace("_", " ") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set(
        xlabel="mean similarity to the true keypoint", xlim=(0, 1),
        title=f"keypoints of people found at OKS {threshold:.2f}",
    )  # fmt: skip
