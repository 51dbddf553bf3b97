"""Pictures with known keypoints to learn from."""

from npkpose.data.coco_writer import write_coco
from npkpose.data.figures import KITE, two_figures
from npkpose.data.markers import four_markers
from npkpose.data.people import SyntheticPeople, synthetic_scene
from npkpose.data.scene import Scene

__all__ = [
    "KITE", "Scene", "SyntheticPeople", "four_markers", "synthetic_scene", "two_figures",
    "write_coco",
]  # fmt: skip
