"""Do features at the projected mesh help to correct it? PyMAF's loop, on fixed features.

Two loops learn from painted bodies of tubes in random poses to correct a mesh three times. One
samples the image's maps at the vertices of its last mesh, as PyMAF does (Zhang et al., ICCV 2021,
arXiv:2103.16507); the other samples one grid of points every time. The maps are colours and their
derivatives, not learned: only the feedback loop, not the network of `models.mesh.pymaf`.

Expected output, after two minutes of training:

    mean error of vertices of 256 bodies, from the start to the third correction
      looking at the mesh: 170 mm, 7.46 px -> 92 mm, 1.39 px -> 75 mm, 1.07 px -> 71 mm, 1.03 px
      looking at a grid: 170 mm, 7.46 px -> 92 mm, 1.39 px -> 91 mm, 1.38 px -> 98 mm, 1.50 px
"""

import argparse

import numpy as np
from matplotlib import pyplot as plt

from npkpose import nn
from npkpose.exercises import mesh_alignment as loop
from npkpose.exercises.plot_file import PlotFile
from npkpose.exercises.report import progress
from npkpose.models.mesh.pymaf_body import PosedBody

COLOURS = "#0072b2", "#d55e00"
BATCH, LEARNING_RATE = 32, 3e-3
HELD_OUT, SHOWN = 256, 0  # bodies, and which of them is drawn

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=1000, help="of the training; default 1000")
parser.add_argument("--out", type=PlotFile, default="14_mesh_alignment.png", help="plot")
options = parser.parse_args()

# %%
# The two loops differ only in where they sample the image's maps.

data = loop.tube_mesh(np.random.default_rng(0))
body, parents = PosedBody(data), data.body.parents
limbs = np.stack([parents[1:], np.arange(1, len(parents))])
nets = {
    "at the mesh": loop.FeedbackLoop(data, True, rng=np.random.default_rng(1)),
    "at a grid": loop.FeedbackLoop(data, False, rng=np.random.default_rng(1)),
}

# %%
# Both loops learn from the same bodies, with the same starting weights. Each correction has a loss.

for name, net in nets.items():
    draws, optimizer = np.random.default_rng(2), nn.Adam(net.train(), LEARNING_RATE)
    report = progress(options.steps)
    for step in range(options.steps):
        optimizer.lr = LEARNING_RATE * (1 + np.cos(np.pi * step / options.steps)) / 2
        truth = loop.random_bodies(body, BATCH, draws)
        meshes = net(loop.fixed_maps(loop.paint(truth, parents)))
        net.backward([loop.loss_gradient(mesh, truth) for mesh in meshes[1:]])
        optimizer.step()
        report(step, float(loop.errors(meshes[-1:], truth)[0, 0]))

# %%
# The first correction sees the same points in both loops. Later ones can only gain if they see the
# image where the mesh is now.

truth = loop.random_bodies(body, HELD_OUT, np.random.default_rng(3))
images = loop.paint(truth, parents)
found = {name: net.eval()(loop.fixed_maps(images)) for name, net in nets.items()}
print(f"mean error of vertices of {HELD_OUT} bodies, from the start to the third correction")
for name, meshes in found.items():
    space, in_image = loop.errors(meshes, truth).T
    numbers = " -> ".join(f"{mm:.0f} mm, {px:.2f} px" for mm, px in zip(space, in_image))
    print(f"  looking {name}: {numbers}")

# %%
# The plot: one body with the mesh of each correction, and the errors of both loops.

figure, axes = plt.subplots(2, 5, figsize=(16, 6.8), layout="constrained")
for row, (name, meshes) in zip(axes, found.items()):
    for i, (ax, mesh) in enumerate(zip(row, meshes)):
        vertices = loop.to_pixels(mesh.vertices, mesh.camera)[SHOWN]
        joints = loop.to_pixels(mesh.joints, mesh.camera)[SHOWN]
        ax.imshow(images[SHOWN].clip(0, 1))
        ax.scatter(*vertices.T, s=2, c="black")
        ax.plot(*joints[limbs].transpose(2, 0, 1), c="white", lw=1.5)
        ax.set(xlim=(0, 63), ylim=(63, 0), xticks=[], yticks=[])
        ax.set_title(f"after correction {i}" if i else "start")
    row[0].set_ylabel(f"looking {name}", fontsize=12)
for ax, unit, column in zip(axes[:, 4], ("mm", "px"), (0, 1)):
    for (name, meshes), colour, style in zip(found.items(), COLOURS, ("o-", "s--")):
        values = loop.errors(meshes, truth)[1:, column]
        ax.plot(range(1, 4), values, style, c=colour, label=f"looking {name}")
    ax.set(xticks=range(1, 4), ylim=(0, None), xlabel="correction", ylabel=f"mean error, {unit}")
    ax.set_title("error in space" if unit == "mm" else "error in the image")
    ax.legend(loc="lower left")
title = "A held-out body, and its mesh after each correction: vertices black, limbs white"
figure.suptitle(title, fontsize=14)
options.out.save(figure, dpi=100)
