"""How `npkpose train` trains the small networks: one recipe for each, and `RUNS` for all four.

Scenes come from three seeds: for training, for the evaluations during a run, and held out for its
final score. No scene is in two of these sets. All four networks have the same trunk, so each may
start from the weights of another (`start_from`). A trunk learns fastest from crops of one person:
in `RUNS`, which made the weights in the package, the network of fields starts from a short
top-down run, and the three others start from the fields.

The optimiser is `nn.Muon`. In trials of the top-down network, each three minutes on one core, AP
was .33 with Adam at the best of three learning rates, .42 with Muon, and .47 with Muon and crops of
96x64 in place of 64x48; started from the fields, .59 at a learning rate of 0.02 and .62 at 0.01.
After 36,000 batches of 20,000 scenes its AP was .03 higher on those scenes than on new ones, so
now it draws from a million scenes and rarely sees one twice.

The scores of the weights in the package are in the records beside them, in models/trained.
"""

from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose._check import check_choice, check_integer
from npkpose.data.fingerprint import digest
from npkpose.data.people import SyntheticPeople
from npkpose.models.small import SmallDetector, SmallPaf, SmallTags, SmallTopDown
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.detector import DetectorTask
from npkpose.training.fit import warmup_and_cosine
from npkpose.training.paf import PafTask
from npkpose.training.tags import TagTask
from npkpose.training.topdown import TopDownTask
from npkpose.training.trainer import Trainer
from npkpose.weights import load_npz

SCENES = 1_000_000
KEPT = 20_000  # in memory: one gigabyte
STRENGTH = 0.1  # of augmentation
TRAIN_SEED, WATCH_SEED, HELD_OUT_SEED = 101, 102, 103
WATCH_SCENES, HELD_OUT_SCENES = 100, 1000
WARMUP, CLIP_NORM = 100, 1.0
MOMENTUM, WEIGHT_DECAY = 0.9, 0.05  # of matrices
BETAS = 0.8, 0.99  # of vectors


class Recipe(NamedTuple):
    """A network, its task, and settings for at most 80 minutes of one core."""

    network: type
    task: type
    steps: int
    batch: object  # number of crops, or (N, H, W) of whole scenes
    lr: float
    scenes: int  # to draw from; kept in memory if at most KEPT


RECIPES = {
    "topdown": Recipe(SmallTopDown, TopDownTask, 25_000, 16, 1e-2, SCENES),
    "paf": Recipe(SmallPaf, PafTask, 6_500, (16, 160, 160), 2e-2, KEPT),
    "tags": Recipe(SmallTags, TagTask, 4_500, (16, 160, 160), 1e-2, KEPT),
    "detector": Recipe(SmallDetector, DetectorTask, 4_500, (16, 128, 128), 1e-2, KEPT),
}


class Run(NamedTuple):
    """One run of `npkpose train all`; its paths are relative to the folder of all runs."""

    folder: str
    recipe: str
    steps: int | None = None  # default: the recipe's
    start: str | None = None  # weights that an earlier run left
    export: str | None = None  # small weights; their record is written beside them


RUNS = (
    Run("trunk", "topdown", steps=5_000),
    Run("paf", "paf", start="trunk/weights.npz", export="paf.npz"),
    Run("topdown", "topdown", start="paf.npz", export="topdown.npz"),
    Run("tags", "tags", start="paf.npz", export="tags.npz"),
    Run("detector", "detector", start="paf.npz", export="detector.npz"),
)


def make_trainer(name, folder, steps=None, seed=0, data=None, watch=None):
    """Return the `Trainer` of a recipe. It continues a checkpoint in ``folder``.

    Parameters
    ----------
    name : "topdown", "paf", "tags" or "detector"
    folder : path_like
        Gets the run's files; see `Trainer`.
    steps : int, optional
        In all; the learning rate is zero after the last. Default: the recipe's.
    seed : int
        Of the network's first weights and of the order of scenes.
    data, watch : sequences of Scene, optional
        To train on, and to evaluate on during the run. Default: synthetic people. Other scenes
        (photographs, for example) get the full augmentation.

    Raises
    ------
    ValueError
        An unknown name, a number below its least, or a checkpoint of another network.
    """
    recipe = RECIPES[check_choice("name", name, tuple(RECIPES))]
    network = recipe.network(rng=np.random.default_rng(check_integer("seed", seed)))
    strength = STRENGTH if data is None else 1.0
    if data is None:
        data = SyntheticPeople(recipe.scenes, TRAIN_SEED)
        data = CachedDataset(data, KEPT) if recipe.scenes <= KEPT else data
    watch = SyntheticPeople(WATCH_SCENES, WATCH_SEED) if watch is None else watch
    task = recipe.task(network, data, watch, seed, recipe.batch, strength)
    return trainer_of(task, folder, {"network": name}, steps)


def trainer_of(task, folder, settings, steps=None):
    """Return the `Trainer` of a task with the optimizer and schedule of a recipe.

    ``settings["network"]`` is the name of the recipe; a run with other settings is not continued.
    """
    recipe = RECIPES[settings["network"]]
    steps = recipe.steps if steps is None else check_integer("steps", steps, at_least=1)
    network = task.model
    optimizer = nn.Muon(network, recipe.lr, MOMENTUM, BETAS, weight_decay=WEIGHT_DECAY)
    schedule = warmup_and_cosine(optimizer, steps, min(WARMUP, steps // 10 + 1))
    decay = 1 - 1 / max(steps / 20, 2)  # over the last twentieth of the run
    decay = min(decay, 0.999)
    return Trainer(
        network, task, optimizer, schedule, folder, clip_norm=CLIP_NORM, decay=decay,
        settings=settings | {"steps": steps},
    )  # fmt: skip


def start_from(trainer, path):
    """Load the weights in ``path`` whose names and shapes fit the trainer's network.

    All small networks have the same trunk. A continued run has its weights already; then the file
    must be the one that it started from. ValueError if it is not, or if nothing fits.
    """
    own, weights = trainer.model.state_dict(), load_npz(path)
    fitting = {n: a for n, a in weights.items() if n in own and own[n].shape == a.shape}
    if not fitting:
        raise ValueError(f"path: expected weights of a small network, found none in {path}")
    start = digest(fitting.values())
    if trainer.step:
        if trainer.settings.get("start") != start:
            raise ValueError(
                f"path: expected the weights that the run in {trainer.folder} started from, "
                f"got others in {path}"
            )
        return
    trainer.settings["start"] = start
    trainer.model.load_state_dict(own | fitting)
    trainer.average.load_state_dict(trainer.model.state_dict())


def held_out_score(trainer, num_scenes=HELD_OUT_SCENES):
    """Return the `CocoResult` (of a detector, the `BoxScores`) of the averaged weights on scenes
    that no run trained on."""
    trainer.task.held_out = SyntheticPeople(num_scenes, HELD_OUT_SEED)
    return trainer.task.score(trainer.average.network())
