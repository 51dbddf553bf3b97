"""Twin of `npkpose.codec.tags.left_right`: one person and one pair at a time."""

import numpy as np

from npkpose.reference.codec.tags.fill_missing import best_pixel

SAME_PLACE, ELSEWHERE, MIN_RATIO = 2.0, 8.0, 0.7


def separate_coinciding(keypoints, scores, means, heatmaps, tags, pairs, tag_threshold=1.0):
    """Return keypoints (P, K, 2) on whole pixels, the coinciding ones separated."""
    keypoints = keypoints.copy()
    for person, score, mean in zip(keypoints, scores, means):
        for pair in pairs:
            here = {k: person[k].copy() for k in pair}
            left, right = pair
            if not np.hypot(*(here[left] - here[right])) < SAME_PLACE:
                continue
            there = {}
            for k in pair:
                pixel = best_pixel(heatmaps[k], tags[k], mean, tag_threshold, here[k], ELSEWHERE)
                value = 0.0
                if pixel is not None:
                    value = heatmaps[k][pixel] - _distance(tags[k][pixel], mean, tag_threshold)
                there[k] = value, pixel
            present = {}
            for k in pair:
                x, y = np.rint(here[k]).astype(int)
                present[k] = score[k] if score[k] > 0 else heatmaps[k, y, x]
            right_moves = present[left] + there[right][0], right
            left_moves = present[right] + there[left][0], left
            moved = max(right_moves, left_moves, key=lambda option: option[0])[1]
            value, pixel = there[moved]
            if pixel is not None and value > max(MIN_RATIO * present[moved], 0.0):
                person[moved] = pixel[::-1]
    return keypoints


def _distance(tag, mean, tag_threshold):
    return np.round(np.linalg.norm(tag.astype(float) - mean) / tag_threshold)
