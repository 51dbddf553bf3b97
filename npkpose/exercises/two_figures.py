"""Exercise 3: tell two overlapping figures apart by part affinity fields.

The recipe is that of `npkpose.exercises.markers`, with a separate weight for the fields.
"""

from typing import NamedTuple

import numpy as np

from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.codec.paf.fields import paf_fields
from npkpose.codec.paf.group import group_paf
from npkpose.codec.paf.nearest_baseline import group_nearest
from npkpose.data.figures import KITE, two_figures
from npkpose.exercises.markers import BATCH, HELD_OUT, SIZE
from npkpose.grid import Grid
from npkpose.metrics import match, oks, right_instance
from npkpose.models.tiny import TinyPafNet
from npkpose.training.fit import adam_with_warmup, fit

FIGURE_GRID = Grid(TinyPafNet.stride, "centre")


def train_figures(seed=0, steps=2200, report=None):
    """Return a `TinyPafNet` trained on `two_figures`, in evaluation mode."""
    rng = np.random.default_rng(seed)
    net = TinyPafNet(KITE.num_keypoints, KITE.num_paf_channels, rng=rng)
    fit(net, _figure_batches(steps, rng), *adam_with_warmup(net, steps, lr=1e-2), report)
    return net.eval()


def _figure_batches(steps, rng):
    for _ in range(steps):
        images, keypoints = two_figures(BATCH, rng, SIZE)
        heatmaps, fields = figure_targets(keypoints)
        weight = np.concatenate([1 + 15 * heatmaps, 1 + 2 * np.abs(fields)], axis=1)
        yield 1 - images, np.concatenate([heatmaps, fields], axis=1), weight


def figure_targets(keypoints):
    """Return heatmaps (N, 4, h, w) and fields (N, C, h, w) for keypoints (N, P, 4, 2)."""
    size = SIZE // TinyPafNet.stride
    heatmaps = gaussian_heatmaps(keypoints, size, sigma=1.0, grid=FIGURE_GRID).max(axis=1)
    fields = [paf_fields(people, KITE, size, grid=FIGURE_GRID) for people in keypoints]
    return heatmaps, np.stack(fields)


def held_out_figures(seed, num_images=256):
    """Return images and keypoints that a training with this seed does not see."""
    return two_figures(num_images, np.random.default_rng(HELD_OUT + seed), SIZE)


def group_figures(net, images, nearest=False):
    """Return the `Poses` of each image, grouped by fields or by nearest keypoint."""
    heatmaps, fields = net.split(net(1 - images))
    if nearest:
        return [group_nearest(h, KITE, FIGURE_GRID, threshold=0.5) for h in heatmaps]
    return [
        group_paf(h, f, KITE, FIGURE_GRID, threshold=0.5, min_keypoints=3)
        for h, f in zip(heatmaps, fields)
    ]


class FigureScore(NamedTuple):
    """The scores of `score_figures` over all images."""

    right_instance: float  # share of detected keypoints that are in the right figure
    oks: float  # mean over matched figures
    found: float  # share of figures that were matched
    spurious: int  # poses that match no figure


def score_figures(groups, keypoints):
    """Return the `FigureScore` of one `Poses` per image against keypoints (N, P, 4, 2)."""
    right = detected = spurious = 0
    similarities = []
    for poses, truth in zip(groups, keypoints):
        areas = np.prod(truth.max(axis=1) - truth.min(axis=1), axis=1)
        similarity = oks(poses.keypoints, truth, areas, KITE.sigmas, missing="zero")
        matched = match(similarity, poses.person_scores)
        right += right_instance(poses.keypoints, truth, matched).sum()
        detected += poses.present.sum()
        spurious += int((matched < 0).sum())
        similarities += [similarity[d, g] for d, g in enumerate(matched) if g >= 0]
    found = len(similarities) / max(keypoints[..., 0, 0].size, 1)
    mean = float(np.mean(similarities)) if similarities else 0.0
    return FigureScore(right / max(detected, 1), mean, found, spurious)
