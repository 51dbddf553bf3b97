"""Skeletons on an image: limbs as coloured lines, keypoints as white dots with a black edge.

The colours are the skeleton's. Missing keypoints, and limbs with a missing end, are not drawn. A
line or dot covers a pixel at distance d from its axis by the share

    cover = clip(radius + 1/2 - d, 0, 1)

and the pixel becomes cover * colour + (1 - cover) * before, which smooths the edges.
"""

import math

import numpy as np

from npkpose._check import check_array, check_kind, check_number
from npkpose.image.files import check_image
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton

LIMBS_PER_PERSON = 50  # a person's size, the longer side of its box, in widths of a limb
MIN_WIDTH = 1.5  # pixels
BAND = 32  # rows that are mixed at a time: few enough for the processor's cache
MAX_DISTANCE = 1e7  # pixels: a keypoint farther from the image's corner is not drawn


def draw_poses(image, poses, skeleton, width=None, opacity=0.85):
    """Return a copy of the image with skeletons on it.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    poses : Poses of the skeleton's K keypoints
        In pixels of the image.
    skeleton : Skeleton
    width : float, optional
        Of a limb, in pixels. Default: a fiftieth of the person's size, but at most a hundredth of
        the image's longer side, and at least 1.5.
    opacity : float
        1 covers the image, 0 shows nothing.

    Returns
    -------
    drawn : ndarray, shape (H, W, 3), uint8

    Raises
    ------
    ValueError
        Wrong shape, an image that is not uint8, a width below 0, or an opacity outside 0 to 1.
    """
    image = check_image("image", image)
    check_kind("poses", poses, Poses)
    check_kind("skeleton", skeleton, Skeleton)
    keypoints = check_array(
        "poses", poses.keypoints, ("P", skeleton.num_keypoints, 2), finite=False
    )
    keypoints = np.where(abs(keypoints) < MAX_DISTANCE, keypoints, np.nan)
    widths = _person_widths(poses, max(image.shape))
    if width is not None:
        widths[:] = min(check_number("width", width, above=0), MAX_DISTANCE)
    opacity = check_number("opacity", opacity, at_least=0, at_most=1)
    drawn = image.copy()
    for person, person_width in zip(keypoints, widths):
        _draw_person(drawn, person, skeleton, person_width)
    for top in range(0, len(image), BAND):
        _mix(drawn[top : top + BAND], image[top : top + BAND], opacity)
    return drawn


def _mix(drawn, image, opacity):
    """Make what is drawn on the image transparent, in place."""
    changed = drawn != image
    if changed.any():
        mixed = opacity * drawn[changed] + (1 - opacity) * image[changed]
        drawn[changed] = np.rint(mixed).clip(0, 255)


def _person_widths(poses, image_side):
    """Return the width (P,) of each person's limbs."""
    boxes = np.nan_to_num(poses.boxes)  # of a person without keypoints: NaN
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0)
    return np.minimum(sides / LIMBS_PER_PERSON, image_side / 100).clip(MIN_WIDTH)


def _draw_person(canvas, keypoints, skeleton, width):
    """Draw the limbs, and then the keypoints (K, 2), NaN where missing."""
    present = ~np.isnan(keypoints).any(axis=1)
    for (a, b), colour in zip(skeleton.limbs, skeleton.colours):
        if present[a] and present[b]:
            _draw_line(canvas, keypoints[a], keypoints[b], width / 2, colour)
    for point in keypoints[present]:
        _draw_line(canvas, point, point, 0.7 * width, (0, 0, 0))
        _draw_line(canvas, point, point, 0.5 * width, (255, 255, 255))


def _draw_line(canvas, start, end, radius, colour):
    """Draw a line with round ends; of length 0, it is a dot.

    It is drawn in pieces along y, or along x if it is longer in x. The pixels of a piece are a
    small box around the line, however long the whole line is.
    """
    (x0, y0), (x1, y1) = start, end
    if abs(x1 - x0) > abs(y1 - y0):
        canvas, x0, y0, x1, y1 = canvas.swapaxes(0, 1), y0, x0, y1, x1
    line, reach = (x0, y0, x1, y1), radius + 1
    top, bottom = _pixels(min(y0, y1) - reach, max(y0, y1) + reach, canvas.shape[0])
    step = int(min(max(4 * reach, 16), len(canvas) + 1))
    for y in range(top, bottom, step):
        ends = [_x_at(line, y - reach), _x_at(line, y + step + reach)]
        left, right = _pixels(min(ends) - reach, max(ends) + reach, canvas.shape[1])
        box = canvas[y : min(y + step, bottom), left:right]
        cover = np.clip(radius + 0.5 - _distance(line, box.shape, y, left), 0, 1)[..., None]
        box[:] = np.rint(cover * colour + (1 - cover) * box)


def _pixels(low, high, length):
    """Return the first pixel of [low, high] on an axis, and the last + 1."""
    return max(math.ceil(low), 0), min(math.floor(high), length - 1) + 1


def _x_at(line, y):
    """Return x where the line is at ``y``; beyond an end, the x of this end."""
    x0, y0, x1, y1 = line
    t = (y - y0) / (y1 - y0) if y1 != y0 else 0.0
    return x0 + min(max(t, 0.0), 1.0) * (x1 - x0)


def _distance(line, shape, top, left):
    """Return the distance (h, w) of each pixel of a box to the nearest point of the line."""
    x0, y0, x1, y1 = line
    dx, dy = x1 - x0, y1 - y0
    y, x = np.ogrid[top : top + shape[0], left : left + shape[1]]
    x, y = x - x0, y - y0
    t = np.clip((x * dx + y * dy) / (dx * dx + dy * dy or 1.0), 0, 1)
    return np.hypot(x - t * dx, y - t * dy)
