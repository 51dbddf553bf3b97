"""The people that were found, and the tags by which keypoints were grouped."""

import numpy as np

from npkpose._check import check_array, check_kind
from npkpose.explain.look import FONT, image_figure, new_figure, set_labels
from npkpose.grid import Grid
from npkpose.image.draw import draw_poses
from npkpose.image.draw_style import DrawStyle
from npkpose.image.files import check_image
from npkpose.image.palettes import id_colours
from npkpose.image.resize import resize
from npkpose.image.text import readable_on
from npkpose.poses import Poses

MARKERS = "os^Dv"
SECOND = "person", "second number of the tag"
SIDE = 1200  # pixels of the longer side of an image on which people are drawn
LIMBS = 100  # the same in widths of a limb


def plot_people(image, poses, skeleton):
    """Return a figure of the people on the image, with the id and the score of each."""
    image = check_image("image", image)
    check_kind("poses", poses, Poses)
    count = f"{len(poses)} people" if len(poses) != 1 else "1 person"
    drawn = _draw_at_size(image, poses, skeleton)
    figure, axes = image_figure(drawn, f"{count}; number and score", image.shape[:2])
    colours = id_colours(poses.ids)
    for p in np.flatnonzero(poses.num_present):
        x, y = poses.boxes[p, :2].clip(0, np.array(image.shape[1::-1]) - 1)
        axes.text(x, y, f"#{poses.ids[p]}: {poses.person_scores[p]:.2f}", fontsize=FONT - 2,
                  color=np.array(readable_on(colours[p])) / 255, ha="left", va="bottom",
                  clip_on=True, bbox={"fc": colours[p] / 255, "lw": 0, "pad": 1.5})  # fmt: skip
    return figure


def _draw_at_size(image, poses, skeleton):
    """Return the image, resized to `SIDE` pixels on its longer side, with the people on it."""
    high, wide = (max(round(side * SIDE / max(image.shape)), 1) for side in image.shape[:2])
    grid = Grid((image.shape[1] / wide, image.shape[0] / high), "centre")  # from the resized one
    there = poses.with_keypoints(grid.to_map(poses.keypoints))
    style = DrawStyle("person", width=SIDE / LIMBS, boxes=True)
    return draw_poses(resize(image, (high, wide)), there, skeleton, style=style)


def plot_tags(tags, poses):
    """Return a figure of the tags of all keypoints, in the colours of their people.

    Parameters
    ----------
    tags : array_like, shape (P, K, T)
        The T numbers of each keypoint's tag, of which the first two are shown; NaN where a keypoint
        is missing. With one number, each person has a row.
    poses : Poses
    """
    check_kind("poses", poses, Poses)
    shape = poses.keypoints.shape[:2]
    tags = check_array("tags", tags, (*shape, "T"), finite=False)
    if tags.shape[2] == 0:
        raise ValueError("tags: expected at least one number for each keypoint, got none")
    figure = new_figure(0.75)
    axes = figure.subplots()
    for row, (own, colour) in enumerate(zip(tags, id_colours(poses.ids) / 255)):
        y = own[:, 1] if tags.shape[2] > 1 else np.full(len(own), row)
        looks = {"color": colour, "mec": "black", "alpha": 0.7, "ms": 5}
        axes.plot(own[:, 0], y, MARKERS[row % len(MARKERS)], label=f"#{poses.ids[row]}", **looks)
    axes.grid(color="#dddddd")
    set_labels(axes, "first number of the tag", SECOND[tags.shape[2] > 1])
    title = "Tags of one person are near each other,\nthose of two people are not"
    axes.set_title(title, fontsize=FONT, loc="left")
    if len(poses):
        axes.legend(fontsize=FONT - 2, ncols=2)
    return figure
