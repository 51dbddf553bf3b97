"""YOLO-pose, versions 8, 11 and 26: one output of rows box, score and keypoints.

    (1, 4 + C + 3 K, A)     centre, width, height; C class scores; (x, y, visibility) of K keypoints
    (1, N, 6 + 3 K)         corners, score, class, keypoints: suppression is in the file, or is not
                            needed (version 26)

The file's metadata give K (``kpt_shape``) and the classes (``names``). Coordinates are pixels of
the input; all scores are probabilities.
"""

import ast

import numpy as np

from npkpose.models.exported.letterbox import letterbox
from npkpose.models.exported.network import INPUT, LETTERBOX, Exported, has_skeleton, skeleton_for
from npkpose.models.exported.recipe import Recipe
from npkpose.models.exported.rtmo import people


class YoloPose(Exported):
    """Boxes and keypoints of all people."""

    finds = "people"
    uses = "skeleton", *INPUT, *LETTERBOX

    @classmethod
    def matches(cls, about):
        """Return the reason why a file is of this family, or None."""
        if len(about.shapes) != 1 or len(about.shapes[0]) != 3 or about.layout != "NCHW":
            return None
        K = _count(about)
        if K is None or not has_skeleton(K) and "kpt_shape" not in about.metadata:
            return None
        return f"one output {about.shapes[0]} of boxes with {K} keypoints"

    @classmethod
    def recipe_of(cls, about):
        """Return the published preprocessing: RGB from 0 to 1, the image centred on 114."""
        skeleton = skeleton_for(_count(about), about, ("COCO_17", "HAND_21"))
        return Recipe(
            skeleton, about.size, std=(255.0,) * 3, fit="centre", score_threshold=0.25,
            nms_threshold=0.7, classes=None,
        )  # fmt: skip

    def __call__(self, image):
        """Return the `Poses` of an image (H, W, 3), uint8 RGB, by falling score."""
        canvas, to_image = letterbox(image, self.recipe)
        (answers,) = self.run(canvas[None])
        rows = answers[0].astype(np.float64)
        K = self.skeleton.num_keypoints
        if _is_final(rows.shape, K):
            boxes, scores, keypoints = rows[:, :4], rows[:, 4], rows[:, 6:]
        else:
            rows = rows.T
            centres, halves = rows[:, :2], rows[:, 2:4] / 2
            boxes = np.concatenate([centres - halves, centres + halves], axis=1)
            scores, keypoints = rows[:, 4 : -3 * K].max(axis=1), rows[:, -3 * K :]
        return people(boxes, scores, keypoints.reshape(len(rows), K, 3), to_image, self.recipe)


def _count(about):
    """Return the number of keypoints, or None."""
    _, rows, columns = about.shapes[0]
    if "kpt_shape" in about.metadata:
        try:
            count, numbers = ast.literal_eval(about.metadata["kpt_shape"])
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
        fits = isinstance(count, int) and count > 0 and numbers == 3
        return count if fits and (rows > 3 * count or columns == 6 + 3 * count) else None
    if columns > rows and (rows - 5) % 3 == 0:
        return (rows - 5) // 3
    return (columns - 6) // 3 if columns % 3 == 0 and rows > columns else None


def _is_final(shape, K):
    """Whether rows are people, (N, 6 + 3 K), and not channels, (4 + C + 3 K, A)."""
    return shape[1] == 6 + 3 * K
