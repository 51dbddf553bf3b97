"""An image in, people out: a network and a codec together.

Read in this order:

    source.py     what a pipeline accepts as an image, or as several
    detect.py     the boxes of all people
    topdown.py    each person alone, in a crop around its box
    bottomup.py   all people at once, then grouping
    fit.py        how an image lies in its input
    flip.py       the flip test: maps averaged with those of the flipped image
    run.py        both on the frames of a video, folder or camera
"""

from npkpose.pipeline.bottomup import BottomUp
from npkpose.pipeline.detect import Detector, boxes_around
from npkpose.pipeline.topdown import TopDown

__all__ = ["BottomUp", "Detector", "TopDown", "boxes_around"]
