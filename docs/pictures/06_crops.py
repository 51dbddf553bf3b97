"""A scene, the crop of one person, its heatmaps, and the pose; and the price of a wrong grid."""

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, Grid, TopDown, decode_heatmaps, gaussian_heatmaps, oks
from npkpose.data import SyntheticPeople
from npkpose.image.crop import crop_matrices
from npkpose.image.draw import draw_poses
from npkpose.image.warp import warp_affine
from npkpose.models import load_trained

net = load_trained("topdown")
find = TopDown(net)
scenes = SyntheticPeople(24, seed=7, people=2)
scene = scenes[0]
matrix = crop_matrices(scene.boxes, net.input_size, find.grid.convention, find.padding)
crop = warp_affine(scene.image, matrix[1], net.input_size)
maps = find.heatmaps(crop[None])[0]

figure, axes = plt.subplots(1, 4, figsize=(10.5, 3.1), width_ratios=(4, 2, 2, 4))
axes[0].imshow(scene.image)
for box in scene.boxes:
    x0, y0, x1, y1 = box
    axes[0].plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], c="#E69F00")
height, width = net.input_size
corners = np.array([[0, 0], [width, 0], [width, height], [0, height], [0, 0]])
axes[0].plot(*(corners @ matrix[1, :, :2].T + matrix[1, :, 2]).T, c="#56B4E9", ls="--")
axes[0].set_title("boxes, and one crop (dashed)")
axes[1].imshow(crop)
axes[1].set_title("the crop")
axes[2].imshow(maps.max(axis=0))
axes[2].set_title("17 maps, max")
axes[3].imshow(draw_poses(scene.image, find(scene.image, scene.boxes), COCO_17))
axes[3].set_title("poses")
for ax in axes:
    ax.set_xticks([])
    ax.set_yticks([])
axes[0].set_xlim(-0.5, 127.5)
axes[0].set_ylim(127.5, -0.5)

print("17 ideal maps of stride 4 in a crop of 256 x 192, encoded as HRNet's: index")
for convention in ("index", "centre", "corner"):
    values = []
    for each in scenes:
        crops = crop_matrices(each.boxes, (256, 192), "index")
        for p in np.flatnonzero(each.labelled):
            scale, start = crops[p, [0, 1], [0, 1]], crops[p, :, 2]
            true = (each.keypoints[[p]] - start) / scale
            maps = gaussian_heatmaps(true, (64, 48), 2.0, grid=Grid(4, "index"))
            points = decode_heatmaps(maps, "dark", Grid(4, convention))[0] * scale + start
            values.append(oks(points, each.keypoints[[p]], each.areas[[p]], COCO_17.sigmas,
                              missing="zero")[0, 0])  # fmt: skip
    print(f"decoded as {convention:7s} mean OKS {np.mean(values):.3f}")
