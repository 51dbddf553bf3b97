"""Twin of `npkpose.codec.tags.left_right`: a person after another, a pair after another."""

import numpy as np

from npkpose.reference.codec.tags.fill_missing import likeliest

SAME, ELSEWHERE, WORTH = 2.0, 8.0, 0.7


def part_sides(keypoints, scores, means, heatmaps, tags, pairs, tag_threshold=1.0):
    """Return keypoints (P, K, 2) on whole pixels, parted."""
    keypoints = keypoints.copy()
    for person, score, mean in zip(keypoints, scores, means):
        for pair in pairs:
            here = {k: person[k].copy() for k in pair}
            left, right = pair
            if not np.hypot(*(here[left] - here[right])) < SAME:
                continue
            there = {}
            for k in pair:
                pixel = likeliest(heatmaps[k], tags[k], mean, tag_threshold, here[k], ELSEWHERE)
                value = 0.0
                if pixel is not None:
                    value = heatmaps[k][pixel] - _distance(tags[k][pixel], mean, tag_threshold)
                there[k] = value, pixel
            worth = {}
            for k in pair:
                x, y = np.rint(here[k]).astype(int)
                worth[k] = score[k] if score[k] > 0 else heatmaps[k, y, x]
            right_goes = worth[left] + there[right][0], right
            left_goes = worth[right] + there[left][0], left
            goes = max(right_goes, left_goes, key=lambda option: option[0])[1]
            value, pixel = there[goes]
            if pixel is not None and value > max(WORTH * worth[goes], 0.0):
                person[goes] = pixel[::-1]
    return keypoints


def _distance(tag, mean, tag_threshold):
    return np.round(np.linalg.norm(tag.astype(float) - mean) / tag_threshold)
