"""Batches of whole scenes for the bottom-up tasks: images, heatmaps of all people, and a mask.

The target of keypoint k is the maximum of all people's Gaussians. A network that finds unlabelled
people, or people in a crowd, is not wrong. So the mask sets the weight of their boxes to 0, as
OpenPose and HigherHRNet do with COCO's masks.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_integer, check_number, check_size
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.data.augment import ROTATION, flip_scene, random_view, warp_scene
from npkpose.data.distort import change_colours, hide_patches
from npkpose.models.preprocess import check_multiples
from npkpose.pipeline.bottomup import BottomUp
from npkpose.training.score import score


class SceneBatch(NamedTuple):
    """``x`` (N, 3, H, W), ``heatmaps`` (N, K, h, w), ``mask`` (N, 1, h, w), and other targets."""

    x: np.ndarray
    heatmaps: np.ndarray
    mask: np.ndarray
    other_targets: object


class SceneTask:
    """Batches of whole scenes for a `Trainer`; `PafTask` and `TagTask` add targets and losses.

    Parameters
    ----------
    model : network such as `models.SmallPaf`
        As for `BottomUp`, with a ``grid``.
    dataset, held_out : sequences of Scene with a ``skeleton``
        To train on, and to score on.
    seed : int
        Of the choice of scenes and of the augmentation.
    batch_shape : (N, H, W)
        Number of images in a batch, and their size, a multiple of ``model.size_multiple``.
        Held-out images are resized to the network's ``input_height``.
    strength : float
        Of the augmentation; see `TopDownTask`.
    """

    foreground = 20.0
    sigma = 1.25  # heatmap pixels
    rotation = ROTATION  # degrees, the largest

    def __init__(self, model, dataset, held_out, seed=0, batch_shape=(8, 128, 128), strength=1.0):
        self.model, self.skeleton, self.grid = model, model.skeleton, model.grid
        self.dataset, self.held_out = dataset, held_out
        self.seed = check_integer("seed", seed)
        self.batch_size = check_integer("batch_shape", batch_shape[0], at_least=1)
        self.strength = check_number("strength", strength, at_least=0)
        self.size = check_size("batch_shape", batch_shape[1:])
        check_multiples("batch_shape", self.size, model.size_multiple)

    def batch(self, step):
        """Return the `SceneBatch` of a step; it depends only on the seed and the step."""
        rng = np.random.default_rng([self.seed, step])
        scenes = [self._scene(rng) for _ in range(self.batch_size)]
        x = self.model.preprocess(np.stack([scene.image for scene in scenes]))
        size = tuple(int(side / self.grid.stride) for side in self.size)
        heatmaps = np.stack([self._heatmaps(scene, size) for scene in scenes])
        mask = np.stack([learn_mask(scene, size, self.grid) for scene in scenes])
        return SceneBatch(x, heatmaps, mask[:, None], self.targets(scenes, size))

    def targets(self, scenes, size):
        """Return this task's other targets, on maps of ``size``."""
        raise NotImplementedError(f"{type(self).__name__}.targets is not written")

    def heatmap_weight(self, batch):
        """Return the weight of each heatmap pixel."""
        return batch.mask * (1 + np.float32(self.foreground) * batch.heatmaps)

    def evaluate(self, network):
        """Return the AP on the held-out scenes, without the flip test."""
        return self.score(network, flip=False).stats.ap

    def score(self, network, flip=True):
        """Return the `CocoResult` of the held-out scenes, by default with the flip test."""
        find = BottomUp(network, flip=flip)
        return score(self.held_out, lambda scene: find(scene.image))

    def split(self, output):
        """Return the heatmaps and the other maps of the network's output."""
        return np.split(output, [self.skeleton.num_keypoints], axis=1)

    def _scene(self, rng):
        scene = self.dataset[int(rng.integers(len(self.dataset)))]
        view = random_view(scene.image.shape[:2], self.size, rng, self.strength, self.rotation)
        scene = warp_scene(scene, view, self.size)
        if rng.random() < self.strength:
            scene.image = change_colours(scene.image, rng)
            scene = hide_patches(scene, rng, most=2)
        return flip_scene(scene, self.skeleton) if rng.random() < 0.5 else scene

    def _heatmaps(self, scene, size):
        each = gaussian_heatmaps(scene.keypoints, size, self.sigma, grid=self.grid)
        return each.max(axis=0, initial=0)


def learn_mask(scene, size, grid):
    """Return the mask (h, w): 0 for pixels of unlabelled people and of crowds, else 1."""
    mask = np.ones(size, np.float32)
    for box in scene.boxes[~scene.labelled | scene.crowd]:
        corners = grid.to_map(box.reshape(2, 2) - 0.5, size)  # a box's corners, as points
        (x0, y0), (x1, y1) = np.clip(np.rint(corners), 0, size[::-1]).astype(int)
        mask[y0 : y1 + 1, x0 : x1 + 1] = 0
    for points in scene.keypoints[scene.labelled]:
        for x, y in grid.to_map(points[~np.isnan(points[:, 0])], size):  # labelled people stay
            left, top = max(int(x) - 2, 0), max(int(y) - 2, 0)
            mask[top : int(y) + 4, left : int(x) + 4] = 1
    return mask
