"""Training for real: a loop that can be stopped, killed and continued, and what to train on.

Read in this order: `trainer` (the loop), `prefetch`, `clip`, `average`, `log` (its parts), then
the tasks `topdown`, `paf` and `tags` (from scenes to what a network should answer).
`npkpose.training.fit` is the shortest loop that works.
"""

from npkpose.training.average import WeightAverage
from npkpose.training.clip import clip_gradients
from npkpose.training.log import plot_log, read_log
from npkpose.training.prefetch import prefetch
from npkpose.training.trainer import Trainer

__all__ = ["Trainer", "WeightAverage", "clip_gradients", "plot_log", "prefetch", "read_log"]
