"""A keypoint as a heatmap, and back: how far each refinement is from the true centre.

Expected output:

    argmax        mean 0.379 px, worst 0.690 px
    quarter       mean 0.190 px, worst 0.348 px
    parabola      mean 0.012 px, worst 0.017 px
    log_parabola  mean 0.000 px, worst 0.000 px
"""

import argparse

import numpy as np
from matplotlib import pyplot as plt

from npkpose import decode_heatmaps, gaussian_heatmap, gaussian_heatmaps
from npkpose.codec.heatmap.decode import REFINEMENTS
from npkpose.exercises.plot_file import PlotFile

SIZE, SIGMA = (12, 16), 2.0
CENTRE = (7.3, 5.6)  # between the pixels

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=PlotFile, default="01_heatmap.png", help="plot")
out = parser.parse_args().out

# 2,000 random keypoints, decoded with each refinement.
rng = np.random.default_rng(0)
keypoints = rng.uniform(0, [SIZE[1] - 1, SIZE[0] - 1], (2000, 1, 2))
heatmaps = gaussian_heatmaps(keypoints, SIZE, SIGMA)  # (2000, 1, 12, 16)
for refine in REFINEMENTS:
    coords, _ = decode_heatmaps(heatmaps, refine)
    error = np.linalg.norm(coords - keypoints, axis=2)
    print(f"{refine:13s} mean {error.mean():.3f} px, worst {error.max():.3f} px")

# The plot: one heatmap, and the row through its highest pixel. The parabola through the
# logarithms of three pixels has its maximum at the centre.
heatmap = gaussian_heatmap(SIZE, *CENTRE, SIGMA)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
left.imshow(heatmap, cmap="magma")
left.plot(*CENTRE, "c+", ms=14, label="centre")
x, y = decode_heatmaps(heatmap[None, None], "argmax")[0][0, 0]
left.plot(x, y, "ks", fillstyle="none", ms=16, label="highest pixel")
left.legend()
left.set_title("a Gaussian heatmap")
near = np.arange(int(x) - 1, int(x) + 2)
fine = np.linspace(near[0] - 0.5, near[-1] + 0.5, 100)
curve = np.polyval(np.polyfit(near, np.log(heatmap[int(y), near]), 2), fine)
right.plot(np.log(heatmap[int(y)]), "ko", label="log of the row")
right.plot(fine, curve, label="parabola through three pixels")
right.axvline(CENTRE[0], color="c", label="centre")
right.set_xlim(x - 4, x + 4)
right.set_ylim(-2.5, 0.5)
right.legend()
right.set_title("its logarithm is a parabola: the maximum is exact")
figure.tight_layout()
out.save(figure)
