"""Tables and plots of the exercises, for the examples and `npkpose demo`."""

import io
import pathlib
from functools import partial

import numpy as np

from npkpose._extras import require_figure, require_pillow
from npkpose.codec.heatmap.decode import decode_heatmaps
from npkpose.data.figures import KITE
from npkpose.data.markers import COLOURS
from npkpose.exercises.two_figures import score_figures
from npkpose.image.palettes import id_colours


def progress(steps):
    """Return a function report(step, loss): tqdm's bar, or ten printed lines without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return partial(_print_progress, steps)
    bar = tqdm(total=steps, leave=False, disable=None)  # None: no bar without a terminal

    def report(step, loss):
        bar.set_postfix_str(f"loss {loss:.5f}", refresh=False)
        bar.update()
        if step + 1 == steps:
            bar.close()

    return report


def _print_progress(steps, step, loss):
    if (step + 1) % max(steps // 10, 1) == 0:
        print(f"   step {step + 1} of {steps}: loss {loss:.5f}")


def print_refinements(errors):
    """Print each refinement's mean error, given ``{refinement: errors (N, K)}``, and its gain."""
    base = np.nanmean(errors["argmax"])
    for refine, distances in errors.items():
        mean = np.nanmean(distances)
        print(f"   {refine:13s} mean L2 {mean:.3f} px   {base - mean:+.3f} px better than argmax")


def print_grouping(groups, nearest, keypoints):
    """Print the scores of both groupings against the true keypoints (N, P, K, 2)."""
    print("   grouped by        right instance   mean OKS   figures found   spurious")
    for name, poses in (("fields", groups), ("nearest keypoint", nearest)):
        score = score_figures(poses, keypoints)
        print(
            f"   {name:17s} {100 * score.right_instance:11.1f} %   {score.oks:8.3f}"
            f"   {100 * score.found:11.1f} %   {score.spurious:8d}"
        )


def draw_markers(path, net, images, keypoints, columns=6):
    """Save images with true (circle) and found (cross) keypoints, above their heatmaps."""
    heatmaps = net(1 - images[:columns])
    coords, _ = decode_heatmaps(heatmaps)
    figure, axes = grid_of_images(2, columns)
    for n in range(columns):
        axes[0, n].imshow(images[n].transpose(1, 2, 0))
        axes[0, n].scatter(*keypoints[n].T, s=110, facecolors="none", edgecolors="#e69f00", lw=2)
        axes[0, n].scatter(*coords[n].T, s=25, marker="x", c="white", linewidths=1.5)
        mean = np.linalg.norm(coords[n] - keypoints[n], axis=1).mean()
        axes[0, n].set_title(f"mean error {mean:.2f} px", fontsize=9)
        # The network sees 1 - image, so each map is drawn as 1 - (map times 1 - colour).
        ink = np.einsum("khw,kc->hwc", heatmaps[n].clip(0, 1), 1 - COLOURS)
        axes[1, n].imshow((1 - ink).clip(0, 1))
    save_grid(figure, axes, path, ["circle: true, cross: found", "the network's heatmaps"])


def draw_figures(path, net, images, keypoints, groups, nearest, columns=6):
    """Save images with the skeletons of both groupings, above the strength of the fields.

    Images on which the two groupings disagree come first. ``keypoints`` (N, P, 4, 2) are true.
    """
    totals = [[np.nansum(poses.keypoints) for poses in each] for each in (groups, nearest)]
    shown = np.argsort(np.abs(np.subtract(*totals)) < 1, kind="stable")[:columns]
    _, fields = net.split(net(1 - images[shown]))
    figure, axes = grid_of_images(3, columns)
    for column, n in enumerate(shown):
        for ax, poses in zip(axes[:, column], (groups[n], nearest[n])):
            ax.imshow(images[n].transpose(1, 2, 0), alpha=0.5)
            _draw_kites(ax, poses)
            right = score_figures([poses], keypoints[n : n + 1]).right_instance
            ax.set_title(f"{100 * right:.0f} % in the right figure", fontsize=9)
        strength = np.hypot(fields[column, 0::2], fields[column, 1::2]).max(axis=0)
        drawn = axes[2, column].imshow(strength, cmap="magma", vmin=0, vmax=1)
    figure.colorbar(drawn, ax=axes[2, -1], label="length of the vector")
    titles = "grouped by fields", "by nearest keypoint", "strongest field"
    key = "Each colour of lines is one figure that was found; squares are its keypoints."
    figure.supxlabel(key, fontsize=10)
    save_grid(figure, axes, path, titles)


def _draw_kites(ax, poses):
    for pose, colour in zip(poses.keypoints, id_colours(np.arange(len(poses))) / 255):
        for a, b in KITE.limbs:
            ax.plot(*pose[[a, b]].T, "o-", c=colour, ms=4, lw=2.5)


def grid_of_images(rows, columns, size=2.0):
    """Return a Matplotlib figure and its axes (rows, columns), ``size`` inches each."""
    figure = require_figure()(figsize=(size * columns, (size + 0.15) * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save_grid(figure, axes, path, titles):
    """Save a grid of images without ticks, with a title beside each row."""
    for row, title in zip(axes, titles):
        row[0].set_ylabel(title, fontsize=10)
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    if pathlib.Path(path).suffix.lower() != ".png":
        figure.savefig(path)
        return
    file = io.BytesIO()
    figure.savefig(file, dpi=110)
    with require_pillow().open(file) as image:  # 256 colours: a third of the bytes
        image.convert("RGB").quantize(256).save(path, "PNG", optimize=True)
