"""Scenes seen differently: mirrored, turned, enlarged, cut out; what is known follows the pixels.

A view is a matrix (2, 3) from the new picture's pixels (x, y, 1) to the old one's, as
`warp.warp_affine` takes it. With A its left half and t its last column

    pixel    new[u] = old[A u + t]
    keypoint u = A^-1 (x - t)
    box      the smallest around its four corners' new places, cut at the border
    area     1 / |det A| times the old one, less the share of the box that was cut off

Half-body crops are Wang et al.'s ("Mask Pose", COCO keypoint challenge 2018), as HRNet's code
has them (Sun et al., CVPR 2019, arXiv:1902.09212), whose ranges of scale and rotation these are.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_number, check_size
from npkpose.data.scene import Scene
from npkpose.image.crop import PADDING, crop_matrices
from npkpose.image.warp import warp_affine

ROTATION = 40.0  # degrees, the largest
SCALE = 0.35  # the largest change of size, as a share
SHIFT = 0.1  # the largest move, as a share of the picture's sides
HALF_BODY = 0.3  # probability
FEWEST_FOR_HALF = 3  # keypoints on the half that is kept
LOWER_BODY = ("hip", "knee", "ankle", "heel", "toe", "pelvis")


def flip_scene(scene, skeleton):
    """Return the mirror image, in which left and right change names. Twice is the identity."""
    width = scene.image.shape[1]
    keypoints = scene.keypoints[:, skeleton.flip_order].copy()
    keypoints[..., 0] = width - 1 - keypoints[..., 0]
    boxes = scene.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    image = np.ascontiguousarray(scene.image[:, ::-1])
    visibility = scene.visibility[:, skeleton.flip_order]
    return Scene(image, keypoints, visibility, boxes, scene.areas.copy(), scene.crowd.copy())


def warp_scene(scene, view, size):
    """Return the scene through a view; who lies wholly outside it is left out.

    Parameters
    ----------
    scene : Scene
    view : array_like, shape (2, 3)
        From the new picture's pixels to the old one's.
    size : int or (H, W)
        Of the new picture.

    Raises
    ------
    ValueError
        A view that is not finite, or that squeezes the picture flat.
    """
    size = check_size("size", size)
    view = check_array("view", view, (2, 3))
    image = warp_affine(scene.image, view, size)
    keypoints = to_view(scene.keypoints, view)
    visibility = np.where(inside(keypoints, size), scene.visibility, 0)
    keypoints = np.where(visibility[..., None] > 0, keypoints, np.nan)
    boxes, areas = _warp_boxes(scene.boxes, scene.areas, view, size)
    left = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return Scene(image, keypoints, visibility, boxes, areas, scene.crowd).of(left)


def to_view(points, view):
    """Return old pixels (..., 2) in the new picture of a view (2, 3) from new to old."""
    view = check_array("view", view, (2, 3))
    if abs(np.linalg.det(view[:, :2])) < 1e-9:
        raise ValueError(f"view: expected a map that can be turned back, got {view.tolist()}")
    return (np.asarray(points) - view[:, 2]) @ np.linalg.inv(view[:, :2]).T


def inside(points, size):
    """Return which points (..., 2) lie on a pixel of the picture; NaN does not."""
    x, y = points[..., 0], points[..., 1]
    return (x >= -0.5) & (x < size[1] - 0.5) & (y >= -0.5) & (y < size[0] - 0.5)


def random_view(image_size, size, rng, strength=1.0):
    """Return a random view (2, 3) of a whole picture.

    The middle of the new picture looks near the old one's, turned by up to `ROTATION` and
    enlarged by up to `SCALE`, times ``strength`` each. At strength 0 the picture is seen whole.
    """
    old, new = (np.array(check_size("size", s)[::-1], float) for s in (image_size, size))
    strength = check_number("strength", strength, at_least=0)
    step = (old / new).max() * (1 + strength * rng.uniform(-SCALE, SCALE))
    middle = (old - 1) / 2 + strength * rng.uniform(-SHIFT, SHIFT, 2) * old
    view = np.eye(2, 3) * step
    view[:, 2] = middle - step * (new - 1) / 2
    return _turn(view, np.radians(strength * rng.uniform(-ROTATION, ROTATION)), new)


def random_crop(scene, p, network, rng, strength=1.0):
    """Return a random view (2, 3) of person ``p``, the one of `TopDown` at strength 0.

    Parameters
    ----------
    scene : Scene
    p : int
        Somebody whose box has an area.
    network : model such as `models.SmallTopDown`
        Its ``input_size`` is the view's; its ``grid`` says where a box's border lies, its
        ``skeleton`` which keypoints are of the upper body.
    rng : numpy.random.Generator
    strength : float
        Of the changes. At 1, six people of ten are turned, by up to `ROTATION`; all are enlarged
        or reduced by up to `SCALE`; and of three in ten only half the body is looked at.
    """
    p = check_integer("p", p)
    strength = check_number("strength", strength, at_least=0)
    size = check_size("input_size", network.input_size)
    box = scene.boxes[p]
    if rng.random() < strength * HALF_BODY:
        box = half_body(scene.keypoints[p], box, network.skeleton, rng)
    middle, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    middle = middle + strength * rng.uniform(-SHIFT, SHIFT, 2) * sides
    half = sides / 2 * (1 + strength * rng.uniform(-SCALE, SCALE))
    box = np.concatenate([middle - half, middle + half])
    view = crop_matrices([box], size, network.grid.convention)[0]
    angle = strength * rng.uniform(-ROTATION, ROTATION) * (rng.random() < 0.6)
    return _turn(view, np.radians(angle), np.array(size[::-1], float))


def half_body(keypoints, box, skeleton, rng):
    """Return a box (4,) around the upper or the lower keypoints (K, 2) that are labelled.

    The half with too few is not chosen; the given box is returned where both have too few.
    """
    lower = np.array([name.split("_")[-1] in LOWER_BODY for name in skeleton.keypoints])
    there = ~np.isnan(keypoints[:, 0])
    halves = [there & lower, there & ~lower]
    halves = [half for half in halves if half.sum() >= FEWEST_FOR_HALF]
    if not halves:
        return box
    points = keypoints[halves[int(rng.integers(len(halves)))]] + 0.5  # a box is an area
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.maximum(PADDING - 1, 0) * np.max(high - low) + 1
    return np.concatenate([low - margin, high + margin])


def _turn(view, angle, size):
    """The view with its new picture, of ``size`` (W, H), turned about its middle."""
    cosine, sine = np.cos(angle), np.sin(angle)
    about = np.array([[cosine, -sine], [sine, cosine]])
    middle = (size - 1) / 2
    shift = view[:, :2] @ (middle - about @ middle) + view[:, 2]
    return np.column_stack([view[:, :2] @ about, shift])


def _warp_boxes(boxes, areas, view, size):
    """Boxes (P, 4) cut at the new border, and what is left of the areas (P,)."""
    corners = boxes[:, [[0, 1], [2, 1], [0, 3], [2, 3]]] - 0.5  # (P, 4, 2), as points
    corners = to_view(corners, view) + 0.5
    whole = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    cut = np.clip(whole, 0, np.array([size[1], size[0]] * 2))
    share = (cut[:, 2:] - cut[:, :2]).prod(axis=1)
    share = share / np.maximum((whole[:, 2:] - whole[:, :2]).prod(axis=1), 1e-12)
    return cut, areas * share / abs(np.linalg.det(view[:, :2]))
