"""A keypoint between the pixels, and its heatmap: with the fraction kept, and rounded."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import Grid, decode_heatmaps, gaussian_heatmaps

grid = Grid(stride=4, convention="centre")
keypoint = np.array([[[24.0, 19.9]]])  # (N, K, 2), image pixels
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
for ax, rounded in zip(axes, (False, True)):
    maps = gaussian_heatmaps(keypoint, (10, 13), 2.0, grid=grid, round_centres=rounded)
    shown = ax.imshow(maps[0, 0], vmin=0, vmax=1)
    x, y = grid.to_map(keypoint)[0, 0]
    ax.plot(x, y, "+", c="white", ms=16, mew=2.5, label="keypoint")
    peak = decode_heatmaps(maps)[0][0, 0]
    ax.plot(*peak, "o", c="#D55E00", ms=9, label="decoded")
    ax.set_title("centre rounded to a pixel" if rounded else "centre kept between the pixels")
    ax.set_xlabel("x, map pixels of 4 image pixels")
axes[0].set_ylabel("y, map pixels")
axes[0].legend(loc="lower left", labelcolor="white")
figure.colorbar(shown, ax=axes, label="value")

rng = np.random.default_rng(0)
points = rng.uniform(20, 100, (1000, 1, 2))
for rounded in (False, True):
    maps = gaussian_heatmaps(points, (30, 30), 2.0, grid=grid, round_centres=rounded)
    error = np.linalg.norm(decode_heatmaps(maps, grid=grid)[0] - points, axis=2).mean()
    print(f"{'rounded' if rounded else 'kept':8s} mean error {error:.3f} image pixels")
