"""Twin of `npkpose.codec.paf.group`: its steps, each by its own twin."""

from types import SimpleNamespace

import numpy as np

from npkpose.reference.codec.heatmap.merged_peaks import separate_peaks
from npkpose.reference.codec.heatmap.peaks import find_peaks
from npkpose.reference.codec.paf.assemble import assemble
from npkpose.reference.codec.paf.limbs import connect_limbs


def group_paf(heatmaps, pafs, skeleton, threshold=0.1, min_keypoints=4, min_score=0.4):
    """Return keypoints (P, K, 2), NaN where missing, and person scores (P,), by falling score."""
    peaks = _all_peaks(heatmaps, threshold)
    rows = connect_limbs(peaks, pafs, skeleton)
    connections = SimpleNamespace(
        limbs=[limb for limb, *_ in rows],
        pairs=[(a, b) for _, a, b, _ in rows],
        affinities=[affinity for *_, affinity in rows],
    )
    keypoints, scores = [], []
    for person, affinity in zip(*assemble(peaks, connections, skeleton)):
        present = person >= 0
        score = (peaks.scores[person[present]].sum() + affinity) / present.sum()
        if present.sum() >= min_keypoints and score >= min_score:
            points = np.full((len(person), 2), np.nan)
            points[present] = peaks.points[person[present]]
            keypoints.append(points)
            scores.append(score)
    order = np.argsort(-np.array(scores), kind="stable")
    shape = -1, skeleton.num_keypoints, 2
    return np.reshape([keypoints[p] for p in order], shape), np.array(scores)[order]


def _all_peaks(heatmaps, threshold):
    maps = find_peaks(heatmaps, threshold)  # x, y, score of each peak
    rows, first = np.concatenate(maps), np.cumsum([0, *map(len, maps)])
    found = SimpleNamespace(points=rows[:, :2], scores=rows[:, 2], first=first)
    points, scores, first = separate_peaks(heatmaps, found, threshold)
    return SimpleNamespace(points=points, scores=scores, first=first)
