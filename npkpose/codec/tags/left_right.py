"""Left and right of one person at one place: one of the two gives way.

Where a network cannot tell a left ankle from a right one, both maps are bright at both ankles, and
the best peaks of a person's left and right ankle may be one and the same place, which leaves the
other ankle out. Of 280 people that `models.SmallTags` found, 205 had both ankles at one place, 4
of them truly. So where a person's left and right lie within two pixels, each also names the best
other place, by the value of `codec.tag_fill`, and of the two ways to part them

    left stays, right goes:  score_left[here] + value_right[there]
    right stays, left goes:  score_right[here] + value_left[there]

the better is taken, of equals the first. Nobody goes whose other place is not worth 0.7 of this
one: legs may truly be one behind the other. Both ways are compared because what is second best
for the left may be quite as good, and for the right quite wrong. All numbers were chosen on the
scenes that training is watched by, for maps of the input's size; of a peak eight pixels wide its
own flank would be another place.
"""

import numpy as np

from npkpose.codec.tags.fill_missing import likeliest
from npkpose.codec.tags.peaks import offset_pixels
from npkpose.poses import Poses

SAME, ELSEWHERE = 2.0, 8.0  # pixels: nearer is one place, further another
WORTH = 0.7  # of the other place, in units of this one's


# Seven arguments, not six: what `group_tags` knows of the maps, and its two numbers.
def part_sides(poses, means, heatmaps, tags, pairs, offset, tag_threshold=1.0):
    """Return `Poses` of which no left and right share a place that has a likely alternative.

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
        As in `codec.tag_fill`.

    Returns
    -------
    parted : Poses
        A keypoint that moved has its new pixel's height for a score, or still 0 where it was a
        guess. Person scores and the order of people stay.
    """
    sides = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    apart = poses.keypoints[:, sides[:, 0]] - poses.keypoints[:, sides[:, 1]]
    person, pair = np.nonzero(np.hypot(apart[..., 0], apart[..., 1]) < SAME)
    both = sides[pair]  # (M, 2)
    here = poses.keypoints[person[:, None], both]  # (M, 2, 2)
    pixels, there = likeliest(
        heatmaps, tags, means[person].repeat(2, axis=0), both.ravel(), tag_threshold,
        here.reshape(-1, 2), ELSEWHERE,
    )  # fmt: skip
    pixels, there = pixels.reshape(-1, 2, 3), there.reshape(-1, 2)
    x, y = np.moveaxis(np.rint(here).astype(int), 2, 0)  # of a guess; a peak has its score
    worth = poses.scores[person[:, None], both]  # (M, 2)
    worth = np.where(worth > 0, worth, heatmaps[both, y, x])
    goes = (worth[:, 0] + there[:, 1] >= worth[:, 1] + there[:, 0]).astype(int)
    which = np.arange(len(goes))
    some = there[which, goes] > np.maximum(WORTH * worth[which, goes], 0.0)
    which, goes, person = which[some], goes[some], person[some]
    part, pixels = both[which, goes], pixels[which, goes]
    keypoints, scores = poses.keypoints.copy(), poses.scores.copy()
    keypoints[person, part] = offset_pixels(heatmaps, pixels, offset)
    found = scores[person, part] > 0
    scores[person, part] = np.where(found, heatmaps[tuple(pixels.T)], 0.0)
    return Poses(keypoints, scores, poses.person_scores, poses.ids)
