"""The choices with which an exported network is used, and an image as its input.

    x = (image - mean) / std      channels in the file's order, pixels from 0 to 255

A wrong mean, or RGB where the network learnt BGR, costs accuracy and no error message. So every
choice is a field that is printed and can be replaced; a network prints and takes those it uses.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from npkpose._check import check_array, check_choice, check_integer, check_number, check_size, shown
from npkpose.codec.heatmap.decode import DARK_SPACING, REFINEMENTS
from npkpose.grid import CONVENTIONS
from npkpose.skeleton import Skeleton

IMAGENET = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # mean, std of 0..255: torchvision
FITS = "corner", "centre"


@dataclass(frozen=True)
class Recipe:
    """How a network sees an image, and which of its answers count.

    Parameters
    ----------
    skeleton : Skeleton or None
        Of the keypoints; None for a network of boxes without keypoints.
    size : (H, W)
        Of the input.
    layout : "NCHW" or "NHWC"
    channels : "RGB" or "BGR"
    mean, std : three floats
        Of red, green and blue, or of blue, green and red if ``channels`` says so.
    fit : "corner" or "centre"
        Where the image lies in an input of another shape.
    fill : int
        The value of the pixels beside it.
    padding : float
        How much the box of a crop is enlarged.
    convention : "index", "centre" or "corner"
        Which image coordinate a pixel of a crop has: see `npkpose.image.crop`.
    refine : str
        How a maximum is refined: see `decode_heatmaps`, and `decode_simcc` for bins.
    score : "min" or "mean"
        What becomes of the maxima in x and in y: mmpose's or rtmlib's score.
    score_threshold : float
        A person or box with a lower score is dropped.
    nms_threshold : float
        A box that overlaps a better one by more is dropped.
    classes : tuple of int or None
        The classes whose boxes count; None for all.
    dataset : int
        Whose keypoints ViTPose+ shall find: 0 COCO, 1 AIC, 2 MPII, 3 AP-10K, 4 APT-36K, 5
        COCO-WholeBody.
    """

    skeleton: object = None
    size: tuple = (256, 192)
    layout: str = "NCHW"
    channels: str = "RGB"
    mean: tuple = (0.0, 0.0, 0.0)
    std: tuple = (1.0, 1.0, 1.0)
    fit: str = "corner"
    fill: int = 114
    padding: float = 1.25
    convention: str = "index"
    refine: str = "argmax"
    score: str = "min"
    score_threshold: float = 0.3
    nms_threshold: float = 0.45
    classes: object = (0,)
    dataset: int = 0

    def __post_init__(self):
        if self.skeleton is not None and not isinstance(self.skeleton, Skeleton):
            raise ValueError(f"skeleton: expected a Skeleton or None, got {shown(self.skeleton)}")
        self._set("size", check_size("size", self.size))
        check_choice("layout", self.layout, ("NCHW", "NHWC"))
        check_choice("channels", self.channels, ("RGB", "BGR"))
        for name in ("mean", "std"):
            numbers = check_array(name, getattr(self, name), (3,))
            if name == "std" and (numbers <= 0).any():
                raise ValueError(f"std: expected positive numbers, got {shown(self.std)}")
            self._set(name, tuple(float(number) for number in numbers))
        check_choice("fit", self.fit, FITS)
        check_number("fill", self.fill, at_least=0, at_most=255)
        check_number("padding", self.padding, above=0)
        check_choice("convention", self.convention, CONVENTIONS)
        check_choice("refine", self.refine, (*REFINEMENTS, *DARK_SPACING))
        check_choice("score", self.score, ("min", "mean"))
        check_number("score_threshold", self.score_threshold)
        check_number("nms_threshold", self.nms_threshold, at_least=0)
        check_integer("dataset", self.dataset, 0)
        if self.classes is not None:
            given = (self.classes,) if np.ndim(self.classes) == 0 else self.classes
            self._set("classes", tuple(check_integer("classes", each) for each in given))

    def _set(self, field, value):
        object.__setattr__(self, field, value)  # as a frozen dataclass's own __init__ does

    def with_choices(self, choices, allowed=None):
        """Return a recipe with some fields replaced.

        Raises ValueError for a field that is not one of ``allowed``; default: all.
        """
        allowed = [each.name for each in fields(self)] if allowed is None else allowed
        for name in choices:
            if name not in allowed:
                raise ValueError(f"{name}: expected one of the choices {', '.join(allowed)}")
        return replace(self, **choices)

    def to_input(self, images, kind="float32"):
        """Return images (N, H, W, 3), uint8 RGB, as the network's input of the dtype ``kind``."""
        images = images if self.channels == "RGB" else images[..., ::-1]
        x = (images.astype(np.float32) - np.float32(self.mean)) / np.float32(self.std)
        if self.layout == "NCHW":
            x = x.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(x, np.float32 if kind == "float16" else kind)

    def table(self, names):
        """Return the text of some fields, one a line."""
        lines = []
        for name in names:
            value = getattr(self, name)
            value = value.name if isinstance(value, Skeleton) else value
            lines.append(f"  {name:<16} {value}")
        return "\n".join(lines)
