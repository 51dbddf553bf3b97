"""The task of a bottom-up network with part affinity fields: targets and loss.

    loss = mean(w (heatmaps - target)^2) + field_weight mean(w' (fields - target')^2)

target' is `paf_fields`; w' is 1 + limb |target'|, and 0 in masked boxes. Cao et al.,
"Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017,
arXiv:1611.08050, equations 5 and 8.
"""

import numpy as np

from npkpose import nn
from npkpose.codec.paf.fields import paf_fields
from npkpose.training.scenes import SceneTask


class PafTask(SceneTask):
    """Heatmaps and fields; see `SceneTask` for the parameters."""

    parts = ("heatmaps", "fields")
    field_weight = 0.3
    limb = 6.0

    def targets(self, scenes, size):
        """Return the fields (N, C, h, w)."""
        return np.stack(
            [paf_fields(scene.keypoints, self.skeleton, size, grid=self.grid) for scene in scenes]
        )

    def loss(self, output, batch):
        """Return the loss, its parts, and its gradient with respect to ``output``."""
        heatmaps, fields = self.split(output)
        first, dheatmaps = nn.mse_loss(heatmaps, batch.heatmaps, self.heatmap_weight(batch))
        target = batch.other_targets
        weight = batch.mask * (1 + np.float32(self.limb) * np.abs(target))
        second, dfields = nn.mse_loss(fields, target, np.float32(self.field_weight) * weight)
        return first + second, (first, second), np.concatenate([dheatmaps, dfields], axis=1)
