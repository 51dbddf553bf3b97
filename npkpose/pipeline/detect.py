"""An image to boxes: a network finds people as points, each with a size.

    image -> resized input -> maps (averaged with the flip test) -> peaks -> boxes in the image

`TopDown` takes a `Detector`, or its network, as ``detector``. Zhou, Wang and Kraehenbuehl, "Objects
as Points", 2019, arXiv:1904.07850. The flip test averages scores and sizes, and the offsets with x
negated.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from npkpose._check import MAX_SIDE, check_flag, check_integer, check_kind, check_number, shown
from npkpose.codec.boxes.decode import Boxes, decode_boxes
from npkpose.image.resize import resize
from npkpose.nn.module import Module
from npkpose.pipeline.flip import flip
from npkpose.pipeline.source import check_network, input_size, is_batch, load_image
from npkpose.poses import Poses

MARGIN = 0.05  # around a person's keypoints, as a share of the box's longer side
THRESHOLD = 0.2  # of a box's score: most of the lower ones are of nobody


class Detector:
    """Find the boxes of all people in an image.

    Parameters
    ----------
    model : network such as `models.SmallDetector`
        Has ``preprocess``, ``split``, ``grid`` and ``size_multiple``. Switched to evaluation mode.
    height : int, optional
        Height of the network's input, as for `BottomUp`. Default: the network's ``input_height``.
    threshold : float
        Boxes with a higher score are returned.
    flip : bool
        Do the flip test, which takes twice the time.

    Raises
    ------
    ValueError
        A height below the network's ``size_multiple``, or a threshold outside 0 to 1.
    """

    def __init__(
        self, model: Any, height: int | None = None, threshold: float = THRESHOLD, *,
        flip: bool = False,
    ) -> None:  # fmt: skip
        names = "preprocess", "split", "grid", "size_multiple"
        self.model = check_network(model, names)
        height = getattr(model, "input_height", 128) if height is None else height
        self.height = check_integer("height", height, model.size_multiple, MAX_SIDE)
        self.threshold = check_number("threshold", threshold, at_least=0.0, at_most=1.0)
        self.flip = check_flag("flip", flip)

    def __call__(self, image: Any) -> Any:
        """Return the `Boxes` of one image, in its pixels, or a list of them for several.

        Parameters
        ----------
        image : path, or array_like of shape (H, W, 3), uint8 RGB
            Or several: a list of these, or an array (N, H, W, 3).

        Raises
        ------
        ValueError
            Not an image.
        """
        if is_batch(image):
            return [self._find(load_image(each)) for each in image]
        return self._find(load_image(image))

    def maps(self, image: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return an image's heatmap (h, w), from 0 to 1, sizes and offsets (2, h, w)."""
        x = self.model.preprocess(resize(image, input_size(self.model, image.shape, self.height)))
        maps = self._maps(x)
        if self.flip:
            flipped = flip(self._maps(flip(x)))
            flipped[3] *= -1
            maps = (maps + flipped) / 2
        return maps[0], maps[1:3], maps[3:]

    def _maps(self, x):
        """Return the maps (5, h, w) of one input, with scores from 0 to 1."""
        scores, sizes, offsets = self.model.split(self.model(x))
        heatmaps = (1 + np.tanh(scores / 2)) / 2  # the sigmoid, without overflow
        return np.concatenate([heatmaps[0], sizes[0], offsets[0]])

    def _find(self, image):
        height, width = image.shape[:2]
        maps = self.maps(image)
        found = decode_boxes(*maps, self.threshold, grid=self.model.grid)
        h, w = input_size(self.model, image.shape, self.height)
        scale = np.tile([width / w, height / h], 2)
        boxes = np.clip(found.boxes * scale, 0, [width, height, width, height])
        kept = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        return Boxes(boxes[kept], found.scores[kept])


def as_detector(detector, flip=False):
    """Return a function from an image to boxes: a network becomes a `Detector`; None stays."""
    if isinstance(detector, Module):
        return Detector(detector, flip=flip)
    if detector is not None and not callable(detector):
        raise ValueError(f"detector: expected a function of an image, got {shown(detector)}")
    return detector


def boxes_around(poses: Poses, margin: float = MARGIN) -> Boxes:
    """Return the `Boxes` of people whose keypoints are known, by falling score.

    So the people that `BottomUp` found can be found again by `TopDown`, each in a crop of its own.

    Parameters
    ----------
    poses : Poses
        People without keypoints have no box. Scores are the people's.
    margin : float
        Added on each side, as a share of the longer side of the box around the keypoints.
    """
    check_kind("poses", poses, Poses)
    margin = check_number("margin", margin, at_least=0.0)
    corners, scores = poses.boxes + [0, 0, 1, 1], poses.person_scores  # areas of whole pixels
    rows = np.argsort(-scores, kind="stable")
    rows = rows[poses.num_present[rows] > 0]
    boxes, scores = corners[rows], scores[rows]
    grow = margin * (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True, initial=0)
    return Boxes(np.concatenate([boxes[:, :2] - grow, boxes[:, 2:] + grow], axis=1), scores)
