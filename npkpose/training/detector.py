"""The task of a detector: people as points, with a size and an offset; targets and loss.

    loss = focal(scores, heatmap) + 0.1 L1(sizes) + L1(offsets)
    L1 = 1/N sum over the N people of |prediction - target| at the pixel of their centre

Zhou, Wang and Kraehenbuehl, "Objects as Points", 2019, arXiv:1904.07850, equations 1 to 4; the
targets are `box_targets`, the first term `nn.focal_loss`. Pixels in the boxes of unlabelled people
and of crowds have no loss, unless they are near the centre of another person. Scenes are not
rotated, since the box of a rotated box is too large.
"""

from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose.codec.boxes import box_targets
from npkpose.metrics.boxes import evaluate_boxes
from npkpose.pipeline.detect import Detector
from npkpose.training.scenes import SceneBatch, SceneTask

NEAR = 0.01  # of the heatmap: pixels above it are near a centre


class BoxMaps(NamedTuple):
    """``values`` (N, 4, h, w), sizes and offsets, and ``centres`` (N, 1, h, w), where they hold."""

    values: np.ndarray
    centres: np.ndarray


class DetectorTask(SceneTask):
    """Centres, sizes and offsets; see `SceneTask` for the parameters."""

    parts = ("centres", "sizes", "offsets")
    score_name = "ap50"
    size_weight, offset_weight = 0.1, 1.0
    rotation = 0.0

    def batch(self, step):
        """Return the `SceneBatch` of a step; it depends only on the seed and the step."""
        rng = np.random.default_rng([self.seed, step])
        scenes = [self._scene(rng) for _ in range(self.batch_size)]
        x = self.model.preprocess(np.stack([scene.image for scene in scenes]))
        size = tuple(int(side / self.grid.stride) for side in self.size)
        each = [box_targets(s.boxes[_wanted(s)], size, self.grid) for s in scenes]
        heatmaps = np.stack([maps.heatmap for maps in each])[:, None]
        mask = np.stack([_ignore_mask(scene, size, self.grid) for scene in scenes])[:, None]
        values = np.stack([np.concatenate([maps.sizes, maps.offsets]) for maps in each])
        centres = np.stack([maps.centres for maps in each])[:, None]
        return SceneBatch(x, heatmaps, mask | (heatmaps > NEAR), BoxMaps(values, centres))

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        scores, sizes, offsets = self.model.split(output)
        first, dscores = nn.focal_loss(scores, batch.heatmaps, batch.mask)
        target, centres = batch.other_targets
        second, dsizes = l1_at(sizes, target[:, :2], centres, self.size_weight)
        third, doffsets = l1_at(offsets, target[:, 2:], centres, self.offset_weight)
        gradient = np.concatenate([dscores, dsizes, doffsets], axis=1)
        return first + second + third, (first, second, third), gradient

    def evaluate(self, network):
        """Return the AP at IoU .5 on the held-out scenes, without the flip test."""
        return self.score(network, flip=False).ap50

    def score(self, network, flip=True):
        """Return the `BoxScores` of the held-out scenes, by default with the flip test."""
        scenes = [self.held_out[i] for i in range(len(self.held_out))]
        find = Detector(network, flip=flip, threshold=0.0)
        found = [find(scene.image) for scene in scenes]
        return evaluate_boxes(
            [scene.boxes for scene in scenes], [each.boxes for each in found],
            [each.scores for each in found], [~_wanted(scene) for scene in scenes],
        )  # fmt: skip


def l1_at(prediction, target, centres, weight=1.0):
    """Return ``weight`` times the mean absolute error at the centres, and its gradient.

    ``prediction`` and ``target`` are (N, C, H, W), ``centres`` bool (N, 1, H, W). Errors of one
    pixel are added over C.
    """
    scale = prediction.dtype.type(weight / max(int(centres.sum()), 1)) * centres
    difference = prediction - target
    loss = (scale * np.abs(difference)).sum(dtype=np.float64)
    return float(loss), scale * np.sign(difference)


def _wanted(scene):
    """Return which people (P,) the detector should find."""
    return scene.labelled & ~scene.crowd


def _ignore_mask(scene, size, grid):
    """Return bool (h, w): false in the boxes of people who need not be found."""
    mask = np.ones(size, bool)
    for box in scene.boxes[~_wanted(scene)]:
        corners = grid.to_map(box.reshape(2, 2) - 0.5, size)
        (x0, y0), (x1, y1) = np.clip(np.rint(corners), 0, size[::-1]).astype(int)
        mask[y0 : y1 + 1, x0 : x1 + 1] = False
    return mask
