"""The top-down task on annotated images of any skeleton, and its scores.

All scores are of the crops of true boxes, over labelled keypoints:

    PCK@0.1   share of keypoints within a tenth of the box's longer side
    NME       mean distance over the square root of the box's area
    OKS       mean over instances, if all sigmas of the skeleton are known
    AP        COCO's, of the same poses, if all sigmas are known

The best weights of a run are those of the highest AP, or PCK without sigmas. On a few images, AP
jumps; the other scores are printed because they do not.
"""

from typing import NamedTuple

import numpy as np

from npkpose.metrics.oks import oks
from npkpose.metrics.pck import normalised_distances
from npkpose.pipeline.topdown import TopDown
from npkpose.poses import Poses
from npkpose.training.score import score
from npkpose.training.topdown import TopDownTask

PCK_THRESHOLD = 0.1  # of the box's longer side
NO_SUPPRESSION = 1.0  # no OKS is larger


class CropScores(NamedTuple):
    """Scores of one evaluation; ``oks`` and ``ap`` are NaN if a sigma is not known."""

    instances: int
    keypoints: int
    pck: float
    nme: float
    oks: float
    ap: float

    def __str__(self):
        texts = [f"PCK@{PCK_THRESHOLD:g} {self.pck:.3f}, NME {self.nme:.4f}"]
        if not np.isnan(self.oks):
            texts.append(f"OKS {self.oks:.3f}, AP {self.ap:.3f}")
        return f"{', '.join(texts)} ({self.instances} instance{'s'[: self.instances != 1]})"


class LabelledTask(TopDownTask):
    """As `TopDownTask`, for `data.LabelledImages` of any skeleton.

    ``report``, if it is set, is called with the `CropScores` of each evaluation.
    """

    report = None

    @property
    def score_name(self):
        """The score that `evaluate` returns: "ap", or "pck" if a sigma is not known."""
        return "ap" if _has_sigmas(self.model.skeleton) else "pck"

    def evaluate(self, network, flip=False):
        """Return the score of the held-out scenes, from their true boxes."""
        scores = self.crop_scores(network, flip)
        if self.report is not None:
            self.report(scores)
        return scores.ap if self.score_name == "ap" else scores.pck

    def crop_scores(self, network, flip=False):
        """Return the `CropScores` of the held-out scenes."""
        flip = flip and bool(self.model.skeleton.pairs)
        find = TopDown(
            network, flip=flip, padding=self.model.padding, keypoint_threshold=0,
            nms_threshold=NO_SUPPRESSION,
        )  # fmt: skip
        scenes, poses = [], []
        for i in range(len(self.held_out)):
            scene = self.held_out[i]
            scenes.append(scene.of(scene.labelled))
            poses.append(find(scene.image, scenes[-1].boxes))
        return score_poses(scenes, poses, self.model.skeleton)


def score_poses(scenes, poses, skeleton):
    """Return the `CropScores` of poses whose ``ids`` are the indices of a scene's people.

    Parameters
    ----------
    scenes : sequence of Scene
        Of people with labelled keypoints.
    poses : sequence of Poses
        One for each scene. A person without a pose has no correct keypoint.
    skeleton : Skeleton
    """
    truth = np.concatenate([scene.keypoints for scene in scenes])
    boxes = np.concatenate([scene.boxes for scene in scenes])
    areas = np.concatenate([scene.areas for scene in scenes])
    found = np.concatenate([_in_order(each, len(scene)) for each, scene in zip(poses, scenes)])
    sides = boxes[:, 2:] - boxes[:, :2]
    distances, labelled = normalised_distances(found, truth, sides.max(axis=1))
    nme, _ = normalised_distances(found, truth, np.sqrt(sides.prod(axis=1)))
    present = labelled & np.isfinite(nme)
    mean_oks = ap = np.nan
    if _has_sigmas(skeleton):
        mean_oks = _mean_oks(found, truth, areas, skeleton)
        ap = _ap(scenes, poses, skeleton)
    return CropScores(
        len(truth), int(labelled.sum()), float((distances <= PCK_THRESHOLD)[labelled].mean()),
        float(nme[present].mean()) if present.any() else np.nan, mean_oks, ap,
    )  # fmt: skip


def _in_order(poses, count):
    """Return the keypoints (count, K, 2) by id; NaN for an id without a pose."""
    keypoints = np.full((count, *poses.keypoints.shape[1:]), np.nan)
    keypoints[poses.ids] = poses.keypoints
    return keypoints


def _mean_oks(found, truth, areas, skeleton):
    """Return the mean OKS of each instance with its own pose; a missing keypoint adds 0."""
    each = (slice(n, n + 1) for n in range(len(truth)))
    similarities = [oks(found[n], truth[n], areas[n], skeleton.sigmas, None, "zero") for n in each]
    return float(np.mean(similarities))


def _ap(scenes, poses, skeleton):
    """Return COCO's AP."""
    remaining = iter(poses)
    return score(_Scenes(scenes, skeleton), lambda scene: _without_ids(next(remaining))).stats.ap


def _without_ids(poses):
    return Poses(poses.keypoints, poses.scores, poses.person_scores)


class _Scenes(list):
    """Scenes with their skeleton, as `score` wants them."""

    def __init__(self, scenes, skeleton):
        super().__init__(scenes)
        self.skeleton = skeleton


def _has_sigmas(skeleton):
    return bool(np.isfinite(skeleton.sigmas).all())
