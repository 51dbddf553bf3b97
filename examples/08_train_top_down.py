"""Train the top-down network for some minutes: its curves, and the people that it then finds.

The network sees one person at a time, in a crop of 96 x 64 pixels, and returns 17 heatmaps. The
people are synthetic (`data.people`). The recipe is that of `npkpose train topdown` with fewer
steps, over which the learning rate falls to zero. AP is COCO's average precision on scenes that
are not trained on.

Expected output, after about three and a half minutes on one core, two and a half on two (the last
digits depend on the machine):

    419,265 parameters, 1200 steps
    step   200: loss 2.635, AP 0.058
    step   400: loss 2.027, AP 0.244
    step   600: loss 1.768, AP 0.370
    step   800: loss 1.584, AP 0.431
    step  1000: loss 1.423, AP 0.451
    step  1200: loss 1.386, AP 0.467
"""

import argparse
import tempfile

import numpy as np
from matplotlib import pyplot as plt

from npkpose import COCO_17, TopDown
from npkpose.data.people import SyntheticPeople
from npkpose.exercises.plot_file import PlotFile
from npkpose.image.palettes import OKABE_ITO
from npkpose.training import read_log
from npkpose.training.recipes import HELD_OUT_SEED, WATCH_SEED, make_trainer

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=1200, help="of the training; default 1200")
parser.add_argument("--scenes", type=int, default=100, help="evaluated during the run")
parser.add_argument("--out", type=PlotFile, default="08_train_top_down.png", help="plot")
options = parser.parse_args()

# %%
# The trainer writes a log and checkpoints into a folder. It averages the weights over the steps,
# and evaluates the average.

BLUE = "#0072b2"
watch = SyntheticPeople(options.scenes, WATCH_SEED)
with tempfile.TemporaryDirectory() as folder:  # in a lasting one, a stopped run continues
    trainer = make_trainer("topdown", folder, options.steps, watch=watch)
    print(f"{trainer.model.num_parameters():,} parameters, {options.steps} steps")
    every = max(options.steps // 6, 1)
    trainer.run(options.steps, save_every=every, evaluate_every=every, log_every=10)
    rows = read_log(trainer.folder / "log.csv")
scored = [row for row in rows if "ap" in row]
for row in scored:
    print(f"step {row['step']:5.0f}: loss {row['loss']:.3f}, AP {row['ap']:.3f}")

# %%
# The plot: the curves, and four scenes that were not trained on. Each person has a colour.

panels = [["loss", "loss", "ap", "ap"], [0, 1, 2, 3]]
figure, axes = plt.subplot_mosaic(panels, figsize=(11, 6), layout="constrained")
axes["loss"].plot([row["step"] for row in rows], [row["loss"] for row in rows], c=BLUE)
axes["loss"].set(xlabel="step", ylabel="loss", title="The loss falls: mean of ten steps")
axes["ap"].plot([row["step"] for row in scored], [row["ap"] for row in scored], "o-", c=BLUE)
axes["ap"].set(xlabel="step", ylabel="AP, from 0 to 1", ylim=(0, None))
axes["ap"].set_title(f"AP rises on {options.scenes} scenes that are not trained on")
find = TopDown(trainer.average.network(), padding=trainer.model.padding)
for i, scene in zip(range(4), SyntheticPeople(4, HELD_OUT_SEED)):
    axes[i].imshow(scene.image)
    for p, pose in enumerate(find(scene.image, scene.boxes[scene.labelled]).keypoints):
        for limb in COCO_17.limbs:
            axes[i].plot(*pose[np.array(limb)].T, color=OKABE_ITO[p % 7] / 255, lw=2.5)
    axes[i].set(xticks=[], yticks=[], xlabel="found from the true boxes")
options.out.save(figure)
