"""Synthetic people: images made by code, so every keypoint is known.

    body (`data.body`) -> camera -> dressed in capsules (`data.clothes`) -> painted by depth
    (`data.raster`) before clutter (`data.background`) and behind objects -> `Scene`

The camera looks from any side and a little from above. It is far away, so a person has one scale.
People stand one behind another, never inside each other. Labels follow COCO's annotators (Lin et
al., "Microsoft COCO", ECCV 2014, arXiv:1405.0312):

    visibility 2   the surface at the keypoint's pixel is that person's, and no part of the body
                   lies in front of the joint
    visibility 1   inside the image but hidden, either by the person itself, or by others while a
                   limb connects it to a visible keypoint: its position can be inferred
    visibility 0   everything else, and each hidden nose, eye or ear: annotators do not mark faces
                   on the back of a head

Area and box are of the visible pixels. A person with fewer than three visible keypoints gets
visibility 0 everywhere, so evaluations ignore it; a person without visible pixels is left out.
"""

import math

import numpy as np

from npkpose._check import check_integer, check_rng, check_size, shown
from npkpose.data.background import cluttered_background, random_shapes
from npkpose.data.body import pose_body, random_angles, random_lengths, turn
from npkpose.data.clothes import body_parts, random_builds, random_clothes
from npkpose.data.raster import NOBODY, paint_parts
from npkpose.data.scene import Scene
from npkpose.skeletons import COCO_17

MAX_PEOPLE = 1000  # in a scene: each is placed beside all before
HEIGHTS = (0.4, 0.9)  # of people, in heights of the image; a crowd is smaller
ELEVATION, ROLL = 9.0, 5.0  # degrees, standard deviations of the camera's
MAX_ELEVATION = 40.0  # degrees
INSIDE = 0.75  # share of people who are placed completely inside the image
TRIES = 6  # random positions per person; the one that covers others least is used
OBJECTS = 0.35  # mean number of objects in front of people, per person
NOISE = (0.0, 0.04)  # standard deviation of the camera's noise, as a share of full scale
AMBIENT = (0.35, 0.7)
DEPTH_STEP = 1000.0  # pixels between one person and the next
# Depth of a joint below the skin, in heights of the body.
SKIN_DEPTH = {
    "nose": 0.03, "eye": 0.03, "ear": 0.03, "shoulder": 0.075, "elbow": 0.05, "wrist": 0.045,
    "hip": 0.10, "knee": 0.06, "ankle": 0.045,
}  # fmt: skip
_SKIN_DEPTHS = np.array([SKIN_DEPTH[name.split("_")[-1]] for name in COCO_17.keypoints])
_FACE = np.array([name.split("_")[-1] in ("nose", "eye", "ear") for name in COCO_17.keypoints])
MIN_VISIBLE = 3  # keypoints; a person with fewer is not labelled


class SyntheticPeople:
    """A data set of ``num_images`` scenes; scene i depends on ``seed`` and i alone.

    Parameters
    ----------
    num_images : int
    seed : int
        Another seed gives other scenes.
    size : int or (H, W)
    people : int, or pair (fewest, most)
        Number of people in a scene.

    Raises
    ------
    ValueError
        A number below 0, a size below 16, fewest above most, or more than 1000 people.
    """

    skeleton = COCO_17

    def __init__(self, num_images, seed=0, size=128, people=(1, 4)):
        self.num_images = check_integer("num_images", num_images)
        self.seed = check_integer("seed", seed)
        self.size = check_size("size", size)
        is_pair = isinstance(people, (tuple, list)) or getattr(people, "ndim", 0) == 1
        if is_pair and len(people) != 2:
            raise ValueError(f"people: expected an int or (fewest, most), got {shown(people)}")
        fewest, most = people if is_pair else (people, people)
        fewest = check_integer("people", fewest, at_most=MAX_PEOPLE)
        self.people = fewest, check_integer("people", most, fewest, MAX_PEOPLE)

    @property
    def fingerprint(self):
        """Which data set this is; see `npkpose.data.fingerprint`."""
        return (
            f"SyntheticPeople({self.num_images}, seed={self.seed}, size={self.size}, "
            f"people={self.people})"
        )

    def __len__(self):
        return self.num_images

    def __getitem__(self, i):
        """Return the `Scene` number ``i``, from 0; IndexError past the last."""
        if not 0 <= check_integer("i", i, -math.inf) < self.num_images:
            raise IndexError(f"i: expected 0 to {self.num_images - 1}, got {i}")
        rng = np.random.default_rng([self.seed, i])
        return synthetic_scene(rng, self.size, int(rng.integers(*self.people, endpoint=True)))


def synthetic_scene(rng, size=128, num_people=2):
    """Return a `Scene` of ``num_people``, or fewer if some are completely hidden.

    ``size`` is an int or (H, W), at least 16.
    """
    height, width = size = check_size("size", size)
    if min(size) < 16:
        raise ValueError(f"size: expected at least 16, got {size}")
    num_people = check_integer("num_people", num_people, at_most=MAX_PEOPLE)
    check_rng(rng)
    joints, parts, scales = _random_people(num_people, size, rng)
    image, shapes = cluttered_background(size, rng)
    depth = np.full(size, np.inf)
    owner = np.full(size, NOBODY, dtype=np.int64)
    light = _random_light(rng)
    parts = np.concatenate([parts.reshape(-1, parts.shape[2]), _objects(num_people, size, rng)])
    far_to_near = np.argsort(-parts[:, 2] - parts[:, 6], kind="stable")
    paint_parts(np.concatenate([shapes, parts[far_to_near]]), light, image, depth, owner)
    image += rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(*NOISE))
    pixels = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    return _label(pixels, joints, scales, depth, owner)


def _random_people(num_people, size, rng):
    """Return joints (P, K, 3), parts (P, M, 13) and heights (P,) in pixels, far people first."""
    lengths, angles = random_lengths(num_people, rng), random_angles(num_people, rng)
    places = pose_body(lengths, *angles, _random_views(num_people, rng))
    parts = body_parts(places, random_clothes(num_people, rng), random_builds(num_people, rng))
    joints = np.stack([places[name] for name in COCO_17.keypoints], axis=1)
    crowding = min(1.0, 2.0 / np.sqrt(max(num_people, 1)))
    scales = np.sort(size[0] * crowding * rng.uniform(*HEIGHTS, num_people))
    joints *= scales[:, None, None]
    parts[:, :, :8] *= scales[:, None, None]
    shifts = np.zeros((num_people, 3))
    shifts[:, :2] = _random_places(parts, size, rng)
    shifts[:, 2] = -DEPTH_STEP * np.arange(num_people)
    parts[:, :, 0:3] += shifts[:, None]
    parts[:, :, 4:7] += shifts[:, None]
    parts[:, :, 11] = np.arange(num_people)[:, None]
    return joints + shifts[:, None], parts, scales


def _random_views(num_people, rng):
    """Return rotations (P, 3, 3) from bodies to the camera."""
    zero = np.zeros(num_people)
    yaw = rng.uniform(-np.pi, np.pi, num_people)
    elevation = np.clip(np.abs(rng.normal(0, ELEVATION, num_people)), 0, MAX_ELEVATION)
    roll = rng.normal(0, ROLL, num_people)
    return turn(np.radians(roll), zero, np.radians(elevation)) @ turn(zero, yaw, zero)


def _random_places(parts, size, rng):
    """Return each pelvis (P, 2): of `TRIES` random points, the one that covers others least."""
    ends = np.concatenate([parts[:, :, 0:2], parts[:, :, 4:6]], axis=1)  # about the pelvis
    boxes = np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)
    taken, chosen = np.empty((0, 4)), np.zeros((len(parts), 2))
    for p, box in enumerate(boxes):
        # From "the left edges coincide" to "the right edges coincide".
        low, high = -box[:2], np.array(size[::-1]) - 1 - box[2:]
        if rng.random() > INSIDE:  # the box's centre is anywhere in the image
            half = (box[2:] - box[:2]) / 2
            low, high = low - half, high + half
        tries = rng.uniform(np.minimum(low, high), np.maximum(low, high), (TRIES, 2))
        covered = _overlaps(box + np.tile(tries, 2), taken).sum(axis=1)
        chosen[p] = tries[covered.argmin()]
        taken = np.concatenate([taken, [box + np.tile(chosen[p], 2)]])
    return chosen


def _overlaps(boxes, others):
    """Return the area (N, M) of each intersection of boxes (N, 4) with others (M, 4)."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)


def _objects(num_people, size, rng):
    """Return objects (M, 13), each in front of a random person."""
    count = int(rng.poisson(OBJECTS * num_people))
    person = rng.integers(max(num_people, 1), size=count)
    depths = -DEPTH_STEP * (person + 0.5)
    return random_shapes(count, size, rng, depths[:, None])


def _random_light(rng):
    """Return a unit vector towards a light above and in front, then the ambient light: (4,)."""
    light = np.array([rng.uniform(-1, 1), rng.uniform(-1.2, 0.2), rng.uniform(-1.5, -0.7)])
    return np.append(light / np.linalg.norm(light), rng.uniform(*AMBIENT))


def _label(image, joints, scales, depth, owner):
    """Return the `Scene` of everyone with a visible pixel."""
    visibility = _visibility(joints, scales, depth, owner)
    visibility[(visibility == 2).sum(axis=1) < MIN_VISIBLE] = 0
    keypoints = np.where(visibility[..., None] > 0, joints[:, :, :2], np.nan)
    boxes, areas = _boxes_and_areas(len(joints), owner)
    crowd = np.zeros(len(joints), dtype=bool)
    return Scene(image, keypoints, visibility, boxes, areas, crowd).of(areas > 0)


def _boxes_and_areas(num_people, owner):
    """Return boxes (P, 4) and areas (P,) of the pixels that each person owns."""
    boxes, areas = np.zeros((num_people, 4)), np.zeros(num_people)
    for p in range(num_people):
        own = owner == p
        areas[p] = own.sum()
        if areas[p] > 0:
            rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
            boxes[p] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes, areas


def _visibility(joints, scales, depth, owner):
    """Return COCO's flags (P, K)."""
    height, width = depth.shape
    x, y = np.moveaxis(np.rint(joints[:, :, :2]).astype(int), 2, 0)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    own = inside & (owner[y, x] == np.arange(len(joints))[:, None])
    visible = own & (depth[y, x] >= joints[:, :, 2] - _SKIN_DEPTHS * scales[:, None])
    inferred = own.copy()
    for a, b in COCO_17.limbs:
        inferred[:, a] |= inside[:, a] & visible[:, b]
        inferred[:, b] |= inside[:, b] & visible[:, a]
    return np.where(visible, 2, np.where(inferred & ~_FACE, 1, 0))
