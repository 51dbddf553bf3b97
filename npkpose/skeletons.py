"""The published body plans, each a `Skeleton`, with their sources.

    COCO_17        COCO's keypoints, of most 2-D networks
    OPENPOSE_18    COCO's and a neck, with OpenPose's field channels
    BODY_25        OpenPose's: also the middle of the hips, and feet
    H36M_17        Human3.6M's joints, for lifting to 3-D
    PANOPTIC_19    CMU Panoptic's 3-D joints
    SMPL_24        the joints of the SMPL body model

A keypoint number is an index into a plan's ``keypoints``; other code reads it from here.
"""

import math

from npkpose.skeleton import Skeleton

# The published evaluation constants, by keypoint name: cocodataset.org/#keypoints-eval.
_COCO_SIGMAS = {
    "nose": 0.026, "eye": 0.025, "ear": 0.035, "shoulder": 0.079, "elbow": 0.072,
    "wrist": 0.062, "hip": 0.107, "knee": 0.087, "ankle": 0.089,
}  # fmt: skip
_NECK_SIGMA = 0.079  # COCO has no neck: a neck is the mean of the shoulders, so their constant


def _coco_sigmas(names):
    """Return COCO's constants of keypoints and, for a keypoint that COCO lacks, the neck's."""
    return [_COCO_SIGMAS.get(name.split("_")[-1], _NECK_SIGMA) for name in names]


def _known_sigmas(names):
    """Return COCO's constants of keypoints and the neck's, or NaN for a keypoint without one."""
    known = {**_COCO_SIGMAS, "neck": _NECK_SIGMA}
    sides = ("left_", "right_", "mid_")
    parts = [name.split("_", 1)[1] if name.startswith(sides) else name for name in names]
    return [known.get(part, math.nan) for part in parts]


_COCO_NAMES = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip

COCO_17 = Skeleton(
    name="COCO_17",
    keypoints=_COCO_NAMES,
    limbs=(
        (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7),
        (6, 8), (7, 9), (8, 10), (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
    ),
    pairs=((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)),
    sigmas=_coco_sigmas(_COCO_NAMES),
    # Face and shoulders, hips, elbows and wrists, legs: Cheng et al., HigherHRNet, CVPR 2020.
    group_order=(0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16),
)  # fmt: skip

_OPENPOSE_NAMES = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist",
    "left_shoulder", "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle",
    "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip

OPENPOSE_18 = Skeleton(
    name="OPENPOSE_18",
    keypoints=_OPENPOSE_NAMES,
    limbs=(
        (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11),
        (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17),
    ),
    pairs=((2, 5), (3, 6), (4, 7), (8, 11), (9, 12), (10, 13), (14, 15), (16, 17)),
    sigmas=_coco_sigmas(_OPENPOSE_NAMES),
    paf_channels=(
        (12, 13), (20, 21), (14, 15), (16, 17), (22, 23), (24, 25), (0, 1), (2, 3), (4, 5),
        (6, 7), (8, 9), (10, 11), (28, 29), (30, 31), (34, 35), (32, 33), (36, 37), (18, 19),
        (26, 27),
    ),
    redundant_limbs=(17, 18),  # ear to shoulder
)  # fmt: skip

_BODY_NAMES = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist",
    "left_shoulder", "left_elbow", "left_wrist", "mid_hip", "right_hip", "right_knee",
    "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye",
    "right_ear", "left_ear", "left_big_toe", "left_small_toe", "left_heel",
    "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
# The feet's constants are COCO-WholeBody's (Jin et al., ECCV 2020, arXiv:2007.11858).
_FOOT_SIGMAS = [0.068, 0.066, 0.066, 0.092, 0.094, 0.094]

BODY_25 = Skeleton(  # Cao et al., TPAMI 2019, arXiv:1812.08008
    name="BODY_25",
    keypoints=_BODY_NAMES,
    limbs=(
        (1, 8), (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (10, 11),
        (8, 12), (12, 13), (13, 14), (1, 0), (0, 15), (15, 17), (0, 16), (16, 18), (2, 17),
        (5, 18), (14, 19), (19, 20), (14, 21), (11, 22), (22, 23), (11, 24),
    ),
    pairs=(
        (2, 5), (3, 6), (4, 7), (9, 12), (10, 13), (11, 14), (15, 16), (17, 18), (19, 22),
        (20, 23), (21, 24),
    ),
    sigmas=_coco_sigmas(_BODY_NAMES[:19]) + _FOOT_SIGMAS,
    paf_channels=(
        (0, 1), (14, 15), (22, 23), (16, 17), (18, 19), (24, 25), (26, 27), (6, 7), (2, 3),
        (4, 5), (8, 9), (10, 11), (12, 13), (30, 31), (32, 33), (36, 37), (34, 35), (38, 39),
        (20, 21), (28, 29), (40, 41), (42, 43), (44, 45), (46, 47), (48, 49), (50, 51),
    ),
    redundant_limbs=(18, 19),  # shoulder to ear
)  # fmt: skip

_H36M_NAMES = (  # "neck_nose" is the joint that Human3.6M calls Neck/Nose, at the base of the skull
    "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "spine", "thorax", "neck_nose", "head", "left_shoulder", "left_elbow", "left_wrist",
    "right_shoulder", "right_elbow", "right_wrist",
)  # fmt: skip

H36M_17 = Skeleton(  # the moving ones of 32 joints: Pavllo et al., CVPR 2019, arXiv:1811.11742
    name="H36M_17",
    keypoints=_H36M_NAMES,
    limbs=(
        (0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6), (0, 7), (7, 8), (8, 9), (9, 10),
        (8, 11), (11, 12), (12, 13), (8, 14), (14, 15), (15, 16),
    ),
    pairs=((4, 1), (5, 2), (6, 3), (11, 14), (12, 15), (13, 16)),
    sigmas=_known_sigmas(_H36M_NAMES),
)  # fmt: skip

_PANOPTIC_NAMES = (
    "neck", "nose", "mid_hip", "left_shoulder", "left_elbow", "left_wrist", "left_hip",
    "left_knee", "left_ankle", "right_shoulder", "right_elbow", "right_wrist", "right_hip",
    "right_knee", "right_ankle", "left_eye", "left_ear", "right_eye", "right_ear",
)  # fmt: skip

PANOPTIC_19 = Skeleton(  # Joo et al., TPAMI 2017, arXiv:1612.03153
    name="PANOPTIC_19",
    keypoints=_PANOPTIC_NAMES,
    limbs=(
        (0, 1), (0, 2), (0, 3), (3, 4), (4, 5), (2, 6), (6, 7), (7, 8), (0, 9), (9, 10),
        (10, 11), (2, 12), (12, 13), (13, 14), (1, 15), (15, 16), (1, 17), (17, 18),
    ),
    pairs=((3, 9), (4, 10), (5, 11), (6, 12), (7, 13), (8, 14), (15, 17), (16, 18)),
    sigmas=_known_sigmas(_PANOPTIC_NAMES),
)  # fmt: skip

_SMPL_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar",
    "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip

SMPL_24 = Skeleton(  # Loper et al., "SMPL", SIGGRAPH Asia 2015; the limbs are its kinematic tree
    name="SMPL_24",
    keypoints=_SMPL_NAMES,
    limbs=(
        (0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8), (6, 9), (7, 10),
        (8, 11), (9, 12), (9, 13), (9, 14), (12, 15), (13, 16), (14, 17), (16, 18), (17, 19),
        (18, 20), (19, 21), (20, 22), (21, 23),
    ),
    pairs=(
        (1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21), (22, 23),
    ),
    sigmas=_known_sigmas(_SMPL_NAMES),
)  # fmt: skip
