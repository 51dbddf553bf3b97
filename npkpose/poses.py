"""The class `Poses`: people in one image, as every grouping returns and every metric takes them.

A missing keypoint is NaN with score 0, never (0, 0). Visibility, keypoint score and
person score are three different things; a `Poses` holds the last two.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from npkpose._check import MAX_SIDE, check_array, check_integer, check_kind
from npkpose._html import OKABE_ITO_CODES, points_picture, table
from npkpose.skeleton import Skeleton
from npkpose.skeletons.conversion import conversion_table


class Poses:
    """P people of K keypoints each.

    Parameters
    ----------
    keypoints : array_like, shape (P, K, 2)
        (x, y) in pixels; NaN where a keypoint is missing.
    scores : array_like, shape (P, K), optional
        Confidence of each keypoint; set to 0 where one is missing. Default: 1 where present.
    person_scores : array_like, shape (P,), optional
        Confidence of each person. Default: the mean score of the keypoints present.
    ids : array_like of int, shape (P,), optional
        Default: 0 to P - 1.

    Raises
    ------
    ValueError
        Wrong shape, a keypoint that is infinite or half NaN, or a score that is not finite.
    """

    def __init__(
        self, keypoints: ArrayLike, scores: ArrayLike | None = None,
        person_scores: ArrayLike | None = None, ids: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        keypoints = check_array("keypoints", keypoints, ("P", "K", 2), finite=False).copy()
        missing = np.isnan(keypoints)
        if np.isinf(keypoints).any() or (missing[..., 0] != missing[..., 1]).any():
            raise ValueError("keypoints: expected (x, y) finite or both NaN")
        shape = people, _ = keypoints.shape[:2]
        scores = check_array("scores", np.ones(shape) if scores is None else scores, shape)
        self.keypoints = keypoints
        self.scores = np.where(missing[..., 0], 0.0, scores)
        if person_scores is None:
            with np.errstate(over="ignore", invalid="ignore"):
                person_scores = self.scores.sum(1) / np.maximum(self.num_present, 1)
            if not np.isfinite(person_scores).all():
                raise ValueError("scores: expected values whose sum is finite")
        self.person_scores = check_array("person_scores", person_scores, (people,)).copy()
        ids = np.arange(people) if ids is None else ids
        self.ids = check_array("ids", ids, (people,), np.int64).copy()

    @classmethod
    def _unchecked(cls, keypoints, scores, person_scores):
        """Return the people of new arrays that need no check, as grouping makes them."""
        poses = cls.__new__(cls)
        poses.keypoints, poses.scores, poses.person_scores = keypoints, scores, person_scores
        poses.ids = np.arange(len(keypoints))
        return poses

    @classmethod
    def empty(cls, num_keypoints: int) -> "Poses":
        """Return a `Poses` of no people: arrays of the right shape and length 0."""
        return cls(np.empty((0, check_integer("num_keypoints", num_keypoints, 0, MAX_SIDE), 2)))

    @property
    def present(self) -> NDArray:
        """Which keypoints are not missing: bool (P, K)."""
        return ~np.isnan(self.keypoints[..., 0])

    @property
    def num_present(self) -> NDArray:
        """The number of keypoints that each person has: (P,)."""
        return self.present.sum(axis=1)

    @property
    def boxes(self) -> NDArray:
        """The smallest box (x0, y0, x1, y1) around each person's keypoints: (P, 4), NaN if none."""
        low = np.where(self.present[..., None], self.keypoints, np.inf)
        high = np.where(self.present[..., None], self.keypoints, -np.inf)
        boxes = np.full((len(self), 4), np.nan)
        some = self.num_present > 0
        low, high = low[some].min(1, initial=np.inf), high[some].max(1, initial=-np.inf)
        boxes[some] = np.concatenate([low, high], axis=1)
        return boxes

    def __len__(self) -> int:
        return len(self.keypoints)

    def __getitem__(self, index: Any) -> "Poses":
        """Return the people at ``index`` (an int, slice, mask or list), with their ids."""
        index = [index] if np.ndim(index) == 0 and not isinstance(index, slice) else index
        return Poses(
            self.keypoints[index], self.scores[index], self.person_scores[index], self.ids[index]
        )

    def __repr__(self):
        return f"Poses({len(self)} people, {self.keypoints.shape[1]} keypoints)"

    def _repr_html_(self):
        """Return what a notebook shows: a picture of the keypoints, and a table of the people."""
        rows = [
            (id, f"{score:.3f}", f"{count} of {own.shape[0]}")
            for id, score, count, own in zip(
                self.ids.tolist(), self.person_scores, self.num_present, self.keypoints
            )
        ]
        groups = [own[here].tolist() for own, here in zip(self.keypoints, self.present)]
        codes = [OKABE_ITO_CODES[id % len(OKABE_ITO_CODES)] for id in self.ids.tolist()]
        picture = points_picture(groups, [f"#{code}" for code in codes])
        return f"<p>{self!r}</p>{picture}{table(('id', 'score', 'keypoints'), rows)}"

    def with_keypoints(self, keypoints: ArrayLike) -> "Poses":
        """Return the same people with other coordinates, for example in another frame."""
        keypoints = check_array("keypoints", keypoints, self.keypoints.shape, finite=False)
        return Poses(keypoints, self.scores, self.person_scores, self.ids)

    def convert(self, source: Skeleton, target: Skeleton, derive: bool = True) -> "Poses":
        """Return these people of skeleton ``source`` as skeleton ``target``.

        A keypoint that both have is copied; one that ``source`` lacks is derived where a rule is
        published, with the least score of the keypoints that it is made of; else it is missing.
        Person scores and ids stay. `npkpose.skeletons.conversion_table` shows which is which.

        Parameters
        ----------
        source, target : Skeleton
        derive : bool or sequence of str
            Whether to derive keypoints: neck and thorax (middle of the shoulders), mid-hip (of the
            hips), spine (of mid-hip and thorax), top and bottom of the head (on the line from
            mid-shoulder to mid-ear), Human3.6M's head (mean of eyes and ears) and neck_nose (middle
            of thorax and head), points of a face by number; or the names of those of ``target``
            that may be derived.
        """
        self._check_skeleton("source", source)
        table = conversion_table(source, target, derive)
        keypoints = table.points(self.keypoints)
        return Poses(keypoints, table.scores(self.scores), self.person_scores, self.ids)

    def to_coco(self, image_id: int, category_id: int = 1) -> list[dict]:
        """Return COCO result entries: keypoints as flat (x, y, score), 0, 0, 0 if missing."""
        triples = np.concatenate([self.keypoints, self.scores[..., None]], axis=2)
        triples = np.nan_to_num(triples, nan=0.0)
        return [
            {
                "image_id": image_id,
                "category_id": category_id,
                "keypoints": [float(value) for value in person.ravel()],
                "score": float(score),
            }
            for person, score in zip(triples, self.person_scores)
        ]

    def to_dict(self, skeleton: Skeleton) -> list[dict]:
        """Return plain lists for JSON: each person's id, score and named [x, y, score] keypoints.

        Missing keypoints are left out.
        """
        self._check_skeleton("skeleton", skeleton)
        people = []
        for person in range(len(self)):
            rows = zip(skeleton.keypoints, self.keypoints[person], self.scores[person])
            people.append(
                {
                    "id": int(self.ids[person]),
                    "score": float(self.person_scores[person]),
                    "keypoints": {
                        name: [float(x), float(y), float(score)]
                        for name, (x, y), score in rows
                        if not np.isnan(x)
                    },
                }
            )
        return {"skeleton": skeleton.name, "people": people}

    def _check_skeleton(self, name, skeleton):
        """Raise ValueError unless the skeleton has as many keypoints as these people."""
        check_kind(name, skeleton, Skeleton)
        if self.keypoints.shape[1] != skeleton.num_keypoints:
            raise ValueError(
                f"{name}: expected {self.keypoints.shape[1]} keypoints, "
                f"got {skeleton.name} with {skeleton.num_keypoints}"
            )
