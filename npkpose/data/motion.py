"""Sequences of a moving body: 17 joints in space, and their noisy keypoints in one camera.

    angles[f, j] = sum_s amplitude_s(f) synergy[s, j]              axis-angle, radians
    R_child = R_parent exp(angles),    place(child) = place(parent) + R_parent offset

People do not move each joint independently: a few synergies, patterns of all joints together,
explain most of human movement (Bernstein, "The Co-ordination and Regulation of Movements", 1967).
There are eight here, the same in every sequence. Each sequence has its own amplitudes, which are
sums of slow sines, and its own slow turn and path in front of the camera. Keypoints are `H36M_17`,
with the bone lengths of its recordings (Ionescu et al., "Human3.6M", TPAMI 2014) in metres.

Coordinates are the camera's: x to the right, y down, z away from it.
"""

from typing import NamedTuple

import numpy as np

from npkpose._check import check_array, check_integer, check_memory, check_number, check_rng
from npkpose.skeletons import H36M_17
from npkpose.space.camera import Camera
from npkpose.space.rotations import axis_angle_to_matrix

FRAME_RATE = 50.0  # per second, as Human3.6M's
SIZE = (1000, 1000)  # of the image
CAMERA = Camera(np.eye(3), (0, 0, 0), (1145, 1145), (500, 500), model="none", unit="m")
SYNERGIES = 8
MAX_FRAMES = 10_000_000  # of a sequence, and sequences
MAX_NOISE, MAX_TURN = 1e6, 1e6  # pixels, radians
SINES = 3  # summed in each amplitude

# From its parent to each joint, for a body that stands upright, arms down, facing the camera.
OFFSETS = np.array(
    [
        (0, 0, 0), (-0.133, 0, 0), (0, 0.443, 0), (0, 0.454, 0), (0.133, 0, 0), (0, 0.443, 0),
        (0, 0.454, 0), (0, -0.233, 0), (0, -0.257, 0), (0, -0.121, 0), (0, -0.115, 0),
        (0.151, 0, 0), (0, 0.279, 0), (0, 0.252, 0), (-0.151, 0, 0), (0, 0.279, 0), (0, 0.252, 0),
    ]
)  # fmt: skip
# Radians: the typical rotation of each joint; 0 for the pelvis and the ends of limbs.
TURNS = np.array([0, 0.4, 0.4, 0, 0.4, 0.4, 0, 0.1, 0.1, 0.15, 0, 0.5, 0.5, 0, 0.5, 0.5, 0])
_PATTERNS = np.random.default_rng(17).normal(size=(SYNERGIES, len(OFFSETS), 3))


class Motion(NamedTuple):
    """N sequences of F frames."""

    keypoints: np.ndarray  # float32 (N, F, 17, 2) in pixels of images of `SIZE`
    poses: np.ndarray  # float32 (N, F, 17, 3) in metres from the pelvis
    positions: np.ndarray  # float32 (N, F, 1, 3) of the pelvis, in metres from the camera


def synthetic_motion(rng, sequences, frames, noise=5.0):
    """Return the keypoints and the poses of `placed_motion`."""
    return placed_motion(rng, sequences, frames, noise)[:2]


def placed_motion(rng, sequences, frames, noise=5.0):
    """Return a `Motion`: sequences of keypoints, and of the poses that they are images of.

    Parameters
    ----------
    rng : numpy.random.Generator
    sequences, frames : int
        N, and the length F of each.
    noise : float
        Standard deviation of the keypoints in pixels, as of a detector.
    """
    N = check_integer("sequences", sequences, at_most=MAX_FRAMES)
    F = check_integer("frames", frames, 1, MAX_FRAMES)
    noise = check_number("noise", noise, at_least=0, at_most=MAX_NOISE)
    check_rng(rng)
    with check_memory("sequences, frames"):
        return _motion(rng, N, F, noise)


def _motion(rng, N, F, noise):
    """Return keypoints (N, F, 17, 2) and poses (N, F, 17, 3) as float32."""
    time = np.arange(F) / FRAME_RATE
    angles = np.einsum("nfs,sja->nfja", _waves(rng, time, N, SYNERGIES), _PATTERNS)
    angles *= TURNS[:, None] / np.sqrt(SYNERGIES)
    angles[:, :, 0, 1] = 0.4 * _waves(rng, time, N, 1)[..., 0]  # about the vertical
    poses = pose_body(angles)
    positions = np.array([0.0, 0.0, 5.0]) + 0.4 * _waves(rng, time, N, 3)[:, :, None]
    keypoints = CAMERA.project(poses + positions)
    keypoints += rng.normal(0, noise, keypoints.shape)
    return Motion(*(array.astype(np.float32) for array in (keypoints, poses, positions)))


def pose_body(angles):
    """Return joints (..., 17, 3) for rotations ``angles`` (..., 17, 3) of all joints.

    Angles are axis-angle, in radians; the pelvis is at 0.
    """
    angles = check_array("angles", angles, (..., len(OFFSETS), 3), largest=MAX_TURN)
    turns = axis_angle_to_matrix(angles)  # (..., 17, 3, 3)
    rotations, places = turns.copy(), np.zeros(angles.shape)
    for parent, child in H36M_17.limbs:
        rotations[..., child, :, :] = rotations[..., parent, :, :] @ turns[..., child, :, :]
        places[..., child, :] = (
            places[..., parent, :] + rotations[..., parent, :, :] @ OFFSETS[child]
        )
    return places


def _waves(rng, time, sequences, count):
    """Return smooth random functions of ``time`` (F,), of deviation about 1: (N, F, count)."""
    shape = (sequences, 1, count, SINES)
    frequency = rng.uniform(0.1, 0.8, shape)  # per second
    phase = rng.uniform(0, 2 * np.pi, shape)
    waves = np.sin(2 * np.pi * frequency * time[:, None, None] + phase)
    return waves.sum(axis=3) * np.sqrt(2 / SINES)
