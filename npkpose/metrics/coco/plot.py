"""A `CocoResult` as a figure: precision against recall, and how exact each keypoint is.

Needs Matplotlib, from the ``examples`` extra.
"""

import numpy as np

from npkpose._extras import require_figure

WIDTH, HEIGHT, HEIGHT_PER_KEYPOINT = 12, 4.8, 0.17  # inches
INK, SOFT = "#1f4e79", "#9db8d2"


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
        axes.plot(result.recall_levels, curve, color=_shade(share), label=label, linewidth=1.5)
    axes.set(
        xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02),
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
    """Return a colour from light (0) to dark (1) blue."""
    light, dark = np.array([0.62, 0.78, 0.90]), np.array([0.05, 0.15, 0.35])
    return tuple(light + share * (dark - light))


def _draw_keypoints(axes, result):
    threshold = result.settings.thresholds.min()
    errors = result.keypoint_errors(threshold, next(iter(result.settings.areas)))
    names = result.settings.skeleton.keypoints
    rows = np.arange(len(names))
    similarity = np.nan_to_num(errors.similarity)
    axes.barh(rows, np.ones(len(names)), color="#eef2f6")
    axes.barh(rows, similarity, color=SOFT)
    for k in rows:
        text = f"{errors.pixels[k]:.1f} px" if errors.counts[k] else "none found"
        axes.text(0.01, k, text, va="center", fontsize=8, color=INK)
    axes.set_yticks(rows, [name.replace("_", " ") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set(
        xlabel="mean similarity to the true keypoint", xlim=(0, 1),
        title=f"keypoints of people found at OKS {threshold:.2f}",
    )  # fmt: skip
