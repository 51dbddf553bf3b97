"""Exercises: small problems that train in seconds or minutes. The examples and the demo use them.

Read in this order:

    markers.py          1 and 2: learn four markers, and refine them to fractions of a pixel
    two_figures.py      3: tell two overlapping figures apart by part affinity fields
    lifting.py          4 and 5: lift sequences of keypoints to poses in space
    mesh_alignment.py   PyMAF's feedback loop on fixed features
    report.py           what the exercises print and draw
    plot_file.py        the plot that an example writes
"""

from npkpose.exercises.markers import held_out_markers, marker_errors, train_markers
from npkpose.exercises.two_figures import (
    group_figures,
    held_out_figures,
    score_figures,
    train_figures,
)

__all__ = [
    "group_figures", "held_out_figures", "held_out_markers", "marker_errors", "score_figures",
    "train_figures", "train_markers",
]  # fmt: skip
