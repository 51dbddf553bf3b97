"""Synthetic people: pictures made of code, with every keypoint known.

    body (`data.body`) -> camera -> dressed in capsules (`data.clothes`) -> painted by depth
    (`data.raster`) before clutter (`data.background`) and behind objects -> `Scene`

The camera looks from any side and a little from above, and is far away: all of a person is
enlarged alike. Persons stand one behind another, never inside each other. What is labelled is
what COCO's annotators label (Lin et al., "Microsoft COCO", ECCV 2014, arXiv:1405.0312):

    visibility 2   the surface at the keypoint's pixel is that person's, and no part of the body
                   lies before the joint
    visibility 1   inside the picture and hidden, by the person itself, or by others while a limb
                   joins it to a keypoint that is seen: where it is can be told
    visibility 0   elsewhere; and a hidden nose, eye or ear, which nobody marks on the back of a
                   head

Area and box are of the pixels that are seen. Somebody with fewer than three keypoints seen has
all visibilities 0 and is not counted by evaluations; of whom nothing is seen is not listed.
"""

import numpy as np

from npkpose._check import check_integer, check_size
from npkpose.data.background import cluttered_background, random_shapes
from npkpose.data.body import pose_body, random_angles, random_lengths, turn
from npkpose.data.clothes import body_parts, random_builds, random_clothes
from npkpose.data.raster import NOBODY, paint_parts
from npkpose.data.scene import Scene
from npkpose.skeletons import COCO_17

HEIGHTS = (0.4, 0.9)  # of people, in picture heights; a crowd is smaller
ELEVATION, ROLL = 9.0, 5.0  # degrees, standard deviations of the camera's
HIGHEST = 40.0  # degrees
INSIDE = 0.75  # share of people who are placed wholly inside the picture
TRIES = 6  # places tried for a person; the one that covers others least is taken
OBJECTS = 0.35  # mean number of things in front of somebody, per person
NOISE = (0.0, 0.04)  # standard deviation of the camera's, of full scale
AMBIENT = (0.35, 0.7)
BEHIND = 1000.0  # pixels between one person and the next
# How far a joint lies below the skin that shows it, in heights of the body.
SKIN_DEPTH = {
    "nose": 0.03, "eye": 0.03, "ear": 0.03, "shoulder": 0.075, "elbow": 0.05, "wrist": 0.045,
    "hip": 0.10, "knee": 0.06, "ankle": 0.045,
}  # fmt: skip
_SKIN_DEPTHS = np.array([SKIN_DEPTH[name.split("_")[-1]] for name in COCO_17.keypoints])
_FACE = np.array([name.split("_")[-1] in ("nose", "eye", "ear") for name in COCO_17.keypoints])
FEWEST_SEEN = 3


class SyntheticPeople:
    """A data set of ``num_images`` scenes; scene i depends on ``seed`` and i alone.

    Parameters
    ----------
    num_images : int
    seed : int
        Of another seed no scene is the same.
    size : int or (H, W)
    people : int, or pair (fewest, most)
        How many stand in a scene.

    Raises
    ------
    ValueError
        A number below 0, a size below 16, or fewest above most.
    """

    skeleton = COCO_17

    def __init__(self, num_images, seed=0, size=128, people=(1, 4)):
        self.num_images = check_integer("num_images", num_images)
        self.seed = check_integer("seed", seed)
        self.size = check_size("size", size)
        fewest, most = (people, people) if np.ndim(people) == 0 else people
        fewest = check_integer("people", fewest)
        self.people = fewest, check_integer("people", most, at_least=fewest)

    def __len__(self):
        return self.num_images

    def __getitem__(self, i):
        """Return the `Scene` number ``i``, from 0; IndexError past the last."""
        if not 0 <= i < self.num_images:
            raise IndexError(f"i: expected 0 to {self.num_images - 1}, got {i}")
        rng = np.random.default_rng([self.seed, i])
        return synthetic_scene(rng, self.size, int(rng.integers(*self.people, endpoint=True)))


def synthetic_scene(rng, size=128, num_people=2):
    """Return a `Scene` of ``num_people``, fewer where some cannot be seen at all.

    ``size`` is an int or (H, W), at least 16.
    """
    height, width = size = check_size("size", size)
    if min(size) < 16:
        raise ValueError(f"size: expected at least 16, got {size}")
    num_people = check_integer("num_people", num_people)
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
    """Return joints (P, K, 3) and parts (P, M, 13) in pixels, and heights (P,); far ones first."""
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
    shifts[:, 2] = -BEHIND * np.arange(num_people)
    parts[:, :, 0:3] += shifts[:, None]
    parts[:, :, 4:7] += shifts[:, None]
    parts[:, :, 11] = np.arange(num_people)[:, None]
    return joints + shifts[:, None], parts, scales


def _random_views(num_people, rng):
    """Rotations (P, 3, 3) from bodies to the camera."""
    zero = np.zeros(num_people)
    yaw = rng.uniform(-np.pi, np.pi, num_people)
    elevation = np.clip(np.abs(rng.normal(0, ELEVATION, num_people)), 0, HIGHEST)
    roll = rng.normal(0, ROLL, num_people)
    return turn(np.radians(roll), zero, np.radians(elevation)) @ turn(zero, yaw, zero)


def _random_places(parts, size, rng):
    """Where each pelvis goes (P, 2): of some random places, the one that covers others least."""
    ends = np.concatenate([parts[:, :, 0:2], parts[:, :, 4:6]], axis=1)  # about the pelvis
    boxes = np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)
    taken, chosen = np.empty((0, 4)), np.zeros((len(parts), 2))
    for p, box in enumerate(boxes):
        # From "its left edge on the picture's" to "its right edge on the picture's".
        low, high = -box[:2], np.array(size[::-1]) - 1 - box[2:]
        if rng.random() > INSIDE:  # its middle anywhere in the picture
            half = (box[2:] - box[:2]) / 2
            low, high = low - half, high + half
        tries = rng.uniform(np.minimum(low, high), np.maximum(low, high), (TRIES, 2))
        covered = _shared(box + np.tile(tries, 2), taken).sum(axis=1)
        chosen[p] = tries[covered.argmin()]
        taken = np.concatenate([taken, [box + np.tile(chosen[p], 2)]])
    return chosen


def _shared(boxes, others):
    """Area (N, M) that each two boxes share."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)


def _objects(num_people, size, rng):
    """Things (M, 13), each in front of somebody."""
    count = int(rng.poisson(OBJECTS * num_people))
    behind_whom = rng.integers(max(num_people, 1), size=count)
    depths = -BEHIND * (behind_whom + 0.5)
    return random_shapes(count, size, rng, depths[:, None])


def _random_light(rng):
    """A unit vector towards a light above and in front, and the share of ambient light."""
    light = np.array([rng.uniform(-1, 1), rng.uniform(-1.2, 0.2), rng.uniform(-1.5, -0.7)])
    return np.append(light / np.linalg.norm(light), rng.uniform(*AMBIENT))


def _label(image, joints, scales, depth, owner):
    """Return the `Scene`: who is seen, where, and how much of them."""
    visibility = _visibility(joints, scales, depth, owner)
    few = (visibility == 2).sum(axis=1) < FEWEST_SEEN
    visibility[few] = 0
    keypoints = np.where(visibility[..., None] > 0, joints[:, :, :2], np.nan)
    boxes, areas = np.zeros((len(joints), 4)), np.zeros(len(joints))
    for p in range(len(joints)):
        seen = owner == p
        areas[p] = seen.sum()
        if areas[p] > 0:
            rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
            boxes[p] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    some = areas > 0
    crowd = np.zeros(int(some.sum()), dtype=bool)
    return Scene(image, keypoints[some], visibility[some], boxes[some], areas[some], crowd)


def _visibility(joints, scales, depth, owner):
    """COCO's flags (P, K)."""
    height, width = depth.shape
    x, y = np.moveaxis(np.rint(joints[:, :, :2]).astype(int), 2, 0)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    own = inside & (owner[y, x] == np.arange(len(joints))[:, None])
    seen = own & (depth[y, x] >= joints[:, :, 2] - _SKIN_DEPTHS * scales[:, None])
    told = own.copy()
    for a, b in COCO_17.limbs:
        told[:, a] |= inside[:, a] & seen[:, b]
        told[:, b] |= inside[:, b] & seen[:, a]
    return np.where(seen, 2, np.where(told & ~_FACE, 1, 0))
