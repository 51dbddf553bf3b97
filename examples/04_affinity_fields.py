"""Part affinity fields: which ends of four limbs belong together.

Two people cross their arms. Heatmaps would give two shoulders and two hands; the line integrals
of the field along the four candidate limbs show which two are real.

Expected output:

    shoulder 0 -> hand 0: line integral  0.96   (same person)
    shoulder 0 -> hand 1: line integral  0.24   (two people)
    shoulder 1 -> hand 0: line integral  0.31   (two people)
    shoulder 1 -> hand 1: line integral  0.96   (same person)
    the first limb alone in the image: 1.000000
"""

import argparse

import numpy as np
from matplotlib import pyplot as plt

from npkpose import Skeleton, limb_scores, paf_fields
from npkpose.exercises.plot_file import PlotFile

ARM = Skeleton("ARM", ("shoulder", "hand"), ((0, 1),))
PEOPLE = np.array([[(6, 6), (26, 24)], [(10, 22), (28, 8)]], dtype=float)  # (P, K, 2)
SIZE = (30, 34)

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=PlotFile, default="04_affinity_fields.png", help="plot")
out = parser.parse_args().out

field = paf_fields(PEOPLE, ARM, SIZE)  # (2, H, W)
shoulders, hands = PEOPLE[:, 0], PEOPLE[:, 1]
pairs = [(a, b) for a in range(2) for b in range(2)]
scores = limb_scores(field, shoulders[[a for a, _ in pairs]], hands[[b for _, b in pairs]])
for (a, b), score in zip(pairs, scores):
    owner = "same person" if a == b else "two people"
    print(f"shoulder {a} -> hand {b}: line integral {score:5.2f}   ({owner})")
alone = limb_scores(paf_fields(PEOPLE[:1], ARM, SIZE), shoulders[:1], hands[:1])[0]
print(f"the first limb alone in the image: {alone:.6f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4))
y, x = np.nonzero(np.hypot(*field))
left.quiver(x, y, *field[:, y, x], color="tab:blue", angles="xy", scale=28)
left.set_title("the field: unit vectors, averaged at the crossing")
for (a, b), score in zip(pairs, scores):
    real = a == b
    ends = np.stack([shoulders[a], hands[b]])
    right.plot(*ends.T, "-" if real else ":", c="tab:green" if real else "tab:red", lw=2)
    at = ends[0] + 0.3 * (ends[1] - ends[0])
    right.annotate(f"{score:.2f}", at, backgroundcolor="white", ha="center")
right.set_title("line integral along each candidate")
for ax in (left, right):
    ax.plot(*shoulders.T, "ko", ms=8)
    ax.plot(*hands.T, "k^", ms=8)
    ax.set_xlim(-0.5, SIZE[1] - 0.5)
    ax.set_ylim(SIZE[0] - 0.5, -0.5)
    ax.set_aspect("equal")
figure.tight_layout()
out.save(figure)
