"""Exercises one and two: learn four markers, and refine them between the pixels.

The examples and `npkpose demo` share these functions. The recipe is what a search found best
for its few seconds of training:

* Networks see 1 - image, so the white canvas is zero, as the padding is.
* Most of a heatmap is background. Weighting a squared error by 1 + 30 h keeps "answer zero
  everywhere" from being a comfortable solution.
* A high learning rate, warmed up: see `train.adam_with_warmup`.
"""

from itertools import permutations

import numpy as np

from npkpose.codec.heatmap.decode import decode_heatmaps
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.codec.heatmap.peaks import find_peaks
from npkpose.data.markers import NUM_MARKERS, four_markers
from npkpose.models.tiny import TinyKeypointNet
from npkpose.training.fit import adam_with_warmup, fit

BATCH = 16
SIZE = 64  # pixels, of every picture
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
