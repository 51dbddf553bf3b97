"""A convolution as a matrix product, and a gradient check that finds a wrong backward pass."""

import textwrap

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from npkpose import nn

image = np.random.default_rng(2).integers(0, 10, (1, 1, 4, 5)).astype(float)
columns = nn.unfold(image, 3)[0]  # (9, 6): a window of 3 x 3 in each column
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), width_ratios=(5, 6, 6))
weight = np.array([[0, 1, 0, 1, -4, 1, 0, 1, 0]], dtype=float)
shown = image[0, 0], columns, weight @ columns
titles = "image, 4 x 5", "columns, 9 x 6", "weight (1 x 9) times columns"
for ax, array, title in zip(axes, shown, titles):
    ax.imshow(array, cmap="Blues", aspect="equal", vmin=-20, vmax=30)
    for (y, x), value in np.ndenumerate(array):
        ax.text(x, y, f"{value:.0f}", ha="center", va="center")
    ax.set_title(title)
    ax.set_xticks([])
    ax.set_yticks([])
axes[0].add_patch(Rectangle((0.5, -0.5), 3, 3, fill=False, ec="#D55E00", lw=3))
axes[1].add_patch(Rectangle((0.5, -0.5), 1, 9, fill=False, ec="#D55E00", lw=3))
axes[2].add_patch(Rectangle((0.5, -0.5), 1, 1, fill=False, ec="#D55E00", lw=3))


class Forgetful(nn.Conv2d):
    """A convolution that uses the last window of each pixel only, where it must add them all."""

    def backward(self, dy):
        """Return a wrong dL/dx: ``=`` where `fold` has ``+=``."""
        x, _ = self.saved()
        super().backward(dy)
        dx = np.zeros_like(x)
        for h, w in np.ndindex(dy.shape[2:]):
            patch = np.einsum("ocij,no->ncij", self.params["weight"], dy[:, :, h, w])
            dx[:, :, h : h + 3, w : w + 3] = patch
        return dx


for layer in (nn.Conv2d(2, 8, 3), Forgetful(2, 8, 3)):
    try:
        nn.check_layer(layer, np.random.default_rng(0).normal(size=(1, 2, 4, 5)),
                       np.random.default_rng(1))  # fmt: skip
        print(f"{type(layer).__name__}: passed")
    except AssertionError as error:
        print(textwrap.fill(f"{type(layer).__name__}: {error}", 90, subsequent_indent="    "))
