"""Top-down: an image and boxes to poses. The network sees each person alone.

    box -> crop of the network's input size -> heatmaps (averaged with the flip test)
        -> keypoints in the image -> score -> OKS non-maximum suppression

A person's score is the box's score times the mean of the keypoint scores above a threshold. The
cost grows with the number of people; `BottomUp` finds all of them in one pass. Xiao et al.,
"Simple Baselines for Human Pose Estimation and Tracking", ECCV 2018, arXiv:1804.06208; suppression
by OKS: Papandreou et al., CVPR 2017, arXiv:1701.01779.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_choice, check_flag, check_number, shown
from npkpose.codec.heatmap.dark import BLUR_KERNEL
from npkpose.codec.heatmap.decode import DARK_SPACING, REFINEMENTS, decode_heatmaps
from npkpose.codec.heatmap.expected_oks import expected_oks
from npkpose.codec.nms import oks_nms
from npkpose.grid import Grid
from npkpose.image.crop import (
    PADDING,
    check_boxes,
    crop_matrices,
    crop_sizes,
    to_image,
    touch_image,
)
from npkpose.image.warp import warp_affine
from npkpose.pipeline.detect import as_detector, boxes_around
from npkpose.pipeline.flip import flip, flip_maps
from npkpose.pipeline.run import run
from npkpose.pipeline.source import check_network, is_batch, load_image, per_image
from npkpose.poses import Poses

UNKNOWN_SIGMA = 0.05  # of a keypoint without a measured one: between COCO's eyes and wrists


class TopDown:
    """Find the keypoints of every person whose box is given.

    Parameters
    ----------
    model : network such as `models.ViTPose`
        Has ``preprocess``, ``skeleton``, ``input_size`` and ``grid`` (or ``stride``, for a
        `Grid` of convention "index"), and may have ``refine``, ``blur_kernel`` (of
        `decode_heatmaps`), ``padding`` and ``oks_scale``. With the last, heatmaps are decoded
        as their `expected_oks`; it is the square root of a person's area, in heights of the
        input. Sigmas that are not known (NaN) count as `UNKNOWN_SIGMA`, there and in the
        suppression. Switched to evaluation mode.
        A network that finds keypoints without heatmaps, as those of `models.from_onnx` may, has
        ``locate`` in place of ``preprocess`` and a ``convention`` of its crops.
    detector : callable, optional
        Finds the boxes where none are given: a `Detector` or its network, a network of
        `models.from_onnx`, a `BottomUp`, around whose people the boxes lie (`boxes_around`), or any
        function from an image to an object with ``boxes`` and ``scores`` (and ``points`` or None).
    flip : bool, optional
        Do the flip test, with a detector's network too; it takes twice the time. Maps are shifted
        by `Grid.flip_shift`; the published code shifts by a whole pixel, which is less exact.
        Default: if the network can.
    padding : float, optional
        Enlargement of the boxes. Default: the model's own, or else the published 1.25.
    refine : str, optional
        Of `decode_heatmaps`. Default: the model's own, or else "dark".
    keypoint_threshold : float
        A person's score is the mean of the keypoint scores above this. Published: 0.2.
    nms_threshold : float
        A pose with a larger OKS to a better one is dropped. Published: 0.9.

    Raises
    ------
    ValueError
        A padding that is not positive, an unknown refinement or a threshold below 0.
    """

    batch_size = 16  # crops at a time
    watch = None  # if set, called with maps (P, K, h, w), their grid and the matrices of the crops

    def __init__(
        self, model: Any, *, detector: Any = None, flip: bool | None = None,
        padding: float | None = None, refine: str | None = None, keypoint_threshold: float = 0.2,
        nms_threshold: float = 0.9,
    ) -> None:  # fmt: skip
        self._locates = hasattr(model, "locate")
        scale = "grid" if hasattr(model, "grid") else "stride"
        own = ("locate", "convention") if self._locates else ("preprocess", scale)
        self.model = check_network(model, (*own, "skeleton", "input_size"))
        self._skeleton = with_all_sigmas(self.model.skeleton)
        if self._locates:
            self.grid = Grid(1, model.convention)
        else:
            self.grid = getattr(model, "grid", None) or Grid(model.stride, "index")
        refine = getattr(model, "refine", "dark") if refine is None else refine
        self.refine = check_choice("refine", refine, (*REFINEMENTS, *DARK_SPACING))
        self.blur_kernel = getattr(model, "blur_kernel", BLUR_KERNEL)
        can_flip = getattr(model, "flip", False) if self._locates else True
        self.flip = can_flip if flip is None else check_flag("flip", flip)
        if self.flip and not can_flip:
            raise ValueError("flip: expected False, since the network has no flip test")
        self.detector = as_detector(detector, self.flip)
        padding = getattr(model, "padding", PADDING) if padding is None else padding
        self.padding = check_number("padding", padding, above=0.0)
        self.keypoint_threshold = check_number(
            "keypoint_threshold", keypoint_threshold, at_least=0.0
        )
        self.nms_threshold = check_number("nms_threshold", nms_threshold, at_least=0.0)

    def __call__(
        self, image: Any, boxes: ArrayLike | None = None, box_scores: ArrayLike | None = None,
    ) -> Any:  # fmt: skip
        """Return the `Poses` of one image, or a list of them for several.

        Parameters
        ----------
        image : path, or array_like of shape (H, W, 3), uint8 RGB
            Or several: a list of these, or an array (N, H, W, 3).
        boxes : array_like, shape (P, 4), optional
            (x0, y0, x1, y1) in image pixels; COCO's (x, y, w, h) is (x, y, x + w, y + h).
            Default: what the detector finds, or without one the whole image. For several images,
            one array each. A box that lies outside the image gives no person.
        box_scores : array_like, shape (P,), optional
            Default 1. For several images, one array each.

        Returns
        -------
        poses : Poses
            In image pixels, sorted by falling score; ``ids`` are the indices of the boxes. No boxes
            give no people, no images an empty list.

        Raises
        ------
        ValueError
            Not an image, a box without area, or unequal numbers of boxes and scores.
        """
        if not is_batch(image):
            return self._find(load_image(image), boxes, box_scores)
        boxes = per_image("boxes", boxes, len(image))
        box_scores = per_image("box_scores", box_scores, len(image))
        images = zip(image, boxes, box_scores)
        return [self._find(load_image(each), *of_image) for each, *of_image in images]

    def run(self, source: Any, failed: Any = None) -> Iterator[tuple[Any, Poses]]:
        """Yield (frame, poses) for each image of a source, such as a video or folder.

        Boxes are the detector's, or without one the whole image. ``source`` and ``failed`` are
        those of `npkpose.sources.frames`, ``frame`` is its `Frame`. The next image is read, and the
        last one's people are used, while the network runs.
        """
        return run((np.asarray, self._find, lambda shape, poses: poses), source, failed)

    def heatmaps(self, crops: ArrayLike) -> NDArray:
        """Return the maps (P, K, h, w) of crops (P, H, W, 3), uint8 RGB, after the flip test."""
        x = self.model.preprocess(crops)
        maps = self._maps(x)
        if self.flip:
            flipped = self._maps(flip(x))
            maps = maps + flip_maps(flipped, self.model.skeleton, self.grid.flip_shift())
            maps *= 0.5
        return maps

    def _maps(self, x):
        """Return the network's first K maps or, if it has ``oks_scale``, their expected OKS."""
        skeleton = self._skeleton
        K = skeleton.num_keypoints
        maps = self.model(x)[:, :K]
        if maps.shape[1] < K:
            raise ValueError(f"model: expected {K} maps for {skeleton.name}, got {maps.shape[1]}")
        oks_scale = getattr(self.model, "oks_scale", None)
        if oks_scale is None:
            return maps
        return expected_oks(maps, skeleton.sigmas, oks_scale * maps.shape[2])

    def _find(self, image, boxes=None, box_scores=None):
        height, width = image.shape[:2]
        points, padding = None, self.padding
        if boxes is None and self.detector is not None:
            boxes, box_scores, points = self._detect(image)
        elif boxes is None:
            boxes = [(0, 0, width, height)]
            padding = 1.0 if self._locates else padding
        boxes = check_boxes(boxes)
        box_scores = np.ones(len(boxes)) if box_scores is None else box_scores
        box_scores = check_array("box_scores", box_scores, (len(boxes),))
        ids = np.flatnonzero(touch_image(boxes, (height, width)))
        boxes, box_scores = boxes[ids], box_scores[ids]
        points = None if points is None else np.asarray(points)[ids]
        matrices = self._matrices(boxes, points, padding)
        batches = [Poses.empty(self.model.skeleton.num_keypoints)]
        for start in range(0, len(boxes), self.batch_size):
            batches.append(self._find_in_crops(image, matrices[start : start + self.batch_size]))
        keypoints = np.concatenate([poses.keypoints for poses in batches])
        scores = np.concatenate([poses.scores for poses in batches])
        poses = Poses(keypoints, scores, box_scores * self._mean_scores(scores), ids)
        areas = crop_sizes(boxes, self.model.input_size, padding).prod(axis=1)
        kept = oks_nms(poses, self._skeleton, areas, self.nms_threshold)
        return poses[kept[poses.present[kept].any(axis=1)] if self._locates else kept]

    def _detect(self, image):
        """Return the boxes, scores and points (or None) that the detector finds."""
        found = self.detector(image)
        if isinstance(found, Poses):
            found = boxes_around(found)
        if not (hasattr(found, "boxes") and hasattr(found, "scores")):
            raise ValueError(f"detector: expected boxes and scores, got {shown(found)}")
        return found.boxes, found.scores, getattr(found, "points", None)

    def _matrices(self, boxes, points, padding):
        """Return the matrices (P, 2, 3) of the crops; a network may turn them by the points."""
        if hasattr(self.model, "matrices"):
            return self.model.matrices(boxes, points, padding)
        return crop_matrices(boxes, self.model.input_size, self.grid.convention, padding)

    def _find_in_crops(self, image, matrices):
        """Return the poses in the crops of the matrices (P, 2, 3)."""
        crops = np.stack([self._crop(image, matrix) for matrix in matrices])
        if self._locates:
            found = self.model.locate(crops, **({"flip": True} if self.flip else {}))
            return Poses(to_image(found[0], matrices), found[1])
        maps = self.heatmaps(crops)
        if self.watch is not None:
            self.watch(maps, self.grid, matrices)
        points, scores = decode_heatmaps(maps, self.refine, self.grid, self.blur_kernel)
        return Poses(to_image(points, matrices), scores)

    def _crop(self, image, matrix):
        """Return the crop (H, W, 3) of a matrix; a network may have its own way."""
        if hasattr(self.model, "crop"):
            return self.model.crop(image, matrix)
        return warp_affine(image, matrix, self.model.input_size)

    def _mean_scores(self, scores):
        """Return the mean (P,) of the scores (P, K) above the threshold; 0 if there are none."""
        above = scores > self.keypoint_threshold
        return np.where(above, scores, 0.0).sum(axis=1) / np.maximum(above.sum(axis=1), 1)


def with_all_sigmas(skeleton):
    """Return the skeleton with `UNKNOWN_SIGMA` in place of NaN."""
    sigmas = np.array(skeleton.sigmas)
    if not np.isnan(sigmas).any():
        return skeleton
    return replace(skeleton, sigmas=np.where(np.isnan(sigmas), UNKNOWN_SIGMA, sigmas))
