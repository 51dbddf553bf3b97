"""Training: the shortest loop, a loop that survives being killed, and what to train.

Read in this order:

    fit.py             the shortest loop: forward, loss, backward, step
    losses/            losses of poses in space and of bodies
    data_parallel.py   one batch divided among threads
    trainer.py         the long loop: log, evaluations, checkpoints
    prefetch.py clip.py average.py log.py progress.py interrupt.py randomness.py    its parts
    settings.py        what a continued run must have in common with its checkpoint
    folder.py          the files of a run; lock.py: one process at a time writes them
    score.py           COCO's AP of a function that finds people
    topdown.py         a task: batches, targets and loss of a top-down network
    scenes.py          batches of whole scenes, for three tasks: paf.py tags.py detector.py
    cached_dataset.py  scenes kept in memory
    recipes.py         the settings of `npkpose train`
    labelled.py        the top-down task on annotated images of any skeleton, and its scores
    labelled_recipe.py the settings of `npkpose train topdown --annotations`
    export.py          small weights of a finished run, and their record
    cluster.py         a batch divided among the workers of a cluster
"""

from npkpose.training.average import WeightAverage
from npkpose.training.clip import clip_gradients
from npkpose.training.log import plot_log, read_log
from npkpose.training.prefetch import prefetch
from npkpose.training.trainer import Trainer

__all__ = ["Trainer", "WeightAverage", "clip_gradients", "plot_log", "prefetch", "read_log"]
