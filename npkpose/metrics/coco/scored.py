"""What a protocol scores: the skeleton with its sigmas, and the rows and columns of both tables."""

import copy
import warnings
from dataclasses import replace

import numpy as np

from npkpose import skeletons
from npkpose._check import check_array, check_kind, real_array, shown
from npkpose.metrics.coco.extents import extents
from npkpose.metrics.coco.file_skeleton import skeleton_of_file
from npkpose.metrics.coco.protocols import PARTS
from npkpose.metrics.coco.tables import box_areas
from npkpose.skeleton import Skeleton
from npkpose.skeletons import COCO_17


def skeleton_to_score(skeleton, protocol, sigmas=None, ground_truth=None, categories=None):
    """Return the `Skeleton` of all keypoints in the files, with the sigmas to use.

    The parameters are those of `evaluate_coco`. Raises ValueError if a sigma is NaN: nobody has
    published it, and none is given.
    """
    if skeleton is None:
        skeleton = skeletons.find(protocol.skeleton or COCO_17.name)
    elif isinstance(skeleton, str) and skeleton.lower() == "auto":
        skeleton = skeleton_of_file(ground_truth, categories)
    elif isinstance(skeleton, str):
        skeleton = _find(skeleton)
    check_kind("skeleton", skeleton, Skeleton)
    if sigmas is not None:
        return replace(skeleton, sigmas=_given_sigmas(sigmas, skeleton))
    unknown = np.flatnonzero(~np.isfinite(skeleton.sigmas))
    if len(unknown):
        names = ", ".join(skeleton.keypoints[k] for k in unknown[:3])
        more = ", ..." if len(unknown) > 3 else ""
        raise ValueError(
            f"skeleton.sigmas: expected OKS constants of {skeleton.name}, got none for "
            f"{len(unknown)} of {skeleton.num_keypoints} keypoints ({names}{more}), as nobody has "
            "published them: give sigmas, or take a protocol without OKS, such as pck or nme"
        )
    return skeleton


def _find(name):
    try:
        return skeletons.find(name)
    except ValueError as error:
        raise ValueError(str(error).replace("name:", "skeleton:", 1)) from None


def _given_sigmas(sigmas, skeleton):
    """Return ``sigmas`` as K positive numbers; warn if one number stands for all."""
    array, count = real_array("sigmas", sigmas), skeleton.num_keypoints
    if array.ndim == 0 or len(array) == 1:
        text = f"{float(array.flat[0]):g} for all keypoints is a guess"
        warnings.warn(f"sigmas: {text}: scores compare only with those of the same", stacklevel=4)
        array = np.full(count, array.flat[0])
    if array.shape != (count,):
        raise ValueError(f"sigmas: expected {count} of {skeleton.name}, got {shown(sigmas)}")
    array = check_array("sigmas", array, (count,))
    if not (array > 0).all():
        raise ValueError(f"sigmas: expected positive numbers, got {array.min():g}")
    return tuple(array.tolist())


def part_skeleton(skeleton, protocol):
    """Return the skeleton of the keypoints that the protocol scores."""
    start, stop, _ = protocol.columns.indices(skeleton.num_keypoints)
    if stop - start == skeleton.num_keypoints:
        return skeleton
    inside = lambda pairs: [  # noqa: E731
        (a - start, b - start) for a, b in pairs if start <= min(a, b) and max(a, b) < stop
    ]
    return Skeleton(
        f"{skeleton.name} {protocol.part}", skeleton.keypoints[start:stop],
        inside(skeleton.limbs), inside(skeleton.pairs), skeleton.sigmas[start:stop],
    )  # fmt: skip


def with_counts(truth, protocol):
    """Return the ground truth with the number of labelled keypoints, if the protocol counts it."""
    if not protocol.counts_labelled:
        return truth
    truth = copy.copy(truth)
    truth.num_keypoints = truth.labelled.sum(axis=1)
    return truth


def scored_tables(truth, found, protocol):
    """Return the ground truth and detections as the protocol scores them: rows, columns, areas."""
    if protocol.has_ids:
        return truth, found
    columns = protocol.columns
    truth, found = copy.copy(truth), copy.copy(found)
    if protocol.is_wholebody:
        found = with_body_areas(found)
    for table in (truth, found):
        table.keypoints = np.ascontiguousarray(table.keypoints[:, columns])
    truth.visibility, found.present = truth.visibility[:, columns], found.present[:, columns]
    truth = with_counts(truth, protocol)
    if not (protocol.use_area or truth.from_json) and truth.has_boxes:
        truth.area = box_areas(truth.bbox)
    if protocol.score_column is not None and found.part_scores.size:
        found.score = found.part_scores[:, protocol.score_column]
    if protocol.leaves_out_empty:
        kept = found.present.any(axis=1)
        found = found if kept.all() else found.at(np.flatnonzero(kept))
    return truth, found


def with_body_areas(found):
    """Return detections without boxes with the areas around the keypoints of the body."""
    if found.area_source != "keypoints":
        return found
    found = copy.copy(found)
    found.area = extents(np.ascontiguousarray(found.keypoints[:, : PARTS[0].count]))
    found.area_source = "body"
    return found
