"""RTMO: all people of an image at once. Outputs dets (1, N, 5) and keypoints (1, N, K, 3).

Non-maximum suppression is in the file; rows that pad its answer repeat the last person with its
own low score. Lu et al., "RTMO", CVPR 2024, arXiv:2312.07526.
"""

import numpy as np

from npkpose.codec.nms import box_nms
from npkpose.models.exported.letterbox import letterbox
from npkpose.models.exported.network import INPUT, LETTERBOX, Exported, skeleton_for
from npkpose.models.exported.recipe import Recipe
from npkpose.poses import Poses


class RTMO(Exported):
    """Boxes and keypoints of all people."""

    finds = "people"
    uses = "skeleton", *INPUT, *LETTERBOX

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        shapes = {len(shape): shape for shape in about.shapes}
        fits = len(about.shapes) == 2 and set(shapes) == {3, 4}
        if fits and shapes[3][2] == 5 and shapes[4][3] == 3:
            return "outputs of boxes (1, N, 5) and keypoints (1, N, K, 3)"
        return None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: BGR from 0 to 255, 114 beside the image."""
        (count,) = [shape[2] for shape in about.shapes if len(shape) == 4]
        skeleton = skeleton_for(count, about, ("COCO_17",))
        return Recipe(skeleton, about.size, channels="BGR")

    def __call__(self, image):
        """Return the `Poses` of an image (H, W, 3), uint8 RGB, by falling score."""
        canvas, to_image = letterbox(image, self.recipe)
        outputs = {each.ndim: each[0].astype(np.float64) for each in self.run(canvas[None])}
        boxes, keypoints = outputs[3], outputs[4]
        return people(boxes[:, :4], boxes[:, 4], keypoints, to_image, self.recipe)


def people(boxes, scores, keypoints, to_image, recipe):
    """Return the `Poses` that remain of boxes (N, 4), scores (N,) and keypoints (N, K, 3)."""
    good = np.flatnonzero((scores >= recipe.score_threshold) & np.isfinite(boxes).all(axis=1))
    boxes = boxes[good]
    boxes[:, 2:] = np.maximum(boxes[:, :2], boxes[:, 2:])
    kept = good[box_nms(boxes, scores[good], recipe.nms_threshold)]
    return Poses(to_image(keypoints[kept, :, :2]), keypoints[kept, :, 2], scores[kept])
