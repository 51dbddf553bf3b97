"""Which family a file is: by the names and shapes of its inputs and outputs.

Declared shapes may be free or wrong, so the network sees one blank image first.
"""

import pathlib

import numpy as np

from npkpose._check import check_choice, check_size
from npkpose.models.exported.anchors import Anchors
from npkpose.models.exported.boxes import BoxesAndLabels, YoloX
from npkpose.models.exported.heatmaps import Heatmaps
from npkpose.models.exported.landmarks import BlazePose, FaceMesh, Hand
from npkpose.models.exported.movenet import MoveNet
from npkpose.models.exported.network import DATASET, About
from npkpose.models.exported.openseeface import OpenSeeFace
from npkpose.models.exported.rtmo import RTMO
from npkpose.models.exported.simcc import SimCC
from npkpose.models.exported.yolo_pose import YoloPose
from npkpose.models.exported.yunet import YuNet
from npkpose.tflite import open_session

FAMILIES = {
    family.__name__: family
    for family in (
        MoveNet, Hand, FaceMesh, BlazePose, YuNet, Anchors, SimCC, RTMO, BoxesAndLabels, YoloX,
        YoloPose, OpenSeeFace, Heatmaps,
    )
}  # fmt: skip
DEFAULT_SIZE = (640, 640)  # of a file that takes any size
KINDS = "float32", "float16", "int32", "uint8"  # of an image


def from_onnx(path, family=None, **choices):
    """Return the network of a file, ready to find people, faces, hands or boxes.

    Parameters
    ----------
    path : path_like
        An ONNX or TFLite file.
    family : str, optional
        A name in `FAMILIES`. Default: the one that the file's tensors show.
    **choices
        Fields of `Recipe` that replace the family's own: ``channels="BGR"``, ``score="mean"``,
        ``convention="corner"``, ``skeleton=...``. ``print(network)`` lists those it uses.

    Returns
    -------
    network
        By its ``finds``: "keypoints" of one person in a crop, for `TopDown`; "people" of an image,
        as ``network(image)``, a `Poses`; or "boxes", as ``network(image)``, a `Found`.
        ``print(network)`` tells family, reason and recipe.

    Raises
    ------
    ValueError
        A damaged file; no family, or another one than its tensors show; a choice that is unknown,
        wrong, or of no use to the family.
    """
    session = open_session(path, any_size=True)
    about = _look(session, path, choices)
    if family is not None:
        family = FAMILIES[check_choice("family", family, FAMILIES)]
    for candidate in [family] if family else FAMILIES.values():
        reason = candidate.matches(about)
        if reason is not None:
            recipe = candidate.recipe_of(about).with_choices(choices, candidate.uses)
            return candidate(session, recipe, about, reason)
    wanted = family.__name__ if family else "a known family: " + ", ".join(FAMILIES)
    outputs = ", ".join(f"{name} {shape}" for name, shape in about.outputs.items())
    raise ValueError(f"{path}: expected {wanted}; got outputs {outputs}")


def _look(session, path, choices):
    """Return what a file says of itself, after it has seen a blank image."""
    names = [value.name for value in session.inputs]
    if names[1:] not in ([], [DATASET]):
        raise ValueError(f"{path}: expected one input, an image, got {', '.join(names)}")
    value = session.inputs[0]
    shape = value.shape
    if shape is None or len(shape) != 4 or 3 not in (shape[1], shape[3]) or value.kind not in KINDS:
        raise ValueError(f"{path}: expected an image as input, got {value.kind} {shape}")
    layouts = [name for name, axis in (("NHWC", 3), ("NCHW", 1)) if shape[axis] == 3]
    layout = check_choice("layout", choices.get("layout", layouts[0]), layouts)
    size = check_size("size", choices["size"]) if "size" in choices else None
    sides = shape[1:3] if layout == "NHWC" else shape[2:]
    if size is None:
        known = all(isinstance(side, int) and side > 0 for side in sides)
        size = tuple(sides) if known else DEFAULT_SIZE
    blank = (1, *size, 3) if layout == "NHWC" else (1, 3, *size)
    kind = "float32" if value.kind == "float16" else value.kind
    others = {name: np.zeros(1, np.int64) for name in names[1:]}
    outputs = session.run({value.name: np.zeros(blank, kind), **others})
    shapes = {name: np.shape(array) for name, array in outputs.items()}
    name = pathlib.Path(path).name.lower()
    return About(shapes, tuple(size), layout, value.kind, dict(session.metadata), name, value.name)
