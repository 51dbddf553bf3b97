"""What all exported networks share: a session, a recipe, and outputs in the file's order."""

from dataclasses import dataclass

import numpy as np

from npkpose._check import shown
from npkpose.skeletons import find_skeletons


@dataclass(frozen=True)
class Found:
    """What a detector found in one image, by falling score.

    ``boxes`` (P, 4) are (x0, y0, x1, y1) in image pixels, ``scores`` (P,); ``points`` (P, k, 2) are
    those the detector gives with a box, or None; ``labels`` (P,) are classes.
    """

    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray | None = None
    labels: np.ndarray | None = None

    def __len__(self):
        return len(self.boxes)


@dataclass(frozen=True)
class About:
    """What a file says of itself: its input, and its outputs for one blank image.

    ``outputs`` is {name: shape}, ``size`` (H, W), ``layout`` "NCHW" or "NHWC", ``kind`` the input's
    dtype, ``metadata`` {key: text}, ``name`` the file's, in lower case, ``input`` the input's.
    """

    outputs: dict
    size: tuple
    layout: str
    kind: str
    metadata: dict
    name: str
    input: str = ""

    @property
    def shapes(self):
        """The outputs' shapes, in the file's order."""
        return list(self.outputs.values())


INPUT = "size", "layout", "channels", "mean", "std"  # fields of a recipe that all networks use
LETTERBOX = "fit", "fill", "score_threshold", "nms_threshold"
CROP = "padding", "convention"
DATASET = "dataset_index"  # a second input of ViTPose+: whose keypoints, for each image


class Exported:
    """A network from a file: ``recipe`` holds its choices, ``session`` runs it."""

    finds = ""  # "boxes", "people" of a whole image, or "keypoints" of one person in a crop
    uses = INPUT  # fields of its recipe

    def __init__(self, session, recipe, about, reason):
        self.session, self.recipe, self.about, self.reason = session, recipe, about, reason

    @property
    def family(self):
        """Its name: that of the class."""
        return type(self).__name__

    @property
    def skeleton(self):
        """The `Skeleton` of its keypoints, or None."""
        return self.recipe.skeleton

    @property
    def input_size(self):
        """(H, W) of the input."""
        return self.recipe.size

    @property
    def padding(self):
        """How much the box of a crop is enlarged."""
        return self.recipe.padding

    @property
    def convention(self):
        """Where the pixels of a crop lie."""
        return self.recipe.convention

    @property
    def refine(self):
        """How a maximum is refined."""
        return self.recipe.refine

    def eval(self):
        """Return self: an exported network has no other mode."""
        return self

    def run(self, images):
        """Return the outputs, a list of arrays (N, ...), of images (N, H, W, 3), uint8 RGB."""
        return self.run_inputs(self.recipe.to_input(images, self.session.inputs[0].kind))

    def run_inputs(self, x):
        """Return the outputs, a list of arrays (N, ...), of inputs (N, ...).

        A file whose batch is fixed sees one image at a time, as do networks whose number of answers
        differs from image to image.
        """
        value = self.session.inputs[0]
        one_by_one = isinstance(value.shape[0], int) or self.finds != "keypoints"
        parts = [x[n : n + 1] for n in range(len(x))] if one_by_one else [x]
        outputs = []
        for part in parts:
            index = np.full(len(part), self.recipe.dataset, np.int64)
            others = {each.name: index for each in self.session.inputs[1:]}
            outputs.append(self.session.run({value.name: part, **others}).values())
        return [np.concatenate(each) for each in zip(*outputs)]

    def __str__(self):
        choices = self.recipe.table(self.uses)
        return f"{self.family}: {self.finds}\nknown by {self.reason}\n{choices}"


def skeleton_for(count, about, preferred):
    """Return the skeleton of ``count`` keypoints: one named in the file's name, or the preferred.

    Raises
    ------
    ValueError
        No skeleton has that number.
    """
    known = find_skeletons(count)
    for skeleton in known:
        family = skeleton.name.rsplit("_", 1)[0].lower()
        if family != "coco" and family in about.name.replace("-", "").replace("_", ""):
            return skeleton
    for skeleton in known:
        if skeleton.name in preferred:
            return skeleton
    if not known:
        raise ValueError(
            f"skeleton: expected one of {count} keypoints, which none of the published has; give "
            f"skeleton=..., got {shown(about.name)}"
        )
    return known[0]


def has_skeleton(count):
    """Return whether a published skeleton has ``count`` keypoints."""
    return count > 1 and bool(find_skeletons(count))
