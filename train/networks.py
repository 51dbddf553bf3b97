"""Train the three small networks that the package ships, one after the other.

    python train/networks.py [NAME ...]

What `npkpose train` does, with fixed seeds; on the same number of cores of the same machine the
weights are the same to the bit. A trunk learns quickest from crops of one person, so the fields
begin with what a short top-down run has learned, and the two others with what the fields have. A
run that was stopped or killed continues where its last checkpoint is. Leaves a folder in runs/ for
each, with log.csv and curves.png, and in runs/ the weights, each beside a record of how they came
about.
"""

import sys

from npkpose.cli.main import main

RUNS = {
    "trunk": "topdown --steps 5000 --held-out 0",
    "paf": "paf --start runs/trunk/weights.npz --export runs/paf.npz",
    "topdown": "topdown --start runs/paf.npz --export runs/topdown.npz",
    "tags": "tags --start runs/paf.npz --export runs/tags.npz",
}

for name in sys.argv[1:] or RUNS:
    status = main(["train", *RUNS.get(name, name).split(), "--out", f"runs/{name}"])
    if status:
        sys.exit(status)
