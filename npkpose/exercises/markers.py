"""Exercises 1 and 2: learn four markers, and refine them to fractions of a pixel.

The examples and `npkpose demo` share these functions. A search found this recipe best for a few
seconds of training:

* The input is 1 - image, so the white canvas is zero, like the padding.
* Most of a heatmap is background. The squared error has the weight 1 + 30 h, so that "zero
  everywhere" is not nearly a solution.
* A high learning rate with a warm-up: see `training.fit.adam_with_warmup`.
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
SIZE = 64  # pixels, height and width of every image
HELD_OUT = 1_000_000  # added to a training seed: the seed of its held-out images


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
    """Return images and keypoints that a training with this seed does not see."""
    return four_markers(num_images, np.random.default_rng(HELD_OUT + seed), SIZE, style)


def marker_errors(net, images, keypoints, refine):
    """Return the distance of each decoded keypoint from the ground truth: (N, K) pixels."""
    coords, _ = decode_heatmaps(net(1 - images), refine)
    return np.linalg.norm(coords - keypoints, axis=2)


def best_assignment_errors(net, images, keypoints, refine):
    """Return the distance (N, K) of identical markers from the ground truth, in the best order.

    The detections are the K highest peaks of the mean of all maps. If there are fewer, the highest
    one is repeated.
    """
    orders = np.array(list(permutations(range(keypoints.shape[1]))))
    errors = []
    for maps, truth in zip(net(1 - images), keypoints):
        points = _highest_peaks(maps.mean(axis=0), len(truth), refine)
        distances = np.linalg.norm(points[orders] - truth, axis=2)  # (K!, K)
        errors.append(distances[distances.sum(axis=1).argmin()])
    return np.array(errors)


def _highest_peaks(heatmap, count, refine):
    """Return the highest peaks (count, 2); the first is repeated if there are fewer."""
    points = find_peaks(heatmap[None], 0.0, refine, max_peaks=count).points
    if len(points) == 0:
        points = np.full((1, 2), np.nan)
    return np.concatenate([points, np.repeat(points[:1], count - len(points), axis=0)])
