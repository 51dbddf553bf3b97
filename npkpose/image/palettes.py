"""Colours for readers of all kinds of colour vision: of people, sides, keypoints, and values.

* People, keypoints and sides have the colours of Okabe and Ito, "Color Universal Design", 2008
  (jfly.uni-koeln.de/color), without black. The eighth has the first colour again, lighter; the
  fifteenth has it darker; from the 22nd on they repeat. A person's colour follows from the id
  alone, so it stays with a person who is tracked.
* Values from 0 to 1 have the colours of plasma (van der Walt and Smith, "A Better Default Colormap
  for Matplotlib", SciPy 2015): they grow evenly lighter, also in print. Here it is linear between
  nine of its 256 colours, and differs from it by at most 6 of 255.
"""

import numpy as np

from npkpose._check import check_array, check_kind
from npkpose._html import OKABE_ITO_CODES
from npkpose.skeleton import Skeleton


def _rgb(text):
    return np.array([list(bytes.fromhex(code)) for code in text.split()], float)


OKABE_ITO = _rgb(" ".join(OKABE_ITO_CODES))
PLASMA = _rgb("0d0887 4c02a1 7e03a8 aa2395 cc4778 e56b5d f89441 fdc328 f0f921")
LEFT, RIGHT, MIDDLE = OKABE_ITO[0], OKABE_ITO[1], _rgb("e6e6e6")[0]
LAPS = (0.0, 0.0), (0.55, 255.0), (0.45, 0.0)  # of each seven: the share of a grey, and the grey


def map_colours(values):
    """Return the colour (..., 3), RGB in 0..255, of each value; below 0 as 0, above 1 as 1."""
    values = check_array("values", values, (...,))
    places = np.linspace(0, 1, len(PLASMA))
    return np.stack([np.interp(values, places, channel) for channel in PLASMA.T], axis=-1)


def id_colours(ids):
    """Return the colour (P, 3), RGB in 0..255, of each person: of the id, and of nothing else."""
    ids = check_array("ids", ids, ("P",), np.int64)
    share, grey = np.array(LAPS)[ids // len(OKABE_ITO) % len(LAPS)].T
    return OKABE_ITO[ids % len(OKABE_ITO)] * (1 - share)[:, None] + (share * grey)[:, None]


def keypoint_colours(skeleton):
    """Return the colour (K, 3) of each keypoint, RGB in 0..255."""
    check_kind("skeleton", skeleton, Skeleton)
    return id_colours(np.arange(skeleton.num_keypoints))


def side_colours(skeleton):
    """Return the colour (K, 3) of each keypoint: orange left, blue right, almost white between.

    Which of a pair is on the left, its name says; if it does not, the first one is.
    """
    check_kind("skeleton", skeleton, Skeleton)
    colours = np.tile(MIDDLE, (skeleton.num_keypoints, 1))
    for first, second in skeleton.pairs:
        swapped = "right" in skeleton.keypoints[first] or "left" in skeleton.keypoints[second]
        colours[first], colours[second] = (RIGHT, LEFT) if swapped else (LEFT, RIGHT)
    return colours
