"""Twin of `npkpose.codec.tags.group`: people as dictionaries, every matching tried."""

import numpy as np

from npkpose.reference.codec.assignment import assign
from npkpose.reference.codec.tags.peaks import find_tag_peaks


def group_tags(heatmaps, tags, order, threshold=0.1, tag_threshold=1.0, max_people=30):
    """Return the keypoints (K, 2) of all people, before any is dropped; tags (K, H, W, T)."""
    peaks = find_tag_peaks(heatmaps, threshold, max_people, 0.25)
    people = []  # each {keypoint: (point, score, tag)}
    for k in order:
        cost = np.array([[_cost(tags[k], p, q, tag_threshold) for q in people] for p in peaks[k]])
        match = dict(zip(*assign(cost.reshape(len(peaks[k]), len(people)), unassigned=101)))
        for i, (point, score, pixel) in enumerate(peaks[k]):
            person = people[match[i]] if i in match else {}
            if not person:
                people.append(person)
            person[k] = point, score, tags[k][pixel]
    keypoints = np.full((len(people), len(heatmaps), 2), np.nan)
    for row, person in zip(keypoints, people):
        for k, (point, _, _) in person.items():
            row[k] = point
    return keypoints


def _cost(tags, peak, person, tag_threshold):
    _, score, pixel = peak
    mean_score = np.mean([score for _, score, _ in person.values()])
    mean_tag = np.mean([tag for _, _, tag in person.values()], axis=0)
    distance = np.linalg.norm(tags[pixel] - mean_tag) / tag_threshold
    if distance >= 1:
        return np.inf
    return 100 * np.round(distance) + distance - score * (1 + 2 * mean_score)
