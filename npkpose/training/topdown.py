"""What a top-down network learns: one person's crop to K heatmaps.

    target = Gaussians in the crop,    loss = mean(weight (heatmaps - target)^2)
    weight = visible (1 + foreground target)

visible is 0 for keypoints without a label, of which nothing is known, else 1. Most of a heatmap
is background; foreground keeps "zero everywhere" from being a comfortable answer. Xiao et al.,
"Simple Baselines for Human Pose Estimation and Tracking", ECCV 2018, arXiv:1804.06208.
"""

from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose._check import check_integer, check_number
from npkpose.codec.gaussian import gaussian_heatmaps
from npkpose.data.augment import flip_scene, random_crop, warp_scene
from npkpose.data.distort import change_colours, hide_patches
from npkpose.pipeline.topdown import TopDown
from npkpose.training.score import score

TRIES = 200  # scenes in a row without anybody to learn from


class TopDownBatch(NamedTuple):
    """``x`` (N, 3, H, W), ``target`` (N, K, h, w) and ``weight`` of the same shape."""

    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray


class TopDownTask:
    """Batches of crops for a `Trainer`, and the AP of the crops of true boxes.

    Parameters
    ----------
    model : network such as `models.SmallTopDown`
        Has ``preprocess``, ``skeleton``, ``input_size`` and ``grid``.
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
    foreground = 20.0
    sigma = 1.25  # of the targets' Gaussians, heatmap pixels

    def __init__(self, model, dataset, held_out, seed=0, batch_size=32, strength=1.0):
        self.model = model
        self.dataset, self.held_out = dataset, held_out
        self.seed = check_integer("seed", seed)
        self.batch_size = check_integer("batch_size", batch_size, at_least=1)
        self.strength = check_number("strength", strength, at_least=0)

    def batch(self, step):
        """Return the `TopDownBatch` of a step, the same whenever it is asked for."""
        crops = self._crops(np.random.default_rng([self.seed, step]))
        x = self.model.preprocess(np.stack([crop.image for crop in crops]))
        keypoints = np.concatenate([crop.keypoints for crop in crops])
        labelled = np.concatenate([crop.visibility for crop in crops]) > 0
        grid = self.model.grid
        size = [int(side / grid.stride) for side in self.model.input_size]
        target = gaussian_heatmaps(keypoints, size, self.sigma, labelled, grid)
        weight = np.float32(labelled)[..., None, None] * (1 + self.foreground * target)
        return TopDownBatch(x, target, weight.astype(np.float32))

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        loss, dy = nn.mse_loss(output, batch.target, batch.weight)
        return loss, (loss,), dy

    def evaluate(self, network, flip=False):
        """Return the AP of crops of the true boxes of the held-out scenes."""
        return self.score(network, flip).stats.ap

    def score(self, network, flip=True):
        """Return the `CocoResult` of the held-out scenes; with the flip test, unless told."""
        find = TopDown(network, flip=flip)
        return score(self.held_out, lambda scene: find(scene.image, scene.boxes[scene.labelled]))

    def _crops(self, rng):
        """One-person scenes of the input's size."""
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
        view = random_crop(scene, p, self.model, rng, self.strength)
        crop = warp_scene(scene.of([p]), view, self.model.input_size)
        if rng.random() < self.strength:
            crop.image = change_colours(crop.image, rng)
            crop = hide_patches(crop, rng, most=1)
        return flip_scene(crop, self.model.skeleton) if rng.random() < 0.5 else crop
