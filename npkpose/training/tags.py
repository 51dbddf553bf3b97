"""The task of a bottom-up network with tags: targets and loss of `PafTask`, and of the tags.

    loss = PafTask's + mean over images of (u pull + v push)

pull and push are the terms of `tag_loss`. Newell, Huang and Deng, "Associative Embedding", NeurIPS
2017, arXiv:1611.05424; Cheng et al., "HigherHRNet", CVPR 2020, arXiv:1908.10357, weight both
by 0.001. A run of minutes needs a stronger push, here u = 0.004 and v = 0.02: pull first makes all
tags equal, and equal tags do not push each other apart. With v = u they were still equal after 700
steps; with v = 5 u they differ after 150. With ten times both, the heatmaps get worse. The fields
are learned because they help the heatmaps (see `models.SmallTags`); no grouping uses them.
"""

import numpy as np

from npkpose.codec.tags.loss import tag_loss, tag_targets
from npkpose.training.paf import PafTask


class TagTask(PafTask):
    """Heatmaps, fields and tags; see `SceneTask` for the parameters."""

    parts = ("heatmaps", "fields", "pull", "push")
    pull_weight, push_weight = 0.004, 0.02

    def targets(self, scenes, size):
        """Return the fields (N, C, h, w) and, for each scene, the pixels of its tags (P, K)."""
        pixels = [
            tag_targets(scene.keypoints, size, scene.visibility, self.grid) for scene in scenes
        ]
        return super().targets(scenes, size), pixels

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        fields, pixels = batch.other_targets
        K = self.skeleton.num_keypoints
        maps, x, y = np.split(output, [-2 * K, -K], axis=1)
        loss, parts, dmaps = super().loss(maps, batch._replace(other_targets=fields))
        tags = np.stack([x, y], axis=-1)  # (N, K, h, w, 2)
        weights = self.pull_weight / len(tags), self.push_weight / len(tags)
        pulls, pushes, gradients = zip(
            *(tag_loss(t, where, *weights) for t, where in zip(tags, pixels))
        )
        pull, push = sum(pulls), sum(pushes)
        dtags = np.stack(gradients).astype(dmaps.dtype)
        dy = np.concatenate([dmaps, dtags[..., 0], dtags[..., 1]], axis=1)
        return loss + pull + push, (*parts, pull, push), dy
