"""The size of a person, face or hand, by which distances are divided.

    box          square root of the box's area
    box_side     the larger side of the box
    box_size     the field box_size of the annotation (AFLW)
    head         0.6 of the diagonal of the box of the head, MPII's; or the field head_size
    torso        from the left shoulder to the right hip
    interocular  between the outer corners of the eyes
    interpupil   between the pupils; in 300-W, between the means of the six points of each eye
    pixels       1
"""

import numpy as np

from npkpose._check import check_choice
from npkpose.metrics.pck import head_sizes

SIZES = "box", "box_side", "box_size", "head", "torso", "interocular", "interpupil", "pixels"
_TORSO = ("left_shoulder",), ("right_hip",)
# The points at both ends of a size, by each skeleton's names; several points: their mean.
_EYES = {
    ("interocular", "FACE_68"): (("face-36",), ("face-45",)),
    ("interpupil", "FACE_68"): tuple(
        tuple(f"face-{k}" for k in range(start, start + 6)) for start in (36, 42)
    ),
    ("interocular", "WFLW_98"): (("wflw-60",), ("wflw-72",)),
    ("interpupil", "WFLW_98"): (("wflw-96",), ("wflw-97",)),
    ("interocular", "COFW_29"): (("cofw-8",), ("cofw-9",)),
    ("interpupil", "COFW_29"): (("cofw-16",), ("cofw-17",)),
    ("interocular", "FACE_106"): (("lapa-66",), ("lapa-79",)),
    ("interpupil", "FACE_106"): (("lapa-104",), ("lapa-105",)),
}


def sizes_of(labels, size, name="ground_truth"):
    """Return the size (N,) of each instance; NaN where a keypoint that it needs is missing.

    Parameters
    ----------
    labels : Labels
    size : str
        One of ``SIZES``.
    name : str
        Of the labels in messages.

    Raises
    ------
    ValueError
        A size that these labels cannot have: no boxes, no such field, or another skeleton.
    """
    check_choice("size", size, SIZES)
    if size == "pixels":
        return np.ones(len(labels))
    if size in ("box", "box_side"):
        sides = _finite(labels.boxes[:, 2:], size, name, "a bbox")
        return np.sqrt(sides.prod(axis=1)) if size == "box" else sides.max(axis=1)
    if size == "head":
        return _head_sizes(labels, name)
    if size == "box_size":
        return _field(labels, "box_size", size, name)
    ends = _TORSO if size == "torso" else _EYES.get((size, labels.skeleton.name), ((), ()))
    return _distances(labels, ends, size, name)


def _head_sizes(labels, name):
    """Return MPII's sizes of heads: 0.6 of the diagonals; or the field head_size."""
    if "head_boxes" not in labels.fields and "head_size" in labels.fields:
        return _field(labels, "head_size", "head", name)
    boxes = _field(labels, "head_boxes", "head", name)
    return head_sizes(np.c_[boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])


def _field(labels, field, size, name):
    """Return a field of numbers, or raise ValueError."""
    column = labels.fields.get(field)
    try:
        column = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        column = np.full(len(labels), np.nan)
    if len(labels) and column.ndim == 0:
        raise ValueError(f"{name}: expected the field {field}, the size {size!r} needs it")
    return _finite(column, size, name, field)


def _finite(column, size, name, wanted):
    bad = ~np.isfinite(column).reshape(len(column), -1).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{name}[{int(bad.argmax())}]: expected {wanted}, the size {size!r} needs it, got none"
        )
    return column


def _distances(labels, ends, size, name):
    """Return the distances (N,) between the means of two groups of keypoints, by their names."""
    where = {keypoint: k for k, keypoint in enumerate(labels.skeleton.keypoints)}
    if not ends[0] or not all(keypoint in where for end in ends for keypoint in end):
        raise ValueError(
            f"{name}: expected a skeleton that has the size {size!r}, got {labels.skeleton.name}"
        )
    points = [labels.keypoints[:, [where[keypoint] for keypoint in end]].mean(1) for end in ends]
    return np.hypot(*(points[0] - points[1]).T)
