"""Pictures with known keypoints to learn from."""

from npkpose.data.augment import flip_scene, random_crop, random_view, warp_scene
from npkpose.data.coco_dataset import CocoDataset
from npkpose.data.coco_writer import write_coco
from npkpose.data.distort import change_colours, hide_patches
from npkpose.data.figures import KITE, two_figures
from npkpose.data.markers import four_markers
from npkpose.data.people import SyntheticPeople, synthetic_scene
from npkpose.data.scene import Scene

__all__ = [
    "CocoDataset", "KITE", "Scene", "SyntheticPeople", "change_colours", "flip_scene",
    "four_markers", "hide_patches", "random_crop", "random_view", "synthetic_scene",
    "two_figures", "warp_scene", "write_coco",
]  # fmt: skip
