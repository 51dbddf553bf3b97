"""Dense correspondence: for each pixel, which part of the body it shows, and where on the part.

    part       cross entropy of 25 classes: the background, and DensePose's 24 parts of the surface
    annotated  cross entropy of 15 classes: 14 body parts, ten of which DensePose splits in two
    u, v       w/N sum over pixels of f(u[part] - true u),   f is smooth L1, w = 1/2

The cross entropies are means over pixels; u and v are sums over the pixels of an image, and means
over images, as in the authors' code. Each pixel trains u and v of its true part only. The
background counts as a part, with u = v = 0. An image without labels adds nothing, but N counts it.

Guler, Neverova and Kokkinos, "DensePose", CVPR 2018, arXiv:1802.00434 (the parts, and u and v in
[0, 1]); Zhang et al., "PyMAF", ICCV 2021, arXiv:2103.16507: the mesh is aligned with features of
these maps, and this loss teaches the maps directly where the body is.
"""

from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose._check import check_array, check_number
from npkpose.models.mesh.pymaf import ANNOTATED, IUV, PARTS
from npkpose.training.losses.labels import FLOATS, MAX_WEIGHT, check_type, check_valid

# The annotated class of each part: torso, hands, feet, upper and lower legs and arms, head.
ANNOTATED_CLASS = np.array(
    [0, 1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14]
)
POINT_WEIGHT = 0.5  # w


class IUVLabels(NamedTuple):
    """The true part and place of every pixel of N maps."""

    part: np.ndarray  # (N, H, W) integers in [0, 25); 0 is the background
    u: np.ndarray  # (N, H, W) in [0, 1]
    v: np.ndarray  # (N, H, W) in [0, 1]
    valid: np.ndarray = None  # (N,) whether an image has labels; default all


class IUVTerms(NamedTuple):
    """The terms of the sum."""

    u: float
    v: float
    part: float
    annotated: float


def iuv_loss(iuv, labels, point_weight=POINT_WEIGHT):
    """Return ``loss, terms, diuv``: the sum, its `IUVTerms`, and its gradient, an `IUV`.

    Parameters
    ----------
    iuv : IUV
        PyMAF's maps, of N images.
    labels : IUVLabels
        Of the maps' size.
    point_weight : float
        w, at least 0 and at most 1e6.

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, a part that is no integer from 0 to 24, a u or v outside
        [0, 1], or a weight that is negative or above 1e6.
    """
    iuv = _check_maps(check_type("iuv", iuv, IUV))
    N, _, H, W = iuv.part.shape
    labels = check_type("labels", labels, IUVLabels)
    part, true_u, true_v, valid = _check_labels(labels, (N, H, W))
    w = check_number("point_weight", point_weight, at_least=0, at_most=MAX_WEIGHT)
    u, du = _place_loss(iuv.u, true_u, part, valid, w)
    v, dv = _place_loss(iuv.v, true_v, part, valid, w)
    classes = (np.where(valid, names, -1) for names in (part, ANNOTATED_CLASS[part]))
    (first, dpart), (second, dannotated) = map(nn.cross_entropy_loss, iuv[2:], classes)
    return u + v + first + second, IUVTerms(u, v, first, second), IUV(du, dv, dpart, dannotated)


def _place_loss(maps, true, part, valid, w):
    """Return the loss of u or of v, and its gradient (N, 25, H, W)."""
    predicted = np.take_along_axis(maps, part[:, None], axis=1)[:, 0]  # (N, H, W)
    H, W = part.shape[1:]
    weight = np.broadcast_to(w * H * W * valid, part.shape)  # from a mean to a sum over pixels
    loss, dpredicted = nn.smooth_l1_loss(predicted, true, weight)
    dmaps = np.zeros_like(maps)
    np.put_along_axis(dmaps, part[:, None], dpredicted[:, None], axis=1)
    return loss, dmaps


def _check_maps(iuv):
    """Return an `IUV` of finite maps of one size."""
    u = check_array("iuv.u", iuv[0], ("N", PARTS, "H", "W"), FLOATS)
    N, _, H, W = u.shape
    channels = {"v": PARTS, "part": PARTS, "annotated": ANNOTATED}
    rest = (
        check_array(f"iuv.{name}", maps, (N, C, H, W), FLOATS)
        for (name, C), maps in zip(channels.items(), iuv[1:])
    )
    return IUV(u, *rest)


def _check_labels(labels, shape):
    """Return part (int64), u and v of ``shape`` (N, H, W), and valid (N, 1, 1)."""
    part, u, v = (
        check_array(f"labels.{name}", array, shape)
        for name, array in zip(("part", "u", "v"), labels)
    )
    wrong = (part < 0) | (part >= PARTS) | (part != np.floor(part))
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = ", ".join(map(str, index))
        raise ValueError(
            f"labels.part[{where}]: expected an integer in [0, {PARTS}), got {part[index]:g}"
        )
    for name, place in (("u", u), ("v", v)):
        if place.size and not (0 <= place.min() and place.max() <= 1):
            raise ValueError(
                f"labels.{name}: expected [0, 1], got {place.min():g} to {place.max():g}"
            )
    valid = check_valid("labels.valid", labels.valid, shape[0])
    return part.astype(np.int64), u, v, valid[:, None, None]
