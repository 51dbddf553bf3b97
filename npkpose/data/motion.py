"""Films of a body that moves: 17 joints in space, and where a camera sees them, a little wrong.

    angles[f, j] = sum_s amplitude_s(f) synergy[s, j]              axis-angle, radians
    R_child = R_parent exp(angles),    place(child) = place(parent) + R_parent offset

People do not move each joint by itself: a few synergies, patterns of all joints together, explain
most of what they do (Bernstein, "The Co-ordination and Regulation of Movements", 1967). Here are
eight, the same in every film; a film has its own amplitudes, sums of slow sines, and its own way
to turn and wander before the camera. Keypoints are those of `H36M_17`, and lengths of bones those
of the skeleton of its recordings (Ionescu et al., "Human3.6M", TPAMI 2014), in metres.

Coordinates are a camera's: x to the right, y down, z away from it.
"""

import numpy as np

from npkpose._check import check_integer, check_number
from npkpose.skeletons import H36M_17
from npkpose.space.camera import Camera
from npkpose.space.rotations import axis_angle_to_matrix

FRAME_RATE = 50.0  # a second, as Human3.6M's
SIZE = (1000, 1000)  # of the picture
CAMERA = Camera(np.eye(3), (0, 0, 0), (1145, 1145), (500, 500), model="none", unit="m")
SYNERGIES = 8
SINES = 3  # in each amplitude

# Of each joint from its parent, standing upright with hanging arms and facing the camera.
OFFSETS = np.array(
    [
        (0, 0, 0), (-0.133, 0, 0), (0, 0.443, 0), (0, 0.454, 0), (0.133, 0, 0), (0, 0.443, 0),
        (0, 0.454, 0), (0, -0.233, 0), (0, -0.257, 0), (0, -0.121, 0), (0, -0.115, 0),
        (0.151, 0, 0), (0, 0.279, 0), (0, 0.252, 0), (-0.151, 0, 0), (0, 0.279, 0), (0, 0.252, 0),
    ]
)  # fmt: skip
# Radians: how far a joint turns, typically; the pelvis and the tips of limbs by themselves do not.
TURNS = np.array([0, 0.4, 0.4, 0, 0.4, 0.4, 0, 0.1, 0.1, 0.15, 0, 0.5, 0.5, 0, 0.5, 0.5, 0])
_PATTERNS = np.random.default_rng(17).normal(size=(SYNERGIES, len(OFFSETS), 3))


def synthetic_motion(rng, films, frames, noise=5.0):
    """Return films of keypoints and of the poses behind them.

    Parameters
    ----------
    rng : numpy.random.Generator
    films, frames : int
        N, and F of each.
    noise : float
        Standard deviation of keypoints in pixels, a detector's.

    Returns
    -------
    keypoints : ndarray of float32, shape (N, F, 17, 2)
        In pixels of pictures of `SIZE`.
    poses : ndarray of float32, shape (N, F, 17, 3)
        In metres from the pelvis.
    """
    N, F = check_integer("films", films), check_integer("frames", frames, 1)
    noise = check_number("noise", noise, at_least=0)
    time = np.arange(F) / FRAME_RATE
    angles = np.einsum("nfs,sja->nfja", _waves(rng, time, N, SYNERGIES), _PATTERNS)
    angles *= TURNS[:, None] / np.sqrt(SYNERGIES)
    angles[:, :, 0, 1] = 0.4 * _waves(rng, time, N, 1)[..., 0]  # turns about the vertical
    poses = pose_body(angles)
    place = np.array([0.0, 0.0, 5.0]) + 0.4 * _waves(rng, time, N, 3)  # (N, F, 3)
    keypoints = CAMERA.project(poses + place[:, :, None])
    keypoints += rng.normal(0, noise, keypoints.shape)
    return keypoints.astype(np.float32), poses.astype(np.float32)


def pose_body(angles):
    """Return the joints (..., 17, 3) of a body whose joints are turned by ``angles`` (..., 17, 3).

    Angles are axis-angle, in radians; the pelvis is at 0.
    """
    turns = axis_angle_to_matrix(angles)  # (..., 17, 3, 3)
    rotations, places = turns.copy(), np.zeros(angles.shape)
    for parent, child in H36M_17.limbs:
        rotations[..., child, :, :] = rotations[..., parent, :, :] @ turns[..., child, :, :]
        places[..., child, :] = (
            places[..., parent, :] + rotations[..., parent, :, :] @ OFFSETS[child]
        )
    return places


def _waves(rng, time, films, count):
    """Return smooth random functions of ``time`` (F,), of deviation 1 or so: (films, F, count)."""
    shape = (films, 1, count, SINES)
    frequency = rng.uniform(0.1, 0.8, shape)  # a second
    phase = rng.uniform(0, 2 * np.pi, shape)
    waves = np.sin(2 * np.pi * frequency * time[:, None, None] + phase)
    return waves.sum(axis=3) * np.sqrt(2 / SINES)
