"""The class `Skeleton`: a body plan's keypoints, limbs, left-right pairs and OKS constants.

Everything about a body plan lives in a `Skeleton`. The published plans are in
`npkpose.skeletons`; no other code contains a keypoint number.

* ``sigmas`` are the per-keypoint constants of the object keypoint similarity (OKS): the
  standard deviation of human annotators, as a share of the square root of the person's
  area (COCO keypoint evaluation; Ronchi and Perona, ICCV 2017, arXiv:1707.05388). NaN means
  that it was never measured, as for a spine: such a skeleton has no OKS.
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
        Left and right partners, exchanged in a mirror image.
    sigmas : sequence of K float, or one float for all
        OKS constants, positive or NaN.
    paf_channels : sequence of L pairs of int, or None
        Channels of each limb's x and y components; None means (2l, 2l + 1).
    redundant_limbs : sequence of int
        Limbs that may extend a person and never start one: indices into ``limbs``.
    group_order : sequence of K int, or None
        The order in which `group_tags` groups keypoints, the most surely detected first; None
        means 0 to K - 1.

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
        object.__setattr__(self, field, value)  # as a frozen dataclass's own __init__ does

    def _check(self):
        if len(set(self.keypoints)) != len(self.keypoints):
            raise ValueError(f"keypoints: expected distinct names, got {self.keypoints}")
        if len(self.sigmas) != self.num_keypoints or any(s <= 0 for s in self.sigmas):
            raise ValueError(f"sigmas: expected {self.num_keypoints} positive, got {self.sigmas}")
        if len(self.paf_channels) != len(self.limbs):
            raise ValueError(
                f"paf_channels: expected {len(self.limbs)} pairs, got {len(self.paf_channels)}"
            )
        channels = [channel for pair in self.paf_channels for channel in pair]
        if len(set(channels)) != len(channels):
            raise ValueError(f"paf_channels: expected distinct channels, got {self.paf_channels}")
        for limb in self.redundant_limbs:
            if not 0 <= limb < len(self.limbs):
                raise ValueError(f"redundant_limbs: expected limb indices, got {limb}")
        if sorted(self.group_order) != list(range(self.num_keypoints)):
            raise ValueError(f"group_order: expected each keypoint once, got {self.group_order}")
        for name, pairs in (("limbs", self.limbs), ("pairs", self.pairs)):
            if any(a == b for a, b in pairs):
                raise ValueError(f"{name}: expected two different keypoints each, got {pairs}")

    @property
    def num_keypoints(self):
        """Number K of keypoints."""
        return len(self.keypoints)

    @property
    def num_paf_channels(self):
        """Number of channels that part affinity fields of this skeleton need."""
        return 1 + max((channel for pair in self.paf_channels for channel in pair), default=-1)

    @property
    def limbs_and_channels(self):
        """The two keypoints and the two field channels of each limb: int64 (L, 4)."""
        rows = [ends + channels for ends, channels in zip(self.limbs, self.paf_channels)]
        return np.array(rows, dtype=np.int64).reshape(-1, 4)

    @property
    def flip_order(self):
        """Keypoint order (K,) in a mirror image: applied twice, it is the identity."""
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
        """Index in this skeleton of each keypoint of ``other``, by name; -1 if it has none."""
        where = {name: k for k, name in enumerate(self.keypoints)}
        return np.array([where.get(name, -1) for name in other.keypoints], dtype=np.intp)


def _pairs_of_int(name, pairs, count):
    """Return ``pairs`` as a tuple of int pairs, each below ``count`` if that is given."""
    array = np.array(pairs)
    if array.size == 0:
        return ()
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected pairs of int, got {pairs!r}")
    if array.min() < 0 or count is not None and array.max() >= count:
        raise ValueError(f"{name}: expected indices in [0, {count}), got {pairs!r}")
    return tuple((int(a), int(b)) for a, b in array)
