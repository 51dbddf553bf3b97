"""Twin of `npkpose.codec.paf.limbs`: every candidate sampled by tent weights, every pair compared."""

import numpy as np

from npkpose.reference.codec.paf.fields import sample

NEAR, TINY = 8.0, 1.0


def connect_limbs(
    peaks, pafs, skeleton, num_samples=10, limits=(0.05, 0.8, 8.0), matching="greedy"
):
    """Return a list of (limb, a, b, affinity), as `codec.connect.connect_limbs` orders them."""
    *thresholds, reach = limits
    connections = []
    for limb, ((part_a, part_b), channels) in enumerate(zip(skeleton.limbs, skeleton.paf_channels)):
        field = pafs[list(channels)]
        scored = {}
        for a in range(peaks.first[part_a], peaks.first[part_a + 1]):
            for b in range(peaks.first[part_b], peaks.first[part_b + 1]):
                ends = peaks.points[a], peaks.points[b]
                affinity = _affinity(field, *ends, num_samples, *thresholds)
                if affinity > 0:
                    scored[a, b] = affinity, np.linalg.norm(ends[1] - ends[0])
        scored = {pair: scored[pair][0] for pair in scored if _counts(pair, scored, reach)}
        choose = _greedy if matching == "greedy" else _optimal
        connections += [(limb, *pair, scored[pair]) for pair in choose(scored)]
    return sorted(connections, key=lambda c: (-c[3], *c[:3]))


def _counts(pair, scored, reach):
    """Is the pair no longer than its ends' near candidates allow?"""
    length = scored[pair][1]
    return length <= NEAR or all(
        not TINY < other <= NEAR or length <= reach * other
        for ends, (_, other) in scored.items()
        if ends[0] == pair[0] or ends[1] == pair[1]
    )


def _greedy(scored):
    chosen, taken = [], set()
    for pair in sorted(scored, key=lambda pair: (-scored[pair], pair)):
        if taken.isdisjoint(pair):
            taken |= set(pair)
            chosen.append(pair)
    return chosen


def _optimal(scored):
    """The matching of the largest total: every one is tried."""
    if not scored:
        return []
    (pair, gain), *rest = scored.items()
    without = _optimal(dict(rest))
    free = {p: s for p, s in rest if p[0] != pair[0] and p[1] != pair[1]}
    with_it = [pair, *_optimal(free)]
    return max(without, with_it, key=lambda pairs: sum(scored[p] for p in pairs))


def _affinity(field, a, b, num_samples, sample_threshold, sample_fraction):
    length = np.linalg.norm(b - a)
    refused = max(sample_threshold, 0.0) if length < TINY else 0.0
    if length == 0:
        return refused
    corner = np.array(field.shape[:0:-1]) - 1  # (W - 1, H - 1)
    points = np.linspace(a, b, num_samples).clip(0, corner)
    e = sample(field, points) @ (b - a) / length
    if (e > sample_threshold).sum() <= sample_fraction * num_samples:
        return refused
    return max(e.mean() + min(0.5 * field.shape[1] / length - 1, 0), refused)
