"""Twin of `npkpose.codec.paf.candidates`: all pairs of peaks, scored by tent weights."""

import numpy as np

from npkpose.reference.codec.paf.fields import sample

NEAR, TINY = 8.0, 1.0


def candidate_limbs(peaks, pafs, skeleton, num_samples=10, limits=(0.05, 0.8, 8.0)):
    """Return for each limb type the affinity of each accepted candidate: {(a, b): affinity}."""
    *thresholds, max_length_ratio = limits
    accepted = []
    for (start, end), channels in zip(skeleton.limbs, skeleton.paf_channels):
        field = pafs[list(channels)]
        scored = {}
        for a in range(peaks.first[start], peaks.first[start + 1]):
            for b in range(peaks.first[end], peaks.first[end + 1]):
                ends = peaks.points[a], peaks.points[b]
                affinity = _affinity(field, *ends, num_samples, *thresholds)
                if affinity > 0:
                    scored[a, b] = affinity, np.linalg.norm(ends[1] - ends[0])
        kept = [pair for pair in scored if not _is_pruned(pair, scored, max_length_ratio)]
        accepted.append({pair: scored[pair][0] for pair in kept})
    return accepted


def _is_pruned(pair, scored, max_length_ratio):
    """Return whether a pair is over 8 pixels and too long for a short candidate at its ends."""
    length = scored[pair][1]
    return length > NEAR and any(
        TINY < other <= NEAR and length > max_length_ratio * other
        for ends, (_, other) in scored.items()
        if ends[0] == pair[0] or ends[1] == pair[1]
    )


def _affinity(field, a, b, num_samples, sample_threshold, sample_fraction):
    length = np.linalg.norm(b - a)
    rejected = max(sample_threshold, 0.0) if length < TINY else 0.0
    if length == 0:
        return rejected
    corner = np.array(field.shape[:0:-1]) - 1  # (W - 1, H - 1)
    points = np.linspace(a, b, num_samples).clip(0, corner)
    e = sample(field, points) @ (b - a) / length
    if (e > sample_threshold).sum() <= sample_fraction * num_samples:
        return rejected
    return max(e.mean() + min(0.5 * field.shape[1] / length - 1, 0), rejected)
