"""Skeletons on an image: limbs as coloured lines, keypoints as dots with a black edge.

Missing keypoints, and limbs with a missing end, are not drawn. Lines and dots are strokes, whose
formula is in strokes.py; `DrawStyle` says how wide they are and which colours they have.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_array, check_kind
from npkpose.image.draw_style import DrawStyle
from npkpose.image.files import check_image
from npkpose.image.labels import write_labels
from npkpose.image.palettes import id_colours, keypoint_colours, side_colours
from npkpose.image.strokes import MAX_DISTANCE, join_strokes, make_strokes, paint_strokes
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton

LIMBS_PER_PERSON = 50  # a person's size, the longer side of its box, in widths of a limb
MIN_WIDTH = 1.5  # pixels
EDGE = 1.4  # width with the black edge, in widths without it
BLACK = (0, 0, 0)
FAINTEST = 0.2  # opacity of a keypoint of score 0, if scores give the opacity


def draw_poses(
    image: ArrayLike, poses: Poses, skeleton: Skeleton, width: float | None = None,
    opacity: float | None = None, style: DrawStyle | None = None,
) -> NDArray:  # fmt: skip
    """Return a copy of the image with skeletons on it.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    poses : Poses of the skeleton's K keypoints
        In pixels of the image.
    skeleton : Skeleton
    width, opacity : float, optional
        Instead of the style's.
    style : DrawStyle, optional
        Colours, labels, boxes and all else. Default: ``DrawStyle()``.

    Returns
    -------
    drawn : ndarray, shape (H, W, 3), uint8
        Or the drawing alone, (H, W, 4), RGBA, if the style's background is transparent.

    Raises
    ------
    ValueError
        Wrong shape, an image that is not uint8, a width below 0, or an opacity outside 0 to 1.
    ImportError
        Text without Pillow (the ``examples`` extra).
    """
    image = check_image("image", image)
    check_kind("poses", poses, Poses)
    check_kind("skeleton", skeleton, Skeleton)
    check_array("poses", poses.keypoints, ("P", skeleton.num_keypoints, 2), finite=False)
    style = _with_arguments(style, width, opacity)
    people = _drawn_keypoints(poses, style)
    widths = _person_widths(people, max(image.shape), style.width)
    colours = _colours(people, skeleton, style)
    if style.background == "transparent":
        image = np.zeros((*image.shape[:2], 4), np.uint8)
    strokes = [_box_strokes(people, widths, colours[2])] if style.boxes else []
    for p in range(len(people)):
        strokes += _limbs(people, p, skeleton, colours[0][p], widths[p], style)
        strokes += _dots(people, p, colours[1][p], widths[p], style)
    drawn = paint_strokes(image, join_strokes(strokes), style.opacity)
    if style.has_text:
        write_labels(drawn, people, skeleton, (widths, colours[2]), style)
    return _straight_alpha(drawn) if style.background == "transparent" else drawn


def _person_widths(poses, image_side, width=None):
    """Return the width (P,) of each person's limbs; all have the same if ``width`` is given."""
    if width is not None:
        return np.full(len(poses), min(width, MAX_DISTANCE))
    boxes = np.nan_to_num(poses.boxes)  # of a person without keypoints: NaN
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0)
    return np.minimum(sides / LIMBS_PER_PERSON, image_side / 100).clip(MIN_WIDTH)


def _straight_alpha(layer):
    """Return RGBA (H, W, 4) whose colours are no longer multiplied by the opacity."""
    y, x = np.nonzero(layer[..., 3])
    pixels = layer[y, x].astype(float)
    layer = layer.copy()
    layer[y, x, :3] = np.rint(255 * pixels[:, :3] / pixels[:, 3:]).clip(0, 255)
    return layer


def _with_arguments(style, width, opacity):
    """Return the style, with the width and opacity that are given instead of its own."""
    style = DrawStyle() if style is None else check_kind("style", style, DrawStyle)
    given = {"width": width, "opacity": opacity}
    return replace(style, **{name: value for name, value in given.items() if value is not None})


def _drawn_keypoints(poses, style):
    """Return the people with NaN for each keypoint that is too far away, or of too low a score."""
    keep = (abs(poses.keypoints) < MAX_DISTANCE).all(axis=2)
    if style.min_score is not None:
        keep &= poses.scores >= style.min_score
    return poses.with_keypoints(np.where(keep[..., None], poses.keypoints, np.nan))


def _colours(poses, skeleton, style):
    """Return the colours of limbs (P, L, 3) and dots (P, K, 3), and of each person (P, 3)."""
    ids, limbs = id_colours(poses.ids), np.reshape(skeleton.limbs, (-1, 2)).astype(int)
    dots = np.full((skeleton.num_keypoints, 3), 255.0)
    if style.colours in ("keypoint", "side"):
        dots = {"keypoint": keypoint_colours, "side": side_colours}[style.colours](skeleton)
    lines = skeleton.colours if style.colours == "skeleton" else dots[limbs].mean(axis=1)
    lines, dots = (np.broadcast_to(each, (len(poses), *each.shape)) for each in (lines, dots))
    if style.colours == "person":
        lines = np.broadcast_to(ids[:, None], lines.shape)
    return lines, dots, ids


def _limbs(poses, p, skeleton, colours, width, style):
    """Return lines, with a black edge unless their colours are the skeleton's, which are bright."""
    ends = np.reshape(skeleton.limbs, (-1, 2)).astype(int)
    opacities = _opacities(poses, p, style)[ends].min(axis=1)
    starts, stops = poses.keypoints[p, ends].transpose(1, 0, 2)
    limbs = [make_strokes(starts, stops, width / 2, colours, opacities)]
    if style.colours != "skeleton":
        limbs.insert(0, make_strokes(starts, stops, EDGE * width / 2, BLACK, opacities))
    return limbs


def _dots(poses, p, colours, width, style):
    """Return a black dot and a smaller one in its colour for each keypoint, if there are any."""
    if style.points == 0:
        return []
    points = np.repeat(poses.keypoints[p], 2, axis=0)
    both = np.stack([np.zeros_like(colours), colours], axis=1).reshape(-1, 3)
    radius = np.tile([0.5 * EDGE, 0.5], len(colours)) * style.points * width
    return [make_strokes(points, points, radius, both, np.repeat(_opacities(poses, p, style), 2))]


def _opacities(poses, p, style):
    """Return the opacity (K,) of a person's keypoints."""
    scores = poses.scores[p] if style.opacity_by_score else np.ones(poses.scores.shape[1])
    return FAINTEST + (1 - FAINTEST) * scores.clip(0, 1)


def _box_strokes(poses, widths, colours):
    """Return four lines around each person, two limb widths from the keypoints."""
    x0, y0, x1, y1 = (poses.boxes + 2 * widths[:, None] * [-1, -1, 1, 1]).T
    corners = np.stack([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]).transpose(2, 0, 1)  # (P, 4, 2)
    radius = np.repeat(0.3 * widths.clip(2), 4)
    return make_strokes(
        corners.reshape(-1, 2), np.roll(corners, -1, axis=1).reshape(-1, 2), radius,
        np.repeat(colours, 4, axis=0),
    )  # fmt: skip
