"""Twin of `npkpose.codec.paf.assemble`: people as dictionaries, merged one by one."""

import numpy as np


def assemble(peaks, connections, skeleton):
    """Return members (P, K) and affinities (P,), as `codec.paf.assemble` does."""
    keypoint = np.repeat(np.arange(skeleton.num_keypoints), np.diff(peaks.first))
    people = [({k: peak}, 0.0) for peak, k in enumerate(keypoint)]
    rows = list(zip(connections.limbs, connections.pairs, connections.affinities))
    rows.sort(key=lambda row: (row[0] in skeleton.redundant_limbs, -row[2]))  # stable
    for limb, (a, b), affinity in rows:
        one = next(p for p in people if p[0].get(keypoint[a]) == a)
        other = next(p for p in people if p[0].get(keypoint[b]) == b)
        together = one[0] | other[0]
        single = len(one[0]) == len(other[0]) == 1
        if one is other:
            people[people.index(one)] = (one[0], one[1] + affinity)
        elif one[0].keys().isdisjoint(other[0]) and not (
            single and limb in skeleton.redundant_limbs
        ):
            people = [p for p in people if p is not one and p is not other]
            people.append((together, one[1] + other[1] + affinity))
    people.sort(key=lambda p: min(p[0].values()))
    members = np.full((len(people), skeleton.num_keypoints), -1)
    for row, (person, _) in zip(members, people):
        row[list(person)] = list(person.values())
    return members, np.array([affinity for _, affinity in people])
