"""Train the bottom-up network of part affinity fields, on scenes of 1 to 4 people.

    python train/paf.py [steps]

Begins with the top-down network's trunk: train/topdown.py comes first. Fixed seeds: the same
machine gives the same weights to the bit. A run that was stopped or killed continues where its
last checkpoint is. Leaves runs/paf with log.csv and curves.png, and the weights beside a record
of how they came about: runs/small_paf.npz and .json.
"""

import pathlib
import sys

from npkpose.training.recipes import (
    RECIPES,
    export_weights,
    held_out_score,
    make_trainer,
    start_from,
)

NAME, START, RUNS = "paf", "small_topdown.npz", pathlib.Path("runs")

steps = int(sys.argv[1]) if len(sys.argv) > 1 else RECIPES[NAME].steps
trainer = make_trainer(NAME, RUNS / NAME, steps, seed=0)
if trainer.step == 0:
    start_from(trainer, RUNS / START)
if not trainer.run(steps, save_every=200, evaluate_every=1000):
    sys.exit(f"stopped at step {trainer.step} of {steps}; the same command continues")
trainer.plot()
result = held_out_score(trainer)
print(result)
export_weights(trainer, RUNS / f"small_{NAME}.npz", f"python train/{NAME}.py {steps}", result)
