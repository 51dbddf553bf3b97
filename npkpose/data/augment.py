"""Geometric augmentation: scenes flipped, rotated, scaled and cropped, with their annotations.

A view is a matrix (2, 3) from the new image's pixels (x, y, 1) to the old one's, as `warp_affine`
takes it. With A its first two columns and t its last one

    pixel    new[u] = old[A u + t]
    keypoint u = A^-1 (x - t)
    box      the smallest box around its four moved corners, clipped at the border
    area     1 / |det A| times the old one, times the share of the box that is left

Half-body crops are Wang et al.'s ("Mask Pose", COCO keypoint challenge 2018), as HRNet's code
has them (Sun et al., CVPR 2019, arXiv:1902.09212); the ranges of scale and rotation are HRNet's.
"""

import numpy as np

from npkpose._check import (
    check_array,
    check_integer,
    check_kind,
    check_number,
    check_rng,
    check_size,
)
from npkpose.data.scene import Scene
from npkpose.image.crop import PADDING, crop_matrices
from npkpose.image.warp import warp_affine
from npkpose.skeleton import Skeleton

ROTATION = 40.0  # degrees, the largest
SCALE = 0.35  # the largest change of size, as a share
MAX_STRENGTH = 100.0
MAX_VIEW = 1e12  # pixels: beyond it a view has no digits left for a pixel
SHIFT = 0.1  # the largest shift, as a share of the image's sides
HALF_BODY = 0.3  # probability
MIN_HALF_KEYPOINTS = 3  # labelled keypoints of the half that a crop shows
LOWER_BODY = ("hip", "knee", "ankle", "heel", "toe", "pelvis")


def flip_scene(scene, skeleton):
    """Return the flipped scene, where left and right keypoints are swapped. Its own inverse."""
    check_kind("scene", scene, Scene)
    K = check_kind("skeleton", skeleton, Skeleton).num_keypoints
    if scene.keypoints.shape[1] != K:
        raise ValueError(f"skeleton: expected {scene.keypoints.shape[1]} keypoints, got {K}")
    width = scene.image.shape[1]
    keypoints = scene.keypoints[:, skeleton.flip_order].copy()
    keypoints[..., 0] = width - 1 - keypoints[..., 0]
    boxes = scene.boxes.copy()
    boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    image = np.ascontiguousarray(scene.image[:, ::-1])
    visibility = scene.visibility[:, skeleton.flip_order]
    return Scene(image, keypoints, visibility, boxes, scene.areas.copy(), scene.crowd.copy())


def warp_scene(scene, view, size):
    """Return the scene through a view, without the people who are completely outside.

    Parameters
    ----------
    scene : Scene
    view : array_like, shape (2, 3)
        From the new image's pixels to the old one's.
    size : int or (H, W)
        Of the new image.

    Raises
    ------
    ValueError
        A view that is not finite or not invertible, or has numbers above 1e12.
    """
    check_kind("scene", scene, Scene)
    size = check_size("size", size)
    view = check_array("view", view, (2, 3), largest=MAX_VIEW)
    image = warp_affine(scene.image, view, size)
    keypoints = to_view(scene.keypoints, view)
    visibility = np.where(inside(keypoints, size), scene.visibility, 0)
    keypoints = np.where(visibility[..., None] > 0, keypoints, np.nan)
    boxes, areas = _warp_boxes(scene.boxes, scene.areas, view, size)
    inside_view = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return Scene(image, keypoints, visibility, boxes, areas, scene.crowd).of(inside_view)


def to_view(points, view):
    """Return points (..., 2) of the old image in pixels of the new one; the view is new to old."""
    view = check_array("view", view, (2, 3), largest=MAX_VIEW)
    if abs(np.linalg.det(view[:, :2])) < 1e-9:
        raise ValueError(f"view: expected an invertible matrix, got {view.tolist()}")
    points = check_array("points", points, (..., 2), finite=False)
    if (abs(points) > MAX_VIEW).any():
        raise ValueError(f"points: expected at most {MAX_VIEW:g} in size, or NaN")
    return (points - view[:, 2]) @ np.linalg.inv(view[:, :2]).T


def inside(points, size):
    """Return which points (..., 2) lie on a pixel of the image; NaN does not."""
    x, y = points[..., 0], points[..., 1]
    return (x >= -0.5) & (x < size[1] - 0.5) & (y >= -0.5) & (y < size[0] - 0.5)


def random_view(image_size, size, rng, strength=1.0, rotation=ROTATION):
    """Return a random view (2, 3) of a whole image.

    The new image's centre is near the old one's; it is rotated by up to ``rotation`` degrees and
    scaled by up to `SCALE`, each times ``strength``. Strength 0 shows the whole image.
    """
    old, new = (np.array(check_size("size", s)[::-1], float) for s in (image_size, size))
    strength = check_number("strength", strength, at_least=0, at_most=MAX_STRENGTH)
    check_rng(rng)
    step = (old / new).max() * (1 + strength * rng.uniform(-SCALE, SCALE))
    centre = (old - 1) / 2 + strength * rng.uniform(-SHIFT, SHIFT, 2) * old
    view = np.eye(2, 3) * step
    view[:, 2] = centre - step * (new - 1) / 2
    rotation = check_number("rotation", rotation, at_least=0, at_most=180)
    return _rotate(view, np.radians(strength * rng.uniform(-rotation, rotation)), new)


def random_crop(scene, p, network, rng, strength=1.0):
    """Return a random view (2, 3) of person ``p``; at strength 0 it is the crop of `TopDown`.

    Parameters
    ----------
    scene : Scene
    p : int
        A person whose box has an area.
    network : model such as `models.SmallTopDown`
        Its ``input_size`` is the view's size; its ``grid`` defines where a box's border lies, its
        ``skeleton`` which keypoints belong to the lower body.
    rng : numpy.random.Generator
    strength : float
        Of the changes. At 1, six crops of ten are rotated, by up to `ROTATION`; all are scaled,
        by up to `SCALE`; and three of ten show only half the body.
    """
    check_kind("scene", scene, Scene)
    p = check_integer("p", p, at_most=len(scene) - 1)
    strength = check_number("strength", strength, at_least=0, at_most=MAX_STRENGTH)
    check_rng(rng)
    size = check_size("network.input_size", getattr(network, "input_size", None))
    box = scene.boxes[p]
    if rng.random() < strength * HALF_BODY:
        box = half_body(scene.keypoints[p], box, network.skeleton, rng)
    centre, sides = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    centre = centre + strength * rng.uniform(-SHIFT, SHIFT, 2) * sides
    half = sides / 2 * (1 + strength * rng.uniform(-SCALE, SCALE))
    box = np.concatenate([centre - half, centre + half])
    view = crop_matrices([box], size, network.grid.convention)[0]
    angle = strength * rng.uniform(-ROTATION, ROTATION) * (rng.random() < 0.6)
    return _rotate(view, np.radians(angle), np.array(size[::-1], float))


def half_body(keypoints, box, skeleton, rng):
    """Return a box (4,) around the labelled keypoints (K, 2) of the upper or the lower body.

    A half of fewer than `MIN_HALF_KEYPOINTS` is not chosen; without any, and for a skeleton without
    a lower body such as a hand, the given box is returned.
    """
    lower = np.array([name.split("_")[-1] in LOWER_BODY for name in skeleton.keypoints], bool)
    if not lower.any():
        return box
    labelled = ~np.isnan(keypoints[:, 0])
    halves = [labelled & lower, labelled & ~lower]
    halves = [half for half in halves if half.sum() >= MIN_HALF_KEYPOINTS]
    if not halves:
        return box
    points = keypoints[halves[int(rng.integers(len(halves)))]] + 0.5  # a box is an area
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.maximum(PADDING - 1, 0) * np.max(high - low) + 1
    return np.concatenate([low - margin, high + margin])


def _rotate(view, angle, size):
    """Return the view with its new image, of ``size`` (W, H), rotated about its centre."""
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    centre = (size - 1) / 2
    shift = view[:, :2] @ (centre - rotation @ centre) + view[:, 2]
    return np.column_stack([view[:, :2] @ rotation, shift])


def _warp_boxes(boxes, areas, view, size):
    """Return boxes (P, 4) clipped at the new border, and the areas (P,) that are left."""
    corners = boxes[:, [[0, 1], [2, 1], [0, 3], [2, 3]]] - 0.5  # (P, 4, 2), as points
    corners = to_view(corners, view) + 0.5
    whole = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    clipped = np.clip(whole, 0, np.array([size[1], size[0]] * 2))
    share = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1)
    share = share / np.maximum((whole[:, 2:] - whole[:, :2]).prod(axis=1), 1e-12)
    return clipped, areas * share / abs(np.linalg.det(view[:, :2]))
