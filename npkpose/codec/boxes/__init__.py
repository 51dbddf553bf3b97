"""A box as one point with a size, and back: people as points.

Read in this order:

    targets.py    boxes to maps: a heatmap of centres, sizes and offsets
    decode.py     maps to boxes: peaks, the best of them, each with its size and offset

There and back:

    maps = box_targets(boxes, size=(32, 32), grid=grid)    # (P, 4) -> four maps
    found = decode_boxes(maps.heatmap, maps.sizes, maps.offsets, grid=grid)

Zhou, Wang and Kraehenbuehl, "Objects as Points", 2019, arXiv:1904.07850.
"""

from npkpose.codec.boxes.decode import Boxes, decode_boxes
from npkpose.codec.boxes.targets import BoxTargets, box_targets

__all__ = ["BoxTargets", "Boxes", "box_targets", "decode_boxes"]
