"""A sheet of labelled images: each is read from a file of any format, and drawn with its skeleton.

    python examples/18_labelled_images.py annotations/*.json --images photos

The files may be of any format that ``npkpose convert`` lists. An image is drawn if its file lies in
a folder of images, under its own name or with something and "_" before it; a name with folders
also with "_" in the place of "/".

Expected output, for each file with images:

    test_onehand10k.json: 4 instances of HAND_21, drawn on 9.jpg, 33.jpg
"""

import argparse
import math
from pathlib import Path

from matplotlib import pyplot as plt

from npkpose import io
from npkpose.exercises.plot_file import PlotFile
from npkpose.image.draw import draw_poses
from npkpose.image.draw_style import DrawStyle
from npkpose.image.files import read_image

COLUMNS, MARGIN = 6, 0.15  # of the sheet; around the instances, as a share of their extent

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("files", nargs="+", help="files or folders of keypoints")
parser.add_argument("--images", nargs="+", type=Path, default=[Path()], help="their folders")
parser.add_argument("--out", type=PlotFile, default="18_labelled_images.png", help="plot")
options = parser.parse_args()
for file in options.files:
    if not Path(file).exists():
        parser.error(f"expected a file, got {file}")

# %%
# An image is found by its name, in any of the folders.

photos = [path for folder in options.images for path in sorted(folder.glob("*.*"))]


def photo_of(entry):
    """Return the file of an image, or None."""
    name = entry.file_name.replace("\\", "/").replace("/", "_")
    found = [path for path in photos if path.name == name or path.name.endswith(f"_{name}")]
    return found[0] if found and name else None


# %%
# An image is cut to its instances. Orange is left and blue right; where the skeleton has no pairs
# of left and right, limbs have its own colours.


def drawn(labels, i, path):
    """Return an image with its instances on it, and the part to show: left, right, bottom, top."""
    poses = labels.of_image(i)
    style = DrawStyle(colours="side" if labels.skeleton.pairs else "skeleton")
    image = draw_poses(read_image(path), poses, labels.skeleton, style=style)
    points = poses.keypoints[poses.present]
    low, high = points.min(axis=0), points.max(axis=0)
    edge = MARGIN * max(high - low)
    return image, (low[0] - edge, high[0] + edge, high[1] + edge, low[1] - edge)


# %%
# Every format becomes the same ``Labels``, so that one loop draws them all.

tiles = []
for file in options.files:
    try:
        labels = io.read(file)
    except ValueError as error:
        print(f"not drawn: {str(error)[-100:]}")
        continue
    where = [(i, photo_of(image)) for i, image in enumerate(labels.images)]
    where = [(i, path) for i, path in where if path and len(labels.of_image(i))]
    tiles += [(f"{Path(file).stem}\n{labels.skeleton.name}", *drawn(labels, i, path))
              for i, path in where]  # fmt: skip
    if where:
        names = ", ".join(Path(labels.images[i].file_name).name for i, _ in where)
        name = labels.skeleton.name
        print(f"{Path(file).name}: {len(labels)} instances of {name}, drawn on {names}")

# %%
# The sheet: above each image the name of its file and of its skeleton.

rows = math.ceil(len(tiles) / COLUMNS) or 1
figure, axes = plt.subplots(rows, COLUMNS, figsize=(3 * COLUMNS, 3.2 * rows), squeeze=False,
                            layout="constrained")  # fmt: skip
for axis in axes.ravel():
    axis.axis("off")
for axis, (title, image, limits) in zip(axes.ravel(), tiles):
    axis.imshow(image)
    axis.axis(limits)
    axis.set_title(title, fontsize=9)
options.out.save(figure)
