"""A picture and its people's boxes to poses, top-down: each person is looked at alone.

    box -> crop of the network's input size -> heatmaps (and those of the mirror image)
        -> keypoints in the picture -> score -> of two nearly equal poses, the better

A person's score is the box's times the mean of the keypoint scores above a threshold. The cost
grows with the number of people; `BottomUp` looks at all of them at once. Xiao et al., "Simple
Baselines for Human Pose Estimation and Tracking", ECCV 2018, arXiv:1804.06208; OKS as the
measure of "nearly equal" is Papandreou et al.'s, CVPR 2017, arXiv:1701.01779.
"""

import numpy as np

from npkpose._check import check_array, check_choice, check_number
from npkpose.codec.heatmap.decode import DARK_SPACING, REFINEMENTS, decode_heatmaps
from npkpose.codec.nms import oks_nms
from npkpose.grid import Grid
from npkpose.image.crop import PADDING, check_boxes, crop_matrices, crop_sizes, to_picture
from npkpose.image.warp import warp_affine
from npkpose.pipeline.flip import mirror, mirror_maps
from npkpose.pipeline.source import is_batch, per_picture, read_picture
from npkpose.poses import Poses


class TopDown:
    """Find the keypoints of everybody whose box is known.

    Parameters
    ----------
    model : network such as `models.ViTPose`
        Has ``preprocess``, ``skeleton``, ``input_size`` and ``grid`` (or ``stride``, for a
        `Grid` of convention "index"), and may have ``refine`` and ``padding``. Switched to
        evaluation mode.
    flip : bool
        Average with the mirror image, moved by `Grid.flip_shift` where published code moves a
        whole pixel: more exact, and twice the time.
    padding : float, optional
        Enlargement of the boxes. Default: the model's own, or else the published 1.25.
    refine : str, optional
        Of `decode_heatmaps`. Default: the model's own, or else "dark".
    keypoint_threshold, nms_threshold : float
        Keypoints scored lower do not count for the person's score; a pose more similar to a
        better one is dropped. The published 0.2 and 0.9.

    Raises
    ------
    ValueError
        A padding that is not positive, an unknown refinement or a threshold below 0.
    """

    batch_size = 16  # crops at a time

    def __init__(
        self, model, *, flip=True, padding=None, refine=None, keypoint_threshold=0.2,
        nms_threshold=0.9,
    ):
        self.model = model.eval()
        self.grid = getattr(model, "grid", None) or Grid(model.stride, "index")
        refine = getattr(model, "refine", "dark") if refine is None else refine
        self.refine = check_choice("refine", refine, (*REFINEMENTS, *DARK_SPACING))
        self.flip = bool(flip)
        padding = getattr(model, "padding", PADDING) if padding is None else padding
        self.padding = check_number("padding", padding, above=0.0)
        self.keypoint_threshold = check_number(
            "keypoint_threshold", keypoint_threshold, at_least=0.0
        )
        self.nms_threshold = check_number("nms_threshold", nms_threshold, at_least=0.0)

    def __call__(self, image, boxes=None, box_scores=None):
        """Return the `Poses` of one picture, or a list of them for several.

        Parameters
        ----------
        image : path of a picture, or array_like of shape (H, W, 3), uint8 RGB
            Or several: a list of these, or an array (N, H, W, 3).
        boxes : array_like, shape (P, 4), optional
            (x0, y0, x1, y1) in the picture's pixels; COCO's (x, y, w, h) is (x, y, x + w,
            y + h). Default: the whole picture. For several pictures, one array each.
        box_scores : array_like, shape (P,), optional
            Default 1. For several pictures, one array each.

        Returns
        -------
        poses : Poses
            In the picture's pixels, by falling score; ``ids`` are the indices of their boxes. No
            boxes give nobody, no pictures an empty list.

        Raises
        ------
        ValueError
            No picture, a box without area, or numbers of boxes and scores that differ.
        """
        if not is_batch(image):
            return self._find(read_picture(image), boxes, box_scores)
        boxes = per_picture("boxes", boxes, len(image))
        box_scores = per_picture("box_scores", box_scores, len(image))
        every = zip(image, boxes, box_scores)
        return [self._find(read_picture(one), *of_it) for one, *of_it in every]

    def heatmaps(self, crops):
        """Return the maps (P, K, h, w) of crops (P, H, W, 3), uint8 RGB; with the flip test."""
        x = self.model.preprocess(crops)
        K = self.model.skeleton.num_keypoints
        maps = self.model(x)[:, :K]
        if maps.shape[1] < K:
            raise ValueError(
                f"model: expected {K} maps for {self.model.skeleton.name}, got {maps.shape[1]}"
            )
        if self.flip:
            mirrored = self.model(mirror(x))[:, :K]
            maps = maps + mirror_maps(mirrored, self.model.skeleton, self.grid.flip_shift())
            maps *= 0.5
        return maps

    def _find(self, image, boxes, box_scores):
        height, width = image.shape[:2]
        boxes = check_boxes([(0, 0, width, height)] if boxes is None else boxes)
        box_scores = np.ones(len(boxes)) if box_scores is None else box_scores
        box_scores = check_array("box_scores", box_scores, (len(boxes),))
        size = self.model.input_size
        matrices = crop_matrices(boxes, size, self.grid.convention, self.padding)
        found = [Poses.empty(self.model.skeleton.num_keypoints)]
        for start in range(0, len(boxes), self.batch_size):
            found.append(self._look_at(image, matrices[start : start + self.batch_size]))
        keypoints = np.concatenate([poses.keypoints for poses in found])
        scores = np.concatenate([poses.scores for poses in found])
        poses = Poses(keypoints, scores, box_scores * self._mean_scores(scores))
        areas = crop_sizes(boxes, size, self.padding).prod(axis=1)
        return poses[oks_nms(poses, self.model.skeleton, areas, self.nms_threshold)]

    def _look_at(self, image, matrices):
        """Return the poses of the crops that the maps (P, 2, 3) cut out."""
        crops = [warp_affine(image, matrix, self.model.input_size) for matrix in matrices]
        maps = self.heatmaps(np.stack(crops))
        points, scores = decode_heatmaps(maps, self.refine, self.grid)
        return Poses(to_picture(points, matrices), scores)

    def _mean_scores(self, scores):
        """Mean (P,) of the scores (P, K) above the threshold; 0 where there is none."""
        counted = scores > self.keypoint_threshold
        return np.where(counted, scores, 0.0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
