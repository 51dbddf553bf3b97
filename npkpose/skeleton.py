"""Body plans: which keypoints there are, which of them limbs join, and how exact they are.

Everything about a body plan lives in a `Skeleton`; no other file holds a joint number.

* ``sigmas`` are the per-keypoint constants of the object keypoint similarity: the
  standard deviation of human annotators, as a share of the square root of the person's
  area (COCO keypoint evaluation; Ronchi and Perona, ICCV 2017, arXiv:1707.05388).
* ``paf_channels`` says in which two channels of a network's part affinity fields each
  limb's x and y components lie (Cao et al., CVPR 2017, arXiv:1611.08050).
"""

import colorsys
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Skeleton:
    """A body plan of K keypoints and L limbs.

    Parameters
    ----------
    name : str
    keypoints : sequence of K str
        Their names, in channel order.
    limbs : sequence of L pairs of int
        Keypoint indices (from, to).
    pairs : sequence of pairs of int
        Left and right partners, exchanged by a mirror image.
    sigmas : sequence of K float, or one float for all
        OKS constants.
    paf_channels : sequence of L pairs of int, or None
        Channels of each limb's x and y components; None means (2l, 2l + 1).
    redundant_limbs : sequence of int
        Limbs that confirm a person and never start one: indices into ``limbs``.
    group_order : sequence of K int, or None
        Keypoints from the one a person is surest to show to the last, for grouping them one by
        one; None means 0 to K - 1.

    Raises
    ------
    ValueError
        Duplicate names, an index out of range, or lengths that disagree.
    """

    name: str
    keypoints: tuple
    limbs: tuple
    pairs: tuple = ()
    sigmas: tuple = 0.05
    paf_channels: tuple | None = None
    redundant_limbs: tuple = ()
    group_order: tuple | None = None

    def __post_init__(self):
        count = len(self.keypoints)
        sigmas = [self.sigmas] * count if np.ndim(self.sigmas) == 0 else self.sigmas
        channels = self.paf_channels
        if channels is None:
            channels = [(2 * limb, 2 * limb + 1) for limb in range(len(self.limbs))]
        self._set("keypoints", tuple(self.keypoints))
        self._set("limbs", _pairs_of_int("limbs", self.limbs, count))
        self._set("pairs", _pairs_of_int("pairs", self.pairs, count))
        self._set("sigmas", tuple(float(sigma) for sigma in sigmas))
        self._set("paf_channels", _pairs_of_int("paf_channels", channels, None))
        self._set("redundant_limbs", tuple(int(limb) for limb in self.redundant_limbs))
        order = range(count) if self.group_order is None else self.group_order
        self._set("group_order", tuple(int(k) for k in order))
        self._check()

    def _set(self, field, value):
        object.__setattr__(self, field, value)  # the frozen dataclass's own way in

    def _check(self):
        if len(set(self.keypoints)) != len(self.keypoints):
            raise ValueError(f"keypoints: expected distinct names, got {self.keypoints}")
        if len(self.sigmas) != self.num_keypoints or not all(s > 0 for s in self.sigmas):
            raise ValueError(f"sigmas: expected {self.num_keypoints} positive, got {self.sigmas}")
        if len(self.paf_channels) != len(self.limbs):
            raise ValueError(
                f"paf_channels: expected {len(self.limbs)} pairs, got {len(self.paf_channels)}"
            )
        for limb in self.redundant_limbs:
            if not 0 <= limb < len(self.limbs):
                raise ValueError(f"redundant_limbs: expected limb indices, got {limb}")
        if sorted(self.group_order) != list(range(self.num_keypoints)):
            raise ValueError(f"group_order: expected each keypoint once, got {self.group_order}")
        if any(a == b for a, b in self.limbs + self.pairs):
            raise ValueError("limbs: expected two different keypoints each")

    @property
    def num_keypoints(self):
        """Number K of keypoints."""
        return len(self.keypoints)

    @property
    def num_paf_channels(self):
        """Number of channels that part affinity fields of this skeleton need."""
        return 1 + max((channel for pair in self.paf_channels for channel in pair), default=-1)

    @property
    def flip_order(self):
        """Keypoint order (K,) after a mirror image: applied twice, it is the identity."""
        order = np.arange(self.num_keypoints)
        for left, right in self.pairs:
            order[[left, right]] = order[[right, left]]
        return order

    @property
    def colours(self):
        """One RGB colour in 0..255 per limb (L, 3), evenly spaced in hue."""
        hues = np.arange(len(self.limbs)) / max(len(self.limbs), 1)
        rgb = [colorsys.hsv_to_rgb(hue, 0.9, 1.0) for hue in hues]
        return np.round(255 * np.reshape(rgb, (-1, 3))).astype(np.uint8)

    def columns_of(self, other):
        """Index in this skeleton of each keypoint of ``other`` by name (-1: has none)."""
        where = {name: k for k, name in enumerate(self.keypoints)}
        return np.array([where.get(name, -1) for name in other.keypoints], dtype=np.intp)


def _pairs_of_int(name, pairs, count):
    """Return ``pairs`` as a tuple of int pairs, each below ``count`` where that is given."""
    array = np.array(pairs)
    if array.size == 0:
        return ()
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected pairs of int, got {pairs!r}")
    if array.min() < 0 or count is not None and array.max() >= count:
        raise ValueError(f"{name}: expected indices in [0, {count}), got {pairs!r}")
    return tuple((int(a), int(b)) for a, b in array)


# The published evaluation constants, per keypoint name: cocodataset.org/#keypoints-eval.
_COCO_SIGMAS = {
    "nose": 0.026, "eye": 0.025, "ear": 0.035, "shoulder": 0.079, "elbow": 0.072,
    "wrist": 0.062, "hip": 0.107, "knee": 0.087, "ankle": 0.089,
}  # fmt: skip
_NECK_SIGMA = 0.079  # COCO has no neck: the shoulders' constant, whose mean it is


def _coco_sigmas(names):
    return [_COCO_SIGMAS.get(name.split("_")[-1], _NECK_SIGMA) for name in names]


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
# Of the feet: COCO-WholeBody's (Jin et al., ECCV 2020, arXiv:2007.11858).
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
