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

# %%
# A heatmap has a Gaussian at its keypoint, and its highest pixel is off by up to half a pixel on
# each axis. A refinement looks at the neighbours of that pixel. Here are 2,000 random keypoints,
# decoded with each refinement.

rng = np.random.default_rng(0)
keypoints = rng.uniform(0, [SIZE[1] - 1, SIZE[0] - 1], (2000, 1, 2))
heatmaps = gaussian_heatmaps(keypoints, SIZE, SIGMA)  # (2000, 1, 12, 16)
for refine in REFINEMENTS:
    coords, _ = decode_heatmaps(heatmaps, refine)
    error = np.linalg.norm(coords - keypoints, axis=2)
    print(f"{refine:13s} mean {error.mean():.3f} px, worst {error.max():.3f} px")

# %%
# The plot: one heatmap, and the row through its highest pixel. The logarithm of a Gaussian is a
# parabola, and three pixels are enough to find it: its maximum is the centre.

heatmap = gaussian_heatmap(SIZE, *CENTRE, SIGMA)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
drawn = left.imshow(heatmap, cmap="magma")
figure.colorbar(drawn, ax=left, label="value of the heatmap")
left.plot(*CENTRE, "+", c="#56b4e9", ms=16, mew=3, label="centre")
x, y = decode_heatmaps(heatmap[None, None], "argmax")[0][0, 0]
left.plot(x, y, "ks", fillstyle="none", ms=16, label="highest pixel")
left.legend(loc="lower left")
left.set(xlabel="x, pixels", ylabel="y, pixels")
left.set_title("A heatmap: the centre lies between the pixels")
near = np.arange(int(x) - 1, int(x) + 2)
fine = np.linspace(near[0] - 0.5, near[-1] + 0.5, 100)
curve = np.polyval(np.polyfit(near, np.log(heatmap[int(y), near]), 2), fine)
right.plot(2 * CENTRE[:1], (-1.6, 0.3), color="#56b4e9", lw=2, label="centre")
right.plot(fine, curve, c="#d55e00", lw=2, label="parabola through three pixels")
right.plot(np.log(heatmap[int(y)]), "ko", label="log of the row's pixels")
right.set(xlim=(x - 4, x + 4), ylim=(-2.5, 0.3), xlabel="x, pixels", ylabel="log of the heatmap")
right.legend(loc="lower center")
right.set_title("The highest point of the parabola is the centre")
out.save(figure)
