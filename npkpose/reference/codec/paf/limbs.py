"""Twin of `npkpose.codec.paf.limbs`: a sorted list, or every matching tried."""

from npkpose.reference.codec.paf.candidates import candidate_limbs


def connect_limbs(
    peaks, pafs, skeleton, num_samples=10, limits=(0.05, 0.8, 8.0), matching="greedy"
):
    """Return a list of (limb, a, b, affinity), in the order of `codec.paf.limbs`."""
    connections = []
    accepted = candidate_limbs(peaks, pafs, skeleton, num_samples, limits)
    for limb, scored in enumerate(accepted):
        choose = _greedy if matching == "greedy" else _optimal
        connections += [(limb, *pair, scored[pair]) for pair in choose(scored)]
    return sorted(connections, key=lambda c: (-c[3], *c[:3]))


def _greedy(scored):
    chosen, taken = [], set()
    for pair in sorted(scored, key=lambda pair: (-scored[pair], pair)):
        if taken.isdisjoint(pair):
            taken |= set(pair)
            chosen.append(pair)
    return chosen


def _optimal(scored):
    """Return the matching of the largest total affinity: every one is tried."""
    if not scored:
        return []
    (pair, gain), *rest = scored.items()
    without = _optimal(dict(rest))
    free = {p: s for p, s in rest if p[0] != pair[0] and p[1] != pair[1]}
    with_it = [pair, *_optimal(free)]
    return max(without, with_it, key=lambda pairs: sum(scored[p] for p in pairs))
