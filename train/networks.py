"""Train the three small networks that the package ships, one after the other.

    python train/networks.py [NAME ...]

What `npkpose train` does, with fixed seeds; on the same number of cores of the same machine the
weights are the same to the bit. The network of tags begins with the trunk of that of fields. A run
that was stopped or killed continues where its last checkpoint is. Leaves a folder in runs/ for
each, with log.csv and curves.png, and the weights beside a record of how they came about.
"""

import sys

from npkpose.cli import main

for name in sys.argv[1:] or ("topdown", "paf", "tags"):
    command = ["train", name, "--out", f"runs/{name}", "--export", f"runs/{name}.npz"]
    if name == "tags":
        command += ["--start", "runs/paf.npz"]
    status = main(command)
    if status:
        sys.exit(status)
