"""Two people cross their arms: the field, its line integrals, and grouping without it."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import Skeleton, gaussian_heatmaps, group_paf, limb_scores, paf_fields
from npkpose.codec.paf.nearest_baseline import group_nearest

ARM = Skeleton("ARM", ("shoulder", "hand"), ((0, 1),))
people = np.array([[(6, 6), (26, 24)], [(10, 22), (28, 8)]], dtype=float)  # (P, K, 2)
size = (30, 34)
field = paf_fields(people, ARM, size)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), sharey=True)
y, x = np.nonzero(np.hypot(*field))
axes[0].quiver(x, y, *field[:, y, x], color="#0072B2", angles="xy", scale=28)
axes[0].set_title("The field: unit vectors along the limbs")
for a, b in np.ndindex(2, 2):
    ends = np.stack([people[a, 0], people[b, 1]])
    score = limb_scores(field, ends[:1], ends[1:])[0]
    axes[1].plot(*ends.T, "-" if a == b else ":", c="#009E73" if a == b else "#D55E00")
    axes[1].annotate(f"E = {score:.2f}", ends[0] + 0.28 * (ends[1] - ends[0]), ha="center",
                     bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
axes[1].set_title("The integral along each candidate")
for ax in axes:
    ax.plot(*people[:, 0].T, "ko", ms=8, label="shoulder")
    ax.plot(*people[:, 1].T, "k^", ms=8, label="hand")
    ax.set(xlim=(0, 33), ylim=(29, 0), aspect="equal", xlabel="x, map pixels")
axes[0].set_ylabel("y, map pixels")
axes[1].legend(loc="lower center", ncols=2)

rng = np.random.default_rng(0)
found = {"fields": 0, "nearest": 0}
for _ in range(200):
    people = rng.uniform(4, 44, (3, 2, 2))
    maps = gaussian_heatmaps(people, 48, 1.5).max(axis=0)
    options = {"min_keypoints": 2, "min_score": 0.0}
    groups = {"fields": group_paf(maps, paf_fields(people, ARM, 48), ARM, **options),
              "nearest": group_nearest(maps, ARM)}  # fmt: skip
    for name, poses in groups.items():
        for pose in poses.keypoints:
            found[name] += (np.linalg.norm(people - pose, axis=2) < 1).all(axis=1).any()
for name, count in found.items():
    print(f"{name:8s} {count / 6:.0f} % of 600 arms have their own shoulder and hand")
