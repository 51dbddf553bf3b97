"""Gradient descent on pull and push: tags of one person meet, people part."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import Skeleton, gaussian_heatmaps, group_tags, tag_loss, tag_targets

ROW = Skeleton("ROW", tuple("abcd"), limbs=((0, 1), (1, 2), (2, 3)))
COLOURS = "#0072B2", "#D55E00", "#009E73"
people = np.array([[(6, 8), (16, 9), (26, 8), (36, 9)], [(8, 14), (17, 15), (28, 14), (37, 15)],
                   [(5, 21), (15, 22), (25, 21), (35, 22)]], dtype=float)  # fmt: skip
size = (30, 44)
pixels = tag_targets(people, size)  # (P, K)
heatmaps = gaussian_heatmaps(people, size, 1.5).max(axis=0)  # (K, H, W)


def descend(pull_weight, push_weight, steps=150):
    """Return the tag maps, and the tags of all keypoints after each step."""
    tags = np.zeros((4, *size))
    rng = np.random.default_rng(3)
    history = []
    for k in range(4):
        tags[k].flat[pixels[:, k]] = 0.3 * rng.normal(size=3)
    for _ in range(steps):
        history.append([[tags[k].flat[pixels[p, k]] for k in range(4)] for p in range(3)])
        tags -= 0.6 * tag_loss(tags, pixels, pull_weight, push_weight)[2]
    return tags, np.array(history)


figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.5), sharey=True)
for ax, weights, title in zip(axes, ((1, 1), (1, 0), (0, 1)), ("both", "pull alone", "push alone")):
    tags, history = descend(*weights)
    for p, colour in enumerate(COLOURS):
        ax.plot(history[:, p], c=colour, lw=1.2)
        ax.plot([], [], c=colour, label=f"person {p}")
    ax.set(title=title, xlabel="step")
    rng, whole = np.random.default_rng(0), 0
    for _ in range(100):  # a network's tags are never exact
        noisy = tags + 0.1 * rng.normal(size=tags.shape)
        poses = group_tags(heatmaps, noisy, ROW, min_keypoints=2, nms_threshold=None)
        whole += sum((np.linalg.norm(people - pose, axis=2) < 1).all(axis=1).any()
                     for pose in poses.keypoints)  # fmt: skip
    print(f"{title:11s} {whole} of 300 people complete, with noise of 0.1 on all tags")
axes[0].set_ylabel("tag of each keypoint")
axes[0].legend(loc="upper left")
