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
from numpy.typing import NDArray

from npkpose._check import check_integer, check_kind, real_array, shown

MAX_CHANNELS = 100_000  # of fields


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
        Left and right partners, exchanged in a mirror image; each keypoint in one pair at most.
    sigmas : sequence of K float, or one float for all
        OKS constants, positive or NaN.
    paf_channels : sequence of L pairs of int, or None
        Channels of each limb's x and y components; None means (2l, 2l + 1).
    redundant_limbs : sequence of int
        Limbs that may extend a person and never start one: indices into ``limbs``.
    group_order : sequence of K int, or None
        The order in which `group_tags` groups keypoints, the most surely detected first; None
        means 0 to K - 1.
    group, source, note : str
        What it is a plan of ("body", "hand", ...); where it was published; what else to know.

    Raises
    ------
    ValueError
        Duplicate names, an index out of range, lengths that disagree, a sigma that is not positive,
        or a keypoint in two pairs.
    """

    name: str
    keypoints: tuple
    limbs: tuple
    pairs: tuple = ()
    sigmas: tuple = 0.05
    paf_channels: tuple | None = None
    redundant_limbs: tuple = ()
    group_order: tuple | None = None
    group: str = ""
    source: str = ""
    note: str = ""

    def __post_init__(self):
        for field in ("name", "group", "source", "note"):
            if not isinstance(getattr(self, field), str):
                raise ValueError(f"{field}: expected text, got {shown(getattr(self, field))}")
        self._set("keypoints", _names(self.keypoints))
        count = len(self.keypoints)
        self._set("limbs", _pairs_of_int("limbs", self.limbs, count))
        self._set("pairs", _pairs_of_int("pairs", self.pairs, count))
        self._set("sigmas", _sigmas(self.sigmas, count))
        limbs = len(self.limbs)
        channels = self.paf_channels
        if channels is None:
            channels = [(2 * limb, 2 * limb + 1) for limb in range(limbs)]
        self._set("paf_channels", _pairs_of_int("paf_channels", channels, MAX_CHANNELS))
        self._set("redundant_limbs", _indices("redundant_limbs", self.redundant_limbs, limbs))
        order = range(count) if self.group_order is None else self.group_order
        self._set("group_order", _indices("group_order", order, count))
        self._check()

    def __hash__(self):
        return hash((self.name, len(self.keypoints)))  # cheap: conversion looks tables up by it

    def _set(self, field, value):
        object.__setattr__(self, field, value)  # as a frozen dataclass's own __init__ does

    def _check(self):
        if len(set(self.keypoints)) != len(self.keypoints):
            raise ValueError(f"keypoints: expected distinct names, got {self.keypoints}")
        if len(self.paf_channels) != len(self.limbs):
            raise ValueError(
                f"paf_channels: expected {len(self.limbs)} pairs, got {len(self.paf_channels)}"
            )
        channels = [channel for pair in self.paf_channels for channel in pair]
        if len(set(channels)) != len(channels):
            raise ValueError(f"paf_channels: expected distinct channels, got {self.paf_channels}")
        if sorted(self.group_order) != list(range(self.num_keypoints)):
            raise ValueError(f"group_order: expected each keypoint once, got {self.group_order}")
        for name, pairs in (("limbs", self.limbs), ("pairs", self.pairs)):
            if any(a == b for a, b in pairs):
                raise ValueError(f"{name}: expected two different keypoints each, got {pairs}")
        partners = [k for pair in self.pairs for k in pair]
        if len(set(partners)) != len(partners):
            raise ValueError(f"pairs: expected each keypoint in one pair only, got {self.pairs}")

    @property
    def num_keypoints(self) -> int:
        """Number K of keypoints."""
        return len(self.keypoints)

    @property
    def num_paf_channels(self) -> int:
        """Number of channels that part affinity fields of this skeleton need."""
        return 1 + max((channel for pair in self.paf_channels for channel in pair), default=-1)

    @property
    def limbs_and_channels(self) -> NDArray:
        """The two keypoints and the two field channels of each limb: int64 (L, 4)."""
        rows = [ends + channels for ends, channels in zip(self.limbs, self.paf_channels)]
        return np.array(rows, dtype=np.int64).reshape(-1, 4)

    @property
    def flip_order(self) -> NDArray:
        """Keypoint order (K,) in a mirror image: applied twice, it is the identity."""
        order = np.arange(self.num_keypoints)
        for left, right in self.pairs:
            order[[left, right]] = order[[right, left]]
        return order

    @property
    def colours(self) -> NDArray:
        """One RGB colour in 0..255 per limb (L, 3), evenly spaced in hue."""
        hues = np.arange(len(self.limbs)) / max(len(self.limbs), 1)
        rgb = [colorsys.hsv_to_rgb(hue, 0.9, 1.0) for hue in hues]
        return np.round(255 * np.reshape(rgb, (-1, 3))).astype(np.uint8)

    def columns_of(self, other: "Skeleton") -> NDArray:
        """Index in this skeleton of each keypoint of ``other``, by name; -1 if it has none."""
        check_kind("other", other, Skeleton)
        where = {name: k for k, name in enumerate(self.keypoints)}
        return np.array([where.get(name, -1) for name in other.keypoints], dtype=np.intp)


def _names(keypoints):
    """Return the names as a tuple of str, or raise ValueError."""
    names = () if isinstance(keypoints, str) else _items("keypoints", keypoints)
    if isinstance(keypoints, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"keypoints: expected a sequence of names, got {shown(keypoints)}")
    return tuple(str(name) for name in names)  # NumPy's text too


def _sigmas(sigmas, count):
    """Return the constants of ``count`` keypoints as a tuple of float, each positive or NaN."""
    array = real_array("sigmas", sigmas)
    array = np.full(count, array[()]) if array.ndim == 0 else array
    if array.shape != (count,) or (array <= 0).any() or np.isinf(array).any():
        raise ValueError(f"sigmas: expected {count} positive numbers or NaN, got {shown(sigmas)}")
    return tuple(float(sigma) for sigma in array)


def _pairs_of_int(name, pairs, count):
    """Return ``pairs`` as a tuple of int pairs, each below ``count``."""
    array = real_array(name, pairs)
    if array.size == 0:
        return ()
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected pairs of int, got {shown(pairs)}")
    if array.min() < 0 or array.max() >= count:
        raise ValueError(f"{name}: expected indices in [0, {count}), got {shown(pairs)}")
    return tuple((int(a), int(b)) for a, b in array)


def _indices(name, values, count):
    """Return ``values`` as a tuple of int, each below ``count``."""
    return tuple(check_integer(name, k, at_most=count - 1) for k in _items(name, values))


def _items(name, values):
    """Return the items of a sequence as a tuple, or raise ValueError."""
    try:
        return tuple(values)
    except Exception:  # no iterator, or one that fails
        raise ValueError(f"{name}: expected a sequence, got {shown(values)}") from None
