"""A jointed body of 17 keypoints in space: segment lengths, limits of its joints, and its poses.

Coordinates are the camera's: x to the right, y down, z away from it, in units of the body's height.
The pelvis is the origin. Without rotation a body faces the camera, so its left side is at +x.
Forward kinematics goes outwards from the pelvis and rotates at every joint:

    place(child) = place(parent) + R_parent offset,    R_child = R_parent Rz Ry Rx

Rx, Ry, Rz rotate about the axes of the parent's frame, by angles within the joint's limits.

Lengths are shares of the body's height from Drillis and Contini, 1966, as printed in Winter,
"Biomechanics and Motor Control of Human Movement", figure 4.1. Limits are rounded from tables of
the range of motion. Departure: the positions of nose, eyes and ears on the head are our own.
"""

import numpy as np

from npkpose._check import check_array, check_integer, check_rng, shown

MAX_PEOPLE = 100_000
MAX_ANGLE = 1e6  # degrees, and lengths: sums of products of larger ones lose their digits
# Segment lengths; "half" means half the width of shoulders and hips.
SEGMENTS = (
    "spine", "half_shoulders", "half_hips", "upper_arm", "forearm", "thigh", "shank", "foot",
)  # fmt: skip
LENGTHS = np.array([0.288, 0.129, 0.0955, 0.186, 0.146, 0.245, 0.246, 0.11])
LENGTH_SPREAD = 0.08  # largest deviation from those lengths, as a share

# Degrees: of trunk and head, then of one arm and one leg; both sides have the same limits.
TRUNK = ("bend", "lean", "twist", "look_aside", "look_down")
LIMB = ("arm_forward", "arm_out", "arm_turn", "elbow", "leg_forward", "leg_out", "knee")
TRUNK_LIMITS = np.array([(-15, 70), (-20, 20), (-35, 35), (-60, 60), (-35, 35)], dtype=float)
LIMB_LIMITS = np.array(
    [(-45, 175), (0, 120), (-60, 60), (0, 145), (-25, 110), (0, 40), (0, 140)], dtype=float
)
# Common poses: the trunk's bend, then the limb angles of one side and of the other side.
ACTIVITIES = np.array(
    [
        (3, 0, 8, 0, 10, 0, 5, 3, 0, 8, 0, 10, 0, 5, 3),  # stand
        (5, -25, 6, 0, 25, 30, 3, 15, 25, 6, 0, 25, -15, 3, 25),  # walk
        (15, -40, 10, 0, 90, 60, 3, 40, 60, 10, 0, 90, -20, 3, 80),  # run
        (5, 40, 15, 0, 50, 90, 10, 90, 40, 15, 0, 50, 90, 10, 90),  # sit
        (0, 165, 15, 0, 15, 0, 8, 3, 165, 15, 0, 15, 0, 8, 3),  # both arms up
        (3, 0, 85, 0, 15, 0, 12, 3, 0, 85, 0, 15, 0, 12, 3),  # both arms out
        (3, 150, 20, 0, 40, 0, 6, 3, 0, 8, 0, 15, 0, 6, 3),  # wave
        (3, 5, 35, 40, 95, 0, 8, 3, 5, 35, 40, 95, 0, 8, 3),  # hands on the hips
        (35, 60, 10, 0, 20, 80, 12, 115, 60, 10, 0, 20, 80, 12, 115),  # crouch
    ],
    dtype=float,
)
ACTIVITY_SPREAD = 12.0  # degrees, a standard deviation
ANY_POSE = 0.1  # share of people whose angles are uniform within the limits instead

# In the head's frame: its origin is the base of the neck, and it faces -z.
HEAD = {
    "nose": (0.0, -0.100, -0.078),
    "left_eye": (0.021, -0.121, -0.062),
    "right_eye": (-0.021, -0.121, -0.062),
    "left_ear": (0.052, -0.110, -0.008),
    "right_ear": (-0.052, -0.110, -0.008),
    "chin": (0.0, -0.085, -0.018),
    "forehead": (0.0, -0.135, -0.012),
    "crown": (0.0, -0.148, 0.008),
    "nape": (0.0, -0.095, 0.018),
    "left_lip": (0.016, -0.073, -0.060),
    "right_lip": (-0.016, -0.073, -0.060),
}
# In the chest's frame, from the base of the neck: down the front.
CHEST = {"collar": (0.0, 0.035, -0.042), "belly": (0.0, 0.22, -0.042)}
HAND = 0.06  # from the wrist to the centre of the fist


def random_lengths(num_people, rng):
    """Return ``{segment: lengths (P,)}`` of people of height 1, equal on both sides."""
    num_people = check_integer("num_people", num_people, at_most=MAX_PEOPLE)
    check_rng(rng)
    spread = rng.uniform(1 - LENGTH_SPREAD, 1 + LENGTH_SPREAD, (len(SEGMENTS), num_people))
    return dict(zip(SEGMENTS, LENGTHS[:, None] * spread))


def random_angles(num_people, rng):
    """Return ``(trunk, limbs)``: angles (P, 5) and (P, 2, 7) in degrees, left side first.

    Most people do one of `ACTIVITIES`, with noise, sometimes with sides exchanged; the others
    have any pose within the limits.
    """
    num_people = check_integer("num_people", num_people, at_most=MAX_PEOPLE)
    check_rng(rng)
    activity = ACTIVITIES[rng.integers(len(ACTIVITIES), size=num_people)]
    trunk = rng.normal(0, ACTIVITY_SPREAD, (num_people, len(TRUNK)))
    limbs = rng.normal(0, ACTIVITY_SPREAD, (num_people, 2, len(LIMB)))
    trunk[:, 0] += activity[:, 0]
    limbs += activity[:, 1:].reshape(-1, 2, len(LIMB))
    exchanged = rng.random(num_people) < 0.5
    limbs[exchanged] = limbs[exchanged, ::-1]
    any_pose = rng.random(num_people) < ANY_POSE
    count = any_pose.sum()
    trunk[any_pose] = rng.uniform(*TRUNK_LIMITS.T, (count, len(TRUNK)))
    limbs[any_pose] = rng.uniform(*LIMB_LIMITS.T, (count, 2, len(LIMB)))
    return np.clip(trunk, *TRUNK_LIMITS.T), np.clip(limbs, *LIMB_LIMITS.T)


def pose_body(lengths, trunk, limbs, turns):
    """Return the position of each keypoint: ``{name: places (P, 3)}``.

    Parameters
    ----------
    lengths : dict from segment to (P,)
        As `random_lengths` returns.
    trunk, limbs : ndarray, shapes (P, 5) and (P, 2, 7), degrees
        As `random_angles` returns.
    turns : ndarray, shape (P, 3, 3)
        From the body's frame to the camera's.

    Returns
    -------
    places : dict
        COCO's 17 keypoints, and more points that a drawing needs: neck, pelvis, hands, toes, and
        all of `HEAD` and `CHEST`.
    """
    trunk = np.radians(check_array("trunk", trunk, ("P", len(TRUNK)), largest=MAX_ANGLE))
    shape = len(trunk), 2, len(LIMB)
    limbs = np.radians(check_array("limbs", limbs, shape, largest=MAX_ANGLE))
    turns = check_array("turns", turns, (len(trunk), 3, 3), largest=MAX_ANGLE)
    lengths = _check_lengths(lengths, len(trunk))
    bend, lean, twist, look_aside, look_down = trunk.T
    chest = turns @ turn(lean, twist, bend)
    skull = chest @ turn(np.zeros_like(bend), look_aside, look_down)
    places = {"pelvis": np.zeros((len(trunk), 3))}
    places["neck"] = _step(chest, 1, -lengths["spine"])
    for name, offset in HEAD.items():
        places[name] = places["neck"] + skull @ np.array(offset)
    for name, offset in CHEST.items():
        places[name] = places["neck"] + chest @ np.array(offset)
    for i, (side, sign) in enumerate((("left", 1), ("right", -1))):
        places[f"{side}_shoulder"] = places["neck"] + _step(
            chest, 0, sign * lengths["half_shoulders"]
        )
        places[f"{side}_hip"] = _step(turns, 0, sign * lengths["half_hips"])
        _arm(places, side, sign, chest, lengths, limbs[:, i])
        _leg(places, side, sign, turns, lengths, limbs[:, i])
    return places


def _check_lengths(lengths, num_people):
    """Return each segment's lengths (P,) as an array, or raise ValueError."""
    if not isinstance(lengths, dict) or not set(SEGMENTS) <= set(lengths):
        raise ValueError(f"lengths: expected a dict with {SEGMENTS}, got {shown(lengths)}")
    return {
        name: check_array(f"lengths[{name!r}]", lengths[name], (num_people,), largest=MAX_ANGLE)
        for name in SEGMENTS
    }


def turn(z, y, x):
    """Return Rz Ry Rx (P, 3, 3) for angles (P,) in radians."""
    (cz, sz), (cy, sy), (cx, sx) = ((np.cos(a), np.sin(a)) for a in (z, y, x))
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _arm(places, side, sign, chest, lengths, angles):
    """Add elbow, wrist and hand of one side. An arm at rest hangs along +y."""
    forward, out, about, elbow = angles[:, :4].T
    zero = np.zeros_like(forward)
    upper = chest @ turn(-sign * out, zero, -forward) @ turn(zero, sign * about, zero)
    lower = upper @ turn(zero, zero, -elbow)
    places[f"{side}_elbow"] = places[f"{side}_shoulder"] + _step(upper, 1, lengths["upper_arm"])
    places[f"{side}_wrist"] = places[f"{side}_elbow"] + _step(lower, 1, lengths["forearm"])
    places[f"{side}_hand"] = places[f"{side}_wrist"] + HAND * lower[:, :, 1]


def _leg(places, side, sign, pelvis, lengths, angles):
    """Add knee, ankle and toe of one side. A foot points to -z of its shank."""
    forward, out, knee = angles[:, 4:].T
    zero = np.zeros_like(forward)
    thigh = pelvis @ turn(-sign * out, zero, -forward)
    shank = thigh @ turn(zero, zero, knee)
    places[f"{side}_knee"] = places[f"{side}_hip"] + _step(thigh, 1, lengths["thigh"])
    places[f"{side}_ankle"] = places[f"{side}_knee"] + _step(shank, 1, lengths["shank"])
    toe = -0.95 * shank[:, :, 2] + 0.3 * shank[:, :, 1]  # forward, and a little down
    places[f"{side}_toe"] = places[f"{side}_ankle"] + lengths["foot"][:, None] * toe


def _step(frames, axis, length):
    """Return vectors (P, 3) of these lengths (P,) along one axis of the frames (P, 3, 3)."""
    return frames[:, :, axis] * length[:, None]
