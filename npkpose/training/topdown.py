"""The task of a top-down network: one person's crop to K heatmaps.

    q = Gaussians in the crop, of sum 1,    p = heatmaps / their sum
    loss = mean over labelled keypoints of  sum over pixels of q log(q / p)

the Kullback-Leibler divergence of two distributions of one keypoint over the pixels; after
`SpatialSoftmax` it is a softmax cross-entropy. Each keypoint has the same weight from the first
step, while mean((heatmaps - target)^2) stays for long near the solution "zero everywhere".
Keypoints without a label, or outside the crop, have no loss.

Half of the crops are flipped, with left and right keypoints exchanged. A skeleton without pairs of
left and right, such as one hand, is never flipped: the mirror image shows the other hand.

Crops fit the people closely (``model.padding``), since 96x64 pixels are few.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from npkpose._check import check_integer, check_number
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.data.augment import flip_scene, random_crop, warp_scene
from npkpose.data.distort import change_colours, hide_patches
from npkpose.image.crop import PADDING
from npkpose.pipeline.topdown import TopDown
from npkpose.training.score import score

TINY = 1e-20  # added to probabilities, so that their logarithms stay finite
TRIES = 200  # scenes in a row without labelled people before an error


class TopDownBatch(NamedTuple):
    """``x`` (N, 3, H, W), and ``target`` (N, K, h, w), of sum 1 or, without a label, 0."""

    x: np.ndarray
    target: np.ndarray


class TopDownTask:
    """Batches of crops for a `Trainer`, and the AP of the crops of true boxes.

    Parameters
    ----------
    model : network such as `models.SmallTopDown`
        Has ``preprocess``, ``skeleton``, ``input_size``, ``grid``, ``padding`` and ``sigma``;
        its heatmaps are positive.
    dataset, held_out : sequences of Scene with a ``skeleton``
        To learn from, and to score.
    seed : int
        Of the choice of scenes and of their augmentation.
    batch_size : int
    strength : float
        Of the augmentation: 1 is right for photographs, of which there are never enough; of
        synthetic people there are, and 0.3 learns faster.
    """

    parts = ("heatmaps",)

    def __init__(self, model, dataset, held_out, seed=0, batch_size=32, strength=1.0):
        self.model = model
        self.dataset, self.held_out = dataset, held_out
        self.seed = check_integer("seed", seed)
        self.batch_size = check_integer("batch_size", batch_size, at_least=1)
        self.strength = check_number("strength", strength, at_least=0)

    def batch(self, step):
        """Return the `TopDownBatch` of a step; it depends only on the seed and the step."""
        crops = self._crops(np.random.default_rng([self.seed, step]))
        x = self.model.preprocess(np.stack([crop.image for crop in crops]))
        keypoints = np.concatenate([crop.keypoints for crop in crops])
        labelled = np.concatenate([crop.visibility for crop in crops]) > 0
        grid = self.model.grid
        size = [int(side / grid.stride) for side in self.model.input_size]
        target = gaussian_heatmaps(keypoints, size, self.model.sigma, labelled, grid)
        total = target.sum(axis=(2, 3), keepdims=True)
        return TopDownBatch(x, target / np.maximum(total, np.float32(1e-6)))

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        loss, dy = divergence(output, batch.target)
        return loss, (loss,), dy

    def evaluate(self, network, flip=False):
        """Return the AP on the held-out scenes, from their true boxes."""
        return self.score(network, flip).stats.ap

    def score(self, network, flip=True):
        """Return the `CocoResult` of the held-out scenes, by default with the flip test.

        Without pairs in the skeleton there is no flip test.
        """
        flip = flip and bool(self.model.skeleton.pairs)
        find = TopDown(network, flip=flip, padding=self.model.padding, keypoint_threshold=0)
        return score(self.held_out, lambda scene: find(scene.image, scene.boxes[scene.labelled]))

    def _crops(self, rng):
        """Return scenes of one person each, of the input's size."""
        crops, tries = [], 0
        while len(crops) < self.batch_size:
            scene = self.dataset[int(rng.integers(len(self.dataset)))]
            found = [self._crop(scene, int(p), rng) for p in np.flatnonzero(scene.labelled)]
            found = [crop for crop in found if crop.labelled.any()]
            crops += found
            tries = 0 if found else tries + 1
            if tries == TRIES:
                raise ValueError(f"dataset: expected labelled people, got {TRIES} scenes without")
        return crops[: self.batch_size]

    def _crop(self, scene, p, rng):
        scene = scene.of([p])
        centre = np.tile((scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2, 2)
        tight = centre + (scene.boxes - centre) * (self.model.padding / PADDING)
        view = random_crop(replace(scene, boxes=tight), 0, self.model, rng, self.strength)
        crop = warp_scene(scene, view, self.model.input_size)
        if rng.random() < self.strength:
            crop.image = change_colours(crop.image, rng)
            crop = hide_patches(crop, rng, most=1)
        skeleton = self.model.skeleton
        return flip_scene(crop, skeleton) if skeleton.pairs and rng.random() < 0.5 else crop


def divergence(heatmaps, target):
    """Return the mean divergence of heatmaps from targets, and its gradient for ``heatmaps``.

    Parameters
    ----------
    heatmaps : ndarray, shape (N, K, H, W)
        Positive.
    target : ndarray, shape (N, K, H, W)
        Of sum 1, or 0 for a keypoint without a label. If all are 0, so is the loss.
    """
    labelled = target.any(axis=(2, 3), keepdims=True)  # (N, K, 1, 1)
    count = max(int(labelled.sum()), 1)
    total = heatmaps.sum(axis=(2, 3), keepdims=True)
    floored = heatmaps + np.float32(TINY)
    log_ratio = np.log(np.maximum(target, np.float32(TINY)) / floored * total)
    loss = float(np.sum(target * log_ratio, dtype=np.float64)) / count
    gradient = (labelled / total - target / floored) * np.float32(1 / count)
    return loss, gradient.astype(heatmaps.dtype, copy=False)
