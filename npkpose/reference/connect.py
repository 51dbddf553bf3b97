"""Twin of `npkpose.codec.connect`: every candidate sampled by tent weights, matched in a loop."""

import numpy as np

from npkpose.reference.paf import sample


def connect_limbs(
    peaks, pafs, skeleton, num_samples=10, sample_threshold=0.05, sample_fraction=0.8
):
    """Return a list of (limb, a, b, affinity), as `codec.connect.connect_limbs` orders them."""
    connections = []
    for limb, ((part_a, part_b), channels) in enumerate(zip(skeleton.limbs, skeleton.paf_channels)):
        field = pafs[list(channels)]
        candidates = []
        for a in range(peaks.first[part_a], peaks.first[part_a + 1]):
            for b in range(peaks.first[part_b], peaks.first[part_b + 1]):
                ends = peaks.points[a], peaks.points[b]
                affinity = _affinity(field, *ends, num_samples, sample_threshold, sample_fraction)
                if affinity > 0:
                    candidates.append((limb, a, b, affinity))
        candidates.sort(key=lambda c: -c[3])  # stable
        taken = set()
        for limb, a, b, affinity in candidates:
            if a not in taken and b not in taken:
                taken |= {a, b}
                connections.append((limb, a, b, affinity))
    return connections


def _affinity(field, a, b, num_samples, sample_threshold, sample_fraction):
    length = np.linalg.norm(b - a)
    if length == 0:
        return sample_threshold
    corner = np.array(field.shape[:0:-1]) - 1  # (W - 1, H - 1)
    points = np.linspace(a, b, num_samples).clip(0, corner)
    e = sample(field, points) @ (b - a) / length
    if (e > sample_threshold).sum() < sample_fraction * num_samples:
        return 0.0
    return e.mean() + min(0.5 * field.shape[1] / length - 1, 0)
