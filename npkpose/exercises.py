"""The exercises: learn four markers, refine them, and group two figures.

The examples and `npkpose demo` share these functions. Each recipe is what a search found
best for its few seconds or minutes of training:

* Networks see 1 - image, so the white canvas is zero, as the padding is.
* Most of a heatmap is background. Weighting a squared error by 1 + 30 h keeps "answer zero
  everywhere" from being a comfortable solution.
* A high learning rate, warmed up: see `train.adam_with_warmup`.
"""

from itertools import permutations
from typing import NamedTuple

import numpy as np

from npkpose.codec.decode import decode_heatmaps
from npkpose.codec.gaussian import gaussian_heatmaps
from npkpose.codec.grid import Grid
from npkpose.codec.group_paf import group_paf
from npkpose.codec.nearest import group_nearest
from npkpose.codec.paf import paf_fields
from npkpose.codec.peaks import find_peaks
from npkpose.data.figures import KITE, two_figures
from npkpose.data.markers import NUM_MARKERS, four_markers
from npkpose.metrics import match, oks, right_instance
from npkpose.models.tiny import TinyKeypointNet, TinyPafNet
from npkpose.train import adam_with_warmup, fit

BATCH = 16
SIZE = 64  # pixels, of every picture
FIGURE_GRID = Grid(TinyPafNet.stride, "centre")
HELD_OUT = 1_000_000  # added to a training seed: the seed of its held-out pictures


def train_markers(seed=0, steps=200, style="distinct", report=None):
    """Return a `TinyKeypointNet` trained on `four_markers`, in evaluation mode."""
    rng = np.random.default_rng(seed)
    net = TinyKeypointNet(NUM_MARKERS, rng=rng)
    fit(net, _marker_batches(steps, style, rng), *adam_with_warmup(net, steps), report)
    return net.eval()


def _marker_batches(steps, style, rng):
    for _ in range(steps):
        images, keypoints = four_markers(BATCH, rng, SIZE, style)
        heatmaps = gaussian_heatmaps(keypoints, SIZE)
        yield 1 - images, heatmaps, 1 + 30 * heatmaps


def held_out_markers(seed, num_images=128, style="distinct"):
    """Return images and keypoints that no training of this seed has seen."""
    return four_markers(num_images, np.random.default_rng(HELD_OUT + seed), SIZE, style)


def marker_errors(net, images, keypoints, refine):
    """Return the distance of each decoded keypoint from the truth: (N, K) pixels."""
    coords, _ = decode_heatmaps(net(1 - images), refine)
    return np.linalg.norm(coords - keypoints, axis=2)


def best_assignment_errors(net, images, keypoints, refine):
    """Return the distance (N, K) of identical markers from the truth, named as suits best.

    The answers are the K highest peaks of all maps together; where there are fewer, the
    highest counts again.
    """
    orders = np.array(list(permutations(range(keypoints.shape[1]))))
    errors = []
    for maps, truth in zip(net(1 - images), keypoints):
        points = find_peaks(maps.mean(axis=0)[None], 0.0, refine, max_peaks=len(truth)).points
        if len(points) == 0:
            points = np.full((1, 2), np.nan)
        points = np.concatenate([points, np.repeat(points[:1], len(truth) - len(points), axis=0)])
        distances = np.linalg.norm(points[orders] - truth, axis=2)  # (K!, K)
        errors.append(distances[distances.sum(axis=1).argmin()])
    return np.array(errors)


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
    """Return images and keypoints that no training of this seed has seen."""
    return two_figures(num_images, np.random.default_rng(HELD_OUT + seed), SIZE)


def group_figures(net, images, nearest=False):
    """Return the `Poses` of each image, grouped by its fields or by nearest keypoint."""
    heatmaps, fields = net.split(net(1 - images))
    if nearest:
        return [group_nearest(h, KITE, FIGURE_GRID, threshold=0.5) for h in heatmaps]
    rules = {"threshold": 0.5, "min_keypoints": 3}
    return [group_paf(h, f, KITE, FIGURE_GRID, **rules) for h, f in zip(heatmaps, fields)]


class FigureScore(NamedTuple):
    """What `score_figures` found over all images."""

    right_instance: float  # share of detected keypoints that went to the right figure
    oks: float  # mean over matched figures
    found: float  # share of figures that were matched
    spurious: int  # poses without a figure


def score_figures(groups, keypoints):
    """Return the `FigureScore` of one `Poses` per image against keypoints (N, P, 4, 2)."""
    right = detected = spurious = 0
    similarities = []
    for poses, truth in zip(groups, keypoints):
        areas = np.prod(truth.max(axis=1) - truth.min(axis=1), axis=1)
        similarity = oks(poses.keypoints, truth, areas, KITE.sigmas, absent="zero")
        matched = match(similarity, poses.person_scores)
        right += right_instance(poses.keypoints, truth, matched).sum()
        detected += poses.present.sum()
        spurious += int((matched < 0).sum())
        similarities += [similarity[d, g] for d, g in enumerate(matched) if g >= 0]
    found = len(similarities) / max(keypoints[..., 0, 0].size, 1)
    mean = float(np.mean(similarities)) if similarities else 0.0
    return FigureScore(right / max(detected, 1), mean, found, spurious)
