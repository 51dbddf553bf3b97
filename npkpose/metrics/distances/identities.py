"""IDF1: how long each object carries one identity, over a whole sequence.

Objects and hypotheses are matched one to one for the whole sequence, so that the number of frames
in which matched ones are near enough to each other is highest. These frames are true positives of
identity, IDTP; all other frames of hypotheses are IDFP, all other frames of objects IDFN:

    IDF1 = 2 IDTP / (2 IDTP + IDFP + IDFN),    IDP = IDTP / (IDTP + IDFP),
    IDR = IDTP / (IDTP + IDFN)

Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking",
ECCV 2016 Workshops, arXiv:1609.01775. Switches of identity are counted by `clear_mot`.
"""

from typing import NamedTuple

import numpy as np

from npkpose.metrics.distances.clear_mot import nearest_pairs


class IdentityCounts(NamedTuple):
    """Counts of frames; add two for those of two sequences."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0

    def __add__(self, other):
        return IdentityCounts(*(a + b for a, b in zip(self, other)))

    @property
    def idf1(self):
        """From 0 to 1; NaN without objects and hypotheses."""
        return _share(2 * self.true_positives, self.false_positives + self.false_negatives)

    @property
    def precision(self):
        """IDP; NaN without hypotheses."""
        return _share(self.true_positives, self.false_positives)

    @property
    def recall(self):
        """IDR; NaN without objects."""
        return _share(self.true_positives, self.false_negatives)


def identity_scores(frames):
    """Return the `IdentityCounts` of one sequence.

    Parameters
    ----------
    frames : iterable of (objects, hypotheses, distances)
        As for `clear_mot`: ids of G objects and D hypotheses, and their distances (G, D), NaN where
        too far.
    """
    near, num_objects, num_hypotheses = {}, 0, 0
    for objects, hypotheses, distances in frames:
        num_objects += len(objects)
        num_hypotheses += len(hypotheses)
        for g, d in zip(*np.nonzero(np.isfinite(np.asarray(distances, dtype=np.float64)))):
            pair = objects[g], hypotheses[d]
            near[pair] = near.get(pair, 0) + 1
    matched = _match(near)
    return IdentityCounts(matched, num_hypotheses - matched, num_objects - matched)


def _match(near):
    """Return the frames of the best one-to-one matching of {(object, hypothesis): frames}."""
    rows, columns = (list(dict.fromkeys(pair[side] for pair in near)) for side in (0, 1))
    frames = np.zeros((len(rows), len(columns)))
    for (g, d), count in near.items():
        frames[rows.index(g), columns.index(d)] = count
    return int(sum(frames[g, d] for g, d in nearest_pairs(-frames)))


def _share(part, rest):
    return part / (part + rest) if part + rest else float("nan")
