"""The peak between the pixels: three logarithms, and the error of each refinement."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import decode_heatmaps, gaussian_heatmaps
from npkpose.codec.heatmap.decode import REFINEMENTS

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
centre, x = 5.3, np.arange(4, 8)
row = gaussian_heatmaps([[centre, 4.0]], (9, 11), 2.0)[0, 4]
fine = np.linspace(3.5, 7, 100)
left.plot(x, np.log(row[x]), "o", c="black", label="log of pixels")
left.plot(fine, -((fine - centre) ** 2) / 8, label="parabola through three")
left.axvline(centre, c="#D55E00", ls="--", label=f"centre, {centre}")
left.set(xlabel="x, map pixels", ylabel="log h", title="The log of a Gaussian is a parabola",
         xlim=(3.4, 9.4), ylim=(-0.75, 0.05))  # fmt: skip
left.legend(loc="lower right")

offsets = np.linspace(-0.5, 0.5, 201)[1:-1]
points = np.stack([10 + offsets, np.full_like(offsets, 10.0)], axis=1)[:, None]
maps = gaussian_heatmaps(points, 21, 2.0)
for refine, style in zip(REFINEMENTS, ("-", "--", "-.", ":")):
    error = abs(decode_heatmaps(maps, refine)[0] - points)[:, 0, 0]
    right.plot(offsets, error, style, label=refine)
right.set(xlabel="t, from the pixel to the centre, pixels", ylabel="error, pixels",
          title="What each refinement leaves", ylim=(-0.01, 0.62))  # fmt: skip
right.legend(ncols=2, loc="upper center")

rng = np.random.default_rng(0)
points = rng.uniform(5, 25, (2000, 1, 2))
maps = gaussian_heatmaps(points, 31, 2.0, dtype=np.float64)
noisy = maps + 0.05 * rng.normal(size=maps.shape)
print("mean distance, pixels    clean maps    maps with noise 0.05")
for refine in (*REFINEMENTS, "dark"):
    errors = [np.linalg.norm(decode_heatmaps(m, refine)[0] - points, axis=2).mean()
              for m in (maps, noisy)]  # fmt: skip
    print(f"{refine:22s} {errors[0]:12.3f} {errors[1]:16.3f}")
