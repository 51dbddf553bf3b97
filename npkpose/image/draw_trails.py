"""Trails: where each person of a sequence has been, in the colour of the id."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import check_integer, check_kind, check_number, shown
from npkpose.image.draw import BLACK, EDGE, _person_widths
from npkpose.image.files import check_image
from npkpose.image.palettes import id_colours
from npkpose.image.strokes import join_strokes, make_strokes, paint_strokes
from npkpose.poses import Poses


def draw_trails(
    image: ArrayLike, frames: Iterable[Poses], keypoint: int | None = None,
    width: float | None = None, opacity: float = 0.85,
) -> NDArray:  # fmt: skip
    """Return a copy of the image with a line along the places of each person.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
        The last frame.
    frames : sequence of F Poses
        The people of the last F frames, the oldest first, in pixels of the image, with their ids.
        The line from frame f - 1 to frame f has f / (F - 1) of the opacity.
        Where an id is missing from a frame, its line has a gap.
    keypoint : int, optional
        The keypoint to follow. Default: the mean of all that are present.
    width : float, optional
        Of the line, in pixels. Default: of the person's limbs.
    opacity : float
        Of the newest end.

    Returns
    -------
    drawn : ndarray, shape (H, W, 3), uint8

    Raises
    ------
    ValueError
        Wrong shape, an image that is not uint8, frames that are no `Poses`, a keypoint that they do
        not have, a width below 0, or an opacity outside 0 to 1.
    """
    image = check_image("image", image)
    frames = _check_frames(frames)
    opacity = check_number("opacity", opacity, at_least=0, at_most=1)
    width = None if width is None else check_number("width", width, above=0)
    edges, lines, before = [], [], {}
    for f, poses in enumerate(frames):
        if keypoint is not None:
            check_integer("keypoint", keypoint, 0, poses.keypoints.shape[1] - 1)
        now = dict(zip(poses.ids.tolist(), _centres(poses, keypoint)))
        widths = _person_widths(poses, max(image.shape), width)
        for id_, line_width, colour in zip(now, widths, id_colours(poses.ids)):
            if id_ in before:
                age = f / (len(frames) - 1)
                ends, radius = (before[id_], now[id_]), line_width / 2
                edges.append(make_strokes(*ends, EDGE * radius, BLACK, age))
                lines.append(make_strokes(*ends, radius, colour, age))
        before = now
    return paint_strokes(image, join_strokes(edges + lines), opacity)


def _check_frames(frames):
    """Return the frames as a list of `Poses`, or raise ValueError."""
    try:
        frames = list(frames)
    except TypeError:
        raise ValueError(f"frames: expected a sequence of Poses, got {shown(frames)}") from None
    return [check_kind(f"frames[{n}]", poses, Poses) for n, poses in enumerate(frames)]


def _centres(poses, keypoint):
    """Return the place (P, 2) of each person; NaN where there is none."""
    if keypoint is not None:
        return poses.keypoints[:, keypoint]
    total = np.nan_to_num(poses.keypoints).sum(axis=1)
    return total / np.where(poses.num_present > 0, poses.num_present, np.nan)[:, None]
