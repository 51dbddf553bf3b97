"""What a bottom-up network with tags learns.

    loss = mean(w (heatmaps - target)^2) + mean over pictures of (u pull + v push)

pull and push are `codec.tag_loss`'s. Newell, Huang and Deng, "Associative Embedding", NeurIPS
2017, arXiv:1611.05424; Cheng et al., "HigherHRNet", CVPR 2020, arXiv:1908.10357, weight both
by 0.001. In a run of minutes push needs more, here u = 0.004 and v = 0.02: tags that are equal do
not push each other apart, and equal is what pull makes them first. With v = u they were still
equal after 700 steps; with v = 5 u they part after 150. Ten times both disturbs the heatmaps.
"""

import numpy as np

from npkpose import nn
from npkpose.codec.tag_loss import tag_loss, tag_targets
from npkpose.training.scenes import SceneTask


class TagTask(SceneTask):
    """Heatmaps and tags; see `SceneTask` for the parameters."""

    parts = ("heatmaps", "pull", "push")
    pull_weight, push_weight = 0.004, 0.02

    def targets(self, scenes, size):
        """Return, for each scene, where its people's tags are read: arrays (P, K)."""
        return [tag_targets(scene.keypoints, size, scene.visibility, self.grid) for scene in scenes]

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        heatmaps, tags = self.split(output)
        loss, dheatmaps = nn.mse_loss(heatmaps, batch.heatmaps, self.heatmap_weight(batch))
        weights = self.pull_weight / len(tags), self.push_weight / len(tags)
        each = [tag_loss(t, pixels, *weights) for t, pixels in zip(tags, batch.more)]
        pull, push = sum(one[0] for one in each), sum(one[1] for one in each)
        dtags = np.stack([one[2] for one in each]).astype(dheatmaps.dtype)
        dy = np.concatenate([dheatmaps, dtags], axis=1)
        return loss + pull + push, (loss, pull, push), dy
