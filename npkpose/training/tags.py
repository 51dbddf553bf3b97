"""What a bottom-up network with tags learns: what `PafTask` teaches, and the tags.

    loss = PafTask's + mean over pictures of (u pull + v push)

pull and push are `codec.tag_loss`'s. Newell, Huang and Deng, "Associative Embedding", NeurIPS
2017, arXiv:1611.05424; Cheng et al., "HigherHRNet", CVPR 2020, arXiv:1908.10357, weight both
by 0.001. In a run of minutes push needs more, here u = 0.004 and v = 0.02: tags that are equal do
not push each other apart, and equal is what pull makes them first. With v = u they were still
equal after 700 steps; with v = 5 u they part after 150. Ten times both disturbs the heatmaps.
The fields are there for what they teach (see `models.SmallTags`); no grouping looks at them.
"""

import numpy as np

from npkpose.codec.tags.loss import tag_loss, tag_targets
from npkpose.training.paf import PafTask


class TagTask(PafTask):
    """Heatmaps, fields and tags; see `SceneTask` for the parameters."""

    parts = ("heatmaps", "fields", "pull", "push")
    pull_weight, push_weight = 0.004, 0.02

    def targets(self, scenes, size):
        """Return the fields (N, C, h, w) and, for each scene, where its tags are read, (P, K)."""
        pixels = [
            tag_targets(scene.keypoints, size, scene.visibility, self.grid) for scene in scenes
        ]
        return super().targets(scenes, size), pixels

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        fields, pixels = batch.more
        K = self.skeleton.num_keypoints
        maps, x, y = np.split(output, [-2 * K, -K], axis=1)
        loss, parts, dmaps = super().loss(maps, batch._replace(more=fields))
        tags = np.stack([x, y], axis=-1)  # (N, K, h, w, 2)
        weights = self.pull_weight / len(tags), self.push_weight / len(tags)
        each = [tag_loss(t, where, *weights) for t, where in zip(tags, pixels)]
        pull, push = sum(one[0] for one in each), sum(one[1] for one in each)
        dtags = np.stack([one[2] for one in each]).astype(dmaps.dtype)
        dy = np.concatenate([dmaps, dtags[..., 0], dtags[..., 1]], axis=1)
        return loss + pull + push, (*parts, pull, push), dy
