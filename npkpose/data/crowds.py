"""Sequences of crowds: people who walk, cross, are hidden and return, and what a network finds.

A person walks on the ground to one random place after another, from one side of the image to the
other and back, through one camera. A keypoint is hidden outside the image, behind a pillar, or
behind a nearer person: inside its box, of whose width the middle part counts. The truth is the
visible keypoints of everyone with at least `MIN_VISIBLE` of them, as for `data.people`.

Detections have the errors of the network "paf" of `models.small`, measured on 250 scenes of
`SyntheticPeople` (seed 5000, 1 to 5 people, 724 in all); sigma is a keypoint's OKS constant, size
the square root of the area of the box around all keypoints:

    visible keypoints    75, 15 and 10 % have errors of 0.21, 1 and 4 sigma size per axis (measured:
                         50 % are shorter than 0.30 sigma size, 68, 90 and 95 % than 0.53, 1.9, 4.5)
    hidden keypoints     errors of 1.2 sigma size per axis (68 % below 1.86); stated, not measured:
                         one in two is found, as by networks that do not fill in what is missing
    people               missed at 45, 12, 0.5 and 0 % with 3 to 5, 6 to 9, 10 to 13 and more
                         visible keypoints
    false people         0.09 per image, of which one in five is a duplicate
    scores               0.68 for a person that is completely visible, spread 0.07, less if it is
                         not; false people 0.3 to 0.58: those of the network "topdown", whose
                         scores are within 0 to 1

The walk is that of `data.body`: arms and legs swing as sines of the way.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_integer, check_rng
from npkpose.data.body import pose_body, random_lengths, turn
from npkpose.poses import Poses
from npkpose.skeletons import COCO_17

FPS = 30.0
SIZE = (720, 1280)  # of the image (H, W)
FOCAL = 1000.0  # pixels
CAMERA_HEIGHT = 2.5  # metres
DEPTHS = (5.0, 12.0)  # metres
HEIGHTS = (1.55, 1.9)  # of people, metres
SPEEDS = (0.6, 1.6)  # metres per second
TURNING = 0.4  # seconds in which a person takes up a new direction
TURN_SPEED = 270.0  # degrees per second, at most
STRIDE = 1.4  # metres of a step with each leg
PILLARS = ((-1.6, 6.5, 0.2), (1.2, 6.0, 0.35), (3.2, 8.5, 0.25))  # x, depth, half width: metres
COVER = 0.7  # the share of a nearer person's box, about its middle, that hides
MIN_VISIBLE = 3
MAX_PEOPLE, MAX_FRAMES = 100, 100_000

ERRORS, SHARES = (0.21, 1.0, 4.0), (0.75, 0.15, 0.1)
HIDDEN_ERROR, HIDDEN_FOUND = 1.2, 0.5
MISSED = ((5, 0.45), (9, 0.12), (13, 0.005), (17, 0.0))  # up to that many visible keypoints
FALSE_PEOPLE, DUPLICATES = 0.09, 0.2
TRUE_SCORE, SCORE_SPREAD, FALSE_SCORES = 0.68, 0.07, (0.3, 0.58)
_SIGMAS = np.array(COCO_17.sigmas)


class Crowd(NamedTuple):
    """A sequence of F frames, 30 per second, with COCO's keypoints."""

    truth: list  # of F Poses: the visible keypoints; their ids are the people
    areas: list  # of F arrays: of the boxes around all keypoints of those people, pixels^2
    detections: list  # of F Poses, in random order, without identities


def moving_crowd(rng, people, frames=300):
    """Return a `Crowd` of ``people`` over ``frames``."""
    P = check_integer("people", people, at_most=MAX_PEOPLE)
    F = check_integer("frames", frames, 1, MAX_FRAMES)
    check_rng(rng)
    places, headings, ways = _walk(rng, P, F)
    keypoints = _project(_bodies(rng, headings, ways), places)  # (F, P, 17, 2)
    visible = _visible(keypoints, places)
    crowd = Crowd([], [], [])
    for points, seen in zip(keypoints, visible):
        some = seen.sum(axis=1) >= MIN_VISIBLE
        labelled = np.where(seen[..., None], points, np.nan)[some]
        crowd.truth.append(Poses(labelled, ids=np.flatnonzero(some)))
        crowd.areas.append(_areas(points[some]))
        crowd.detections.append(_detect(rng, points[some], seen[some]))
    return crowd


def _walk(rng, P, F):
    """Return places (F, P, 2), x and depth in metres, headings (F, P), and ways walked (F, P)."""
    side = np.where(np.arange(P) % 2, 1.0, -1.0)
    place, goal = _goals(rng, -side), _goals(rng, side)
    speed, velocity, heading = rng.uniform(*SPEEDS, P), np.zeros((P, 2)), None
    places, headings, speeds = np.empty((F, P, 2)), np.empty((F, P)), np.empty((F, P))
    for f in range(F):
        arrived = np.linalg.norm(goal - place, axis=1) < 0.5
        side = np.where(arrived, -side, side)
        goal = np.where(arrived[:, None], _goals(rng, side), goal)
        wanted = goal - place
        wanted *= (speed / np.maximum(np.linalg.norm(wanted, axis=1), 1e-9))[:, None]
        velocity = wanted if heading is None else velocity + (wanted - velocity) / (TURNING * FPS)
        place = place + velocity / FPS
        ahead = np.arctan2(velocity[:, 0], -velocity[:, 1])
        heading = ahead if heading is None else heading + _at_most_a_turn(ahead - heading)
        places[f], headings[f], speeds[f] = place, heading, np.linalg.norm(velocity, axis=1)
    return places, headings, np.cumsum(speeds, axis=0) / FPS


def _at_most_a_turn(angles):
    """Return angles, in radians, within what a body turns in one frame."""
    most = np.radians(TURN_SPEED) / FPS
    return np.clip((angles + np.pi) % (2 * np.pi) - np.pi, -most, most)


def _goals(rng, side):
    """Return random places (P, 2) near the image's side -1 or 1 of each person."""
    depth = rng.uniform(*DEPTHS, len(side))
    half = depth * SIZE[1] / 2 / FOCAL  # of what the camera sees there
    return np.stack([side * half * rng.uniform(0.65, 1.0, len(side)), depth], axis=1)


def _bodies(rng, headings, ways):
    """Return joints (F, P, 17, 3) in metres about the pelvis of people who walk."""
    F, P = headings.shape
    lengths = {name: np.tile(each, F) for name, each in random_lengths(P, rng).items()}
    swing = np.sin(2 * np.pi * (ways / STRIDE + rng.random(P))).ravel()
    trunk, limbs = np.zeros((F * P, 5)), np.zeros((F * P, 2, 7))
    trunk[:, 0] = 4.0
    for side, sign in enumerate((1, -1)):
        limbs[:, side, 0], limbs[:, side, 1] = -25 * sign * swing, 6.0  # an arm, forward and out
        limbs[:, side, 3] = 15 + 10 * sign * swing
        limbs[:, side, 4], limbs[:, side, 6] = 25 * sign * swing, 15 - 12 * sign * swing  # a leg
    zero = np.zeros(F * P)
    places = pose_body(lengths, trunk, limbs, turn(zero, headings.ravel(), zero))
    joints = np.stack([places[name] for name in COCO_17.keypoints], axis=1)
    return joints.reshape(F, P, 17, 3) * rng.uniform(*HEIGHTS, P)[:, None, None]


def _project(joints, places):
    """Return keypoints (F, P, 17, 2) in pixels of people whose feet are on the ground."""
    joints = joints.copy()
    joints[..., 1] += CAMERA_HEIGHT - joints[..., 1].max(axis=2, keepdims=True)
    joints[..., 0] += places[..., None, 0]
    joints[..., 2] += places[..., None, 1]
    depth = np.maximum(joints[..., 2], 1.0)
    centre = np.array([SIZE[1] / 2, SIZE[0] / 2 - 100])
    return FOCAL * joints[..., :2] / depth[..., None] + centre


def _visible(keypoints, places):
    """Return which keypoints (F, P, 17) are visible."""
    height, width = SIZE
    x, y = keypoints[..., 0], keypoints[..., 1]
    visible = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    depth = places[..., 1]
    for middle, at, half in PILLARS:
        left, right = (FOCAL * (middle + s * half) / at + width / 2 for s in (-1, 1))
        visible &= ~((depth[..., None] > at) & (x > left) & (x < right))
    low, high = keypoints.min(axis=2), keypoints.max(axis=2)
    middle, half = (low + high)[..., 0] / 2, COVER * (high - low)[..., 0] / 2
    for p in range(keypoints.shape[1]):  # what person p hides of the others
        behind = (depth > depth[:, p : p + 1])[..., None]
        inside = abs(x - middle[:, p, None, None]) < half[:, p, None, None]
        inside &= (y > low[:, p, None, None, 1]) & (y < high[:, p, None, None, 1])
        visible &= ~(behind & inside)
    return visible


def _detect(rng, keypoints, visible):
    """Return the `Poses` that a network finds of people (P, 17, 2)."""
    counts = visible.sum(axis=1)
    rates = np.array([rate for _, rate in MISSED])
    missed = rates[np.searchsorted([most for most, _ in MISSED], counts)]
    found = rng.random(len(counts)) >= missed
    keypoints, visible, counts = keypoints[found], visible[found], counts[found]
    points = _add_errors(rng, keypoints, visible)
    scores = TRUE_SCORE * (0.5 + 0.5 * counts / 17) + rng.normal(0, SCORE_SPREAD, len(counts))
    false = _false_people(rng, keypoints, visible)
    points = np.concatenate([points, false])
    scores = np.concatenate([scores.clip(0.05, 1), rng.uniform(*FALSE_SCORES, len(false))])
    order = rng.permutation(len(points))
    return Poses(points[order], person_scores=scores[order])


def _add_errors(rng, keypoints, visible):
    """Return detected keypoints, NaN where a hidden one is not found."""
    sizes = np.sqrt(_areas(keypoints))
    errors = np.where(visible, rng.choice(ERRORS, visible.shape, p=SHARES), HIDDEN_ERROR)
    errors *= _SIGMAS * sizes[:, None]
    points = keypoints + errors[..., None] * rng.normal(size=keypoints.shape)
    found = visible | (rng.random(visible.shape) < HIDDEN_FOUND)
    return np.where(found[..., None], points, np.nan)


def _areas(keypoints):
    """Return the areas (P,) of the boxes around all keypoints of people (P, 17, 2)."""
    return (keypoints.max(axis=1) - keypoints.min(axis=1)).prod(axis=1)


def _false_people(rng, keypoints, visible):
    """Return people (N, 17, 2) who are not there: duplicates, and clutter anywhere."""
    false = []
    for _ in range(rng.poisson(FALSE_PEOPLE) if len(keypoints) else 0):
        chosen = rng.integers(len(keypoints), size=1)
        person = _add_errors(rng, keypoints[chosen], visible[chosen])[0]
        if rng.random() >= DUPLICATES:
            person = person + rng.uniform(0, SIZE[::-1]) - np.nanmean(person, axis=0)
            person[rng.random(17) < 0.3] = np.nan
        false.append(person)
    return np.array(false).reshape(-1, 17, 2)
