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

# %%
# The field of a limb is a unit vector from its start to its end at each pixel near the limb, and
# zero elsewhere. A candidate's score is the mean of the field along the line between two keypoints,
# multiplied with the line's direction: 1 if the field agrees everywhere.

field = paf_fields(PEOPLE, ARM, SIZE)  # (2, H, W)
shoulders, hands = PEOPLE[:, 0], PEOPLE[:, 1]
pairs = [(a, b) for a in range(2) for b in range(2)]
scores = limb_scores(field, shoulders[[a for a, _ in pairs]], hands[[b for _, b in pairs]])
for (a, b), score in zip(pairs, scores):
    owner = "same person" if a == b else "two people"
    print(f"shoulder {a} -> hand {b}: line integral {score:5.2f}   ({owner})")
alone = limb_scores(paf_fields(PEOPLE[:1], ARM, SIZE), shoulders[:1], hands[:1])[0]
print(f"the first limb alone in the image: {alone:.6f}")

# %%
# Left the field: where the arms cross, the two vectors are averaged. Right the four candidates.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
y, x = np.nonzero(np.hypot(*field))
left.quiver(x, y, *field[:, y, x], color="#0072b2", angles="xy", scale=28)
left.set_title("The field: unit vectors, averaged where the arms cross")
for (a, b), score in zip(pairs, scores):
    real = a == b
    ends = np.stack([shoulders[a], hands[b]])
    style = {"ls": "-", "c": "#009e73"} if real else {"ls": ":", "c": "#d55e00"}
    label = ("same person" if real else "two people") if a == 0 else None
    right.plot(*ends.T, **style, lw=3, label=label)
    at = ends[0] + 0.3 * (ends[1] - ends[0])
    right.annotate(f"{score:.2f}", at, backgroundcolor="white", ha="center")
right.set_title("Mean of the field along each candidate limb")
for ax in (left, right):
    ax.plot(*shoulders.T, "ko", ms=9, label="shoulder")
    ax.plot(*hands.T, "k^", ms=9, label="hand")
    ax.set(xlabel="x, pixels", ylabel="y, pixels")
    ax.legend(loc="lower left")
    ax.set_xlim(-0.5, SIZE[1] - 0.5)
    ax.set_ylim(SIZE[0] - 0.5, -0.5)
    ax.set_aspect("equal")
out.save(figure)
