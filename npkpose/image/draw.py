"""Skeletons on an image: limbs as coloured lines, keypoints as dots. Needs Pillow.

The colours are the skeleton's. Missing keypoints, and limbs with a missing end, are not drawn.
All is drawn on an enlarged image and then reduced, which smooths the edges.
"""

import numpy as np

from npkpose._check import check_array, check_number
from npkpose._extras import require_pillow
from npkpose.image.resize import resize

MAX_CANVAS = 4000  # pixels: an image is enlarged up to fourfold, but not beyond this


def draw_poses(image, poses, skeleton, width=None, opacity=0.85):
    """Return a copy of the image with skeletons on it.

    Parameters
    ----------
    image : array_like, shape (H, W, 3), uint8 RGB
    poses : Poses of the skeleton's K keypoints
        In pixels of the image.
    skeleton : Skeleton
    width : float, optional
        Of a limb, in pixels; default: a hundredth of the image's longer side.
    opacity : float
        1 covers the image, 0 shows nothing.

    Returns
    -------
    drawn : ndarray, shape (H, W, 3), uint8

    Raises
    ------
    ValueError
        Wrong shape, or a width or opacity below 0.
    ImportError
        Without Pillow, saying which extra to install.
    """
    pillow = require_pillow()
    from PIL import ImageDraw

    image = check_array("image", image, ("H", "W", 3), np.uint8)
    size = image.shape[:2]
    keypoints = check_array(
        "poses", poses.keypoints, ("P", skeleton.num_keypoints, 2), finite=False
    )
    width = max(2.0, max(size) / 100) if width is None else check_number("width", width, above=0)
    opacity = check_number("opacity", opacity, at_least=0)
    zoom = int(np.clip(MAX_CANVAS // max(size), 1, 4))
    canvas = pillow.fromarray(np.repeat(np.repeat(image, zoom, axis=0), zoom, axis=1))
    pen = ImageDraw.Draw(canvas)
    for person in (keypoints + 0.5) * zoom:  # Pillow counts from the pixel's corner
        _draw_person(pen, person, skeleton, width * zoom)
    drawn = resize(np.asarray(canvas), size, "area")
    return np.rint(opacity * drawn + (1 - opacity) * image).clip(0, 255).astype(np.uint8)


def _draw_person(pen, keypoints, skeleton, width):
    for limb, (a, b) in enumerate(skeleton.limbs):
        if limb in skeleton.redundant_limbs or np.isnan(keypoints[[a, b]]).any():
            continue
        ends = [tuple(keypoints[a]), tuple(keypoints[b])]
        pen.line(ends, fill=tuple(skeleton.colours[limb].tolist()), width=max(round(width), 1))
    radius = 0.7 * width
    for x, y in keypoints[~np.isnan(keypoints[:, 0])]:
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, fill=(255, 255, 255), outline=(0, 0, 0), width=max(round(width / 5), 1))
