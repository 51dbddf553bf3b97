"""SimCC networks of crops: RTMPose, RTMW and DWPose. Outputs (N, K, W r) and (N, K, H r).

r is the number of bins per pixel, 2 in all published files. The score is the lesser of the two
maxima, as mmpose computes it; ``score="mean"`` is rtmlib's. Jiang et al., "RTMPose", 2023,
arXiv:2303.07399; decoding: codec/heatmap/simcc.py. A file of three outputs has a depth, which is
left out.
"""

import numpy as np

from npkpose.codec.heatmap.simcc import decode_simcc
from npkpose.models.exported.network import CROP, INPUT, Exported, has_skeleton, skeleton_for
from npkpose.models.exported.recipe import IMAGENET, Recipe

PREFERRED = "COCO_17", "HAND_21", "COCO_WHOLEBODY_133", "HALPE_26", "FACE_106"


class SimCC(Exported):
    """Two classifications per keypoint of a crop."""

    finds = "keypoints"
    uses = "skeleton", *INPUT, *CROP, "refine", "score"
    flip = True

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        if len(about.outputs) not in (2, 3) or about.layout != "NCHW":
            return None
        if any(len(shape) != 3 for shape in about.shapes):
            return None
        (_, K, a), (_, other, b) = about.shapes[:2]
        H, W = about.size
        if K == other and has_skeleton(K) and a * H == b * W and a > W:
            return f"outputs of {a} and {b} bins for {K} keypoints, {a / W:g} bins per pixel"
        return None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: RGB, although rtmlib feeds BGR; no UDP."""
        skeleton = skeleton_for(about.shapes[0][1], about, PREFERRED)
        return Recipe(skeleton, about.size, mean=IMAGENET[0], std=IMAGENET[1])

    def locate(self, crops, flip=False):
        """Return keypoints (P, K, 2) in pixels of crops (P, H, W, 3), uint8 RGB, and scores."""
        x, y = self.run(crops)[:2]
        if flip:
            order = self.skeleton.flip_order
            flipped_x, flipped_y = self.run(crops[:, :, ::-1])[:2]
            x, y = (x + flipped_x[:, order, ::-1]) / 2, (y + flipped_y[:, order]) / 2
        ratio = x.shape[2] / self.recipe.size[1]
        choices = self.recipe.refine, self.recipe.score
        points, scores = decode_simcc(np.float32(x), np.float32(y), ratio, *choices)
        points[scores <= 0] = np.nan  # as released: a maximum that is not positive shows nothing
        return points, np.where(scores > 0, scores, 0.0)
