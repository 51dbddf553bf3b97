"""A coinciding left and right keypoint of one person: one of the two is moved.

If a network cannot tell a left ankle from a right one, both maps are high at both ankles, and the
best peaks of a person's left and right ankle may coincide; the other ankle is then missed. Of 280
people that `models.SmallTags` found, 205 had both ankles at one place, 4 of them truly. So if a
person's left and right keypoint are less than two pixels apart, each of them also names its best
other pixel, more than eight pixels away, by the value of `codec.tags.fill_missing`. Of the two
ways to separate them

    left stays, right moves:  score_left[here] + value_right[there]
    right stays, left moves:  score_right[here] + value_left[there]

the one of the higher sum is taken, and the first of two equals. A keypoint is moved only if the
alternative scores at least 0.7 of its present place: a leg may truly be behind the other. Both
ways are compared because the second best pixel may be almost as good for the left keypoint and
wrong for the right one. All numbers were chosen on the validation scenes of the training, for
maps of the input's size. If a peak were eight pixels wide, its own flank would be an alternative.
"""

import numpy as np

from npkpose.codec.tags.fill_missing import best_pixel
from npkpose.codec.tags.peaks import offset_pixels
from npkpose.poses import Poses

SAME_PLACE = 2.0  # pixels: a left and a right keypoint nearer than this coincide
ELSEWHERE = 8.0  # pixels: an alternative is at least this far away
MIN_RATIO = 0.7  # of the alternative's score to the present score


# Seven arguments, not six: the last two are numbers of `group_tags`.
def separate_coinciding(poses, means, heatmaps, tags, pairs, offset, tag_threshold=1.0):
    """Return `Poses` with one of each coinciding left and right keypoint moved, if it can be.

    Parameters
    ----------
    poses : Poses of P people, K keypoints
        In heatmap pixels.
    means : ndarray, shape (P, T)
        Mean tag of each person.
    heatmaps : ndarray, shape (K, H, W), float32 or float64
        C-contiguous.
    tags : ndarray, shape (K, H, W, T)
    pairs : sequence of (left, right)
        ``skeleton.pairs``, none of which share a keypoint.
    offset, tag_threshold : float
        As in `codec.tags.fill_missing`.

    Returns
    -------
    separated : Poses
        A keypoint that moved gets the value of its new pixel as its score, or keeps 0 if it was
        filled in. Person scores and the order of people stay.
    """
    person, both = _coinciding(poses, pairs)  # (M,), (M, 2)
    here = poses.keypoints[person[:, None], both]  # (M, 2, 2)
    pixels, values = best_pixel(
        heatmaps, tags, means[person].repeat(2, axis=0), both.ravel(), tag_threshold,
        here.reshape(-1, 2), ELSEWHERE,
    )  # fmt: skip
    pixels, there = pixels.reshape(-1, 2, 3), values.reshape(-1, 2)
    m, side = _choose(_scores_here(poses, heatmaps, person, both), there)
    person, keypoint, pixels = person[m], both[m, side], pixels[m, side]
    keypoints, scores = poses.keypoints.copy(), poses.scores.copy()
    keypoints[person, keypoint] = offset_pixels(heatmaps, pixels, offset)
    detected = scores[person, keypoint] > 0
    scores[person, keypoint] = np.where(detected, heatmaps[tuple(pixels.T)], 0.0)
    return Poses(keypoints, scores, poses.person_scores, poses.ids)


def _coinciding(poses, pairs):
    """Return the people (M,) and the left and right keypoints (M, 2) that coincide."""
    left_right = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    left, right = left_right.T
    apart = poses.keypoints[:, left] - poses.keypoints[:, right]  # (P, pairs, 2)
    person, pair = np.nonzero(np.hypot(apart[..., 0], apart[..., 1]) < SAME_PLACE)
    return person, left_right[pair]


def _scores_here(poses, heatmaps, person, both):
    """Return the scores (M, 2) of keypoints; a filled one's is the heatmap at its pixel."""
    x, y = np.moveaxis(np.rint(poses.keypoints[person[:, None], both]).astype(int), 2, 0)
    scores = poses.scores[person[:, None], both]
    return np.where(scores > 0, scores, heatmaps[both, y, x])


def _choose(here, there):
    """Return rows m and sides 0 or 1: the keypoints to move, by their scores (M, 2)."""
    m = np.arange(len(here))
    side = (here[:, 0] + there[:, 1] >= here[:, 1] + there[:, 0]).astype(int)
    good = there[m, side] > np.maximum(MIN_RATIO * here[m, side], 0.0)
    return m[good], side[good]
