"""YuNet: faces with five points. Twelve outputs: cls, obj, bbox and kps at strides 8, 16 and 32.

A cell (i, j) of stride s has the score sqrt(cls obj), the centre ((i + dx) s, (j + dy) s), the size
(exp(w) s, exp(h) s), and the points (i + x) s, (j + y) s. Wu et al., "YuNet: A Tiny
Millisecond-level Face Detector", 2023, doi:10.1007/s11633-023-1423-y.
"""

import numpy as np

from npkpose.models.exported.boxes import STRIDES, best_boxes, cells
from npkpose.models.exported.letterbox import letterbox
from npkpose.models.exported.network import INPUT, LETTERBOX, Exported, Found
from npkpose.models.exported.recipe import Recipe
from npkpose.skeletons import find

NAMES = [f"{what}_{stride}" for what in ("cls", "obj", "bbox", "kps") for stride in STRIDES]


class YuNet(Exported):
    """Boxes of faces with eyes, nose and corners of the mouth."""

    finds = "boxes"
    uses = "skeleton", *INPUT, *LETTERBOX

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        return "outputs cls, obj, bbox and kps" if set(about.outputs) == set(NAMES) else None

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: BGR from 0 to 255, black beside the image."""
        return Recipe(
            find("FACE_5"), about.size, channels="BGR", fill=0, score_threshold=0.6,
            nms_threshold=0.3, classes=None,
        )  # fmt: skip

    def __call__(self, image):
        """Return the faces `Found` in an image (H, W, 3), uint8 RGB."""
        canvas, to_image = letterbox(image, self.recipe)
        outputs = dict(zip(self.about.outputs, self.run(canvas[None])))
        cls, obj, bbox, kps = (
            np.concatenate([outputs[f"{what}_{stride}"][0] for stride in STRIDES]).astype(float)
            for what in ("cls", "obj", "bbox", "kps")
        )
        cell = cells(self.recipe.size, STRIDES)
        centres = (bbox[:, :2] + cell[:, :2]) * cell[:, 2:]
        halves = np.exp(np.minimum(bbox[:, 2:], 50)) * cell[:, 2:] / 2
        points = (kps.reshape(-1, 5, 2) + cell[:, None, :2]) * cell[:, None, 2:]
        scores = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
        corners = np.stack([centres - halves, centres + halves], axis=1)
        found = Found(to_image(corners).reshape(-1, 4), scores, to_image(points))
        return best_boxes(found, self.recipe, image.shape[:2])
