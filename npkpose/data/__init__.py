"""Images with known keypoints to learn from.

Read in this order:

    markers.py       four coloured squares on a canvas: the smallest data set
    figures.py       two figures of four markers: the smallest data set that needs grouping
    scene.py         an image and the annotations of its people: an item of every other data set
    body.py          a jointed body in space: lengths, angles, places of its keypoints
    clothes.py       the body's capsules and their colours
    raster.py        capsules and bars painted with shading and a depth buffer
    background.py    clutter behind people, and objects in front of them
    people.py        synthetic people: all of these together
    augment.py       scenes flipped, rotated, scaled and cropped
    distort.py       colours changed, patches hidden
    coco_dataset.py  COCO's files as scenes; coco_writer.py: scenes as COCO's files
    labelled_images.py  labels of any format and their images as scenes
    image_files.py   where the images of a file are
    fingerprint.py   which data set is it: a text to compare
    motion.py        sequences of poses in space and their keypoints, for lifting
    crowds.py        sequences of people who cross, are hidden and return, for tracking
"""

from npkpose.data.augment import flip_scene, random_crop, random_view, warp_scene
from npkpose.data.coco_dataset import CocoDataset
from npkpose.data.coco_writer import write_coco
from npkpose.data.crowds import Crowd, moving_crowd
from npkpose.data.distort import change_colours, hide_patches
from npkpose.data.figures import KITE, two_figures
from npkpose.data.markers import four_markers
from npkpose.data.people import SyntheticPeople, synthetic_scene
from npkpose.data.scene import Scene

__all__ = [
    "CocoDataset", "Crowd", "KITE", "Scene", "SyntheticPeople", "change_colours", "flip_scene",
    "four_markers", "hide_patches", "moving_crowd", "random_crop", "random_view",
    "synthetic_scene", "two_figures", "warp_scene", "write_coco",
]  # fmt: skip
