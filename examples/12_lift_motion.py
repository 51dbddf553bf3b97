"""From keypoints to depth: what does a network gain that sees 27 frames in place of 1?

    python examples/12_lift_motion.py

VideoPose3D learns from synthetic sequences with a noise of 5 pixels on the keypoints, like a
detector's. From one frame, lifted depth is as noisy; half a second of frames averages it out.

Expected output (two minutes on one core):

    seed 0: the mean pose MPJPE 160 mm
            1 frame       MPJPE 59.3, MPJVE 33.0 mm
            27 frames     MPJPE 50.8, MPJVE 13.7 mm
    ...
    over 3 seeds, 27 frames against 1: MPJVE 2.46 times better, MPJPE -15%
"""

import argparse

import numpy as np
from matplotlib import pyplot as plt

from npkpose import H36M_17
from npkpose.data.motion import SIZE
from npkpose.exercises import lifting
from npkpose.exercises.plot_file import PlotFile
from npkpose.exercises.report import progress

WIDTHS = {"1 frame": (1, 1, 1), "27 frames": (3, 3, 3)}
COLOURS = "#e69f00", "#0072b2"
WRIST, SECONDS = H36M_17.keypoints.index("left_wrist"), 3

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seeds", type=int, default=3, help="trainings to compare; default 3")
parser.add_argument("--steps", type=int, default=1500, help="of the training; default 1500")
parser.add_argument("--out", type=PlotFile, default="12_lift_motion.png", help="plot")
options = parser.parse_args()

# %%
# MPJPE is the mean distance of a joint from its true position. MPJVE is the mean error of its
# movement from one frame to the next: it is large if the lifted person trembles.

errors, lifted = np.empty((options.seeds, 2, 3)), {}  # (seed, network, metric)
for seed in range(options.seeds):
    sequences, poses = lifting.training_sequences(seed)
    test_sequences, true = lifting.held_out_sequences(seed)
    mean_pose = 1000 * np.linalg.norm(poses.mean((0, 1)) - true, axis=-1).mean()
    print(f"seed {seed}: the mean pose MPJPE {mean_pose:.0f} mm")
    for i, (name, widths) in enumerate(WIDTHS.items()):
        report = progress(options.steps)
        net = lifting.train_videopose3d(widths, sequences, poses, seed, options.steps, report)
        errors[seed, i] = lifting.sequence_errors(net, test_sequences, true)
        position, _, movement = errors[seed, i]
        print(f"        {name:13} MPJPE {position:.1f}, MPJVE {movement:.1f} mm")
        poses_mm = 1000 * np.stack([net.lift(sequence, SIZE) for sequence in test_sequences])
        lifted[name] = poses_mm[:, :, WRIST, 2]

one, many = errors.mean(axis=0)
gain = f"MPJVE {one[2] / many[2]:.2f} times better, MPJPE {many[0] / one[0] - 1:.0%}"
print(f"over {options.seeds} seeds, 27 frames against 1: {gain}")

# %%
# One sequence, in which 27 frames have their median error, and the means over the seeds.

figure = plt.figure(figsize=(13, 4.4), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(2.2, 1))
truth, frames = 1000 * true[:, :, WRIST, 2], np.arange(SECONDS * 50)
typical = abs(lifted["27 frames"] - truth).mean(axis=1).argsort()[len(truth) // 2]
for label, sequence, colour, width in (
    ("lifted from 1 frame", lifted["1 frame"], COLOURS[0], 1.2),
    ("lifted from 27 frames", lifted["27 frames"], COLOURS[1], 1.8),
    ("ground truth", truth, "k", 1.2),
):
    left.plot(frames / 50, sequence[typical, frames], color=colour, lw=width, label=label)
left.set(xlabel="time, s", ylabel="depth behind the pelvis, mm")
left.set_title("Depth of a left wrist in a held-out sequence: from 1 frame it trembles")
left.legend()
places = np.array([0, 1])
for i, (name, colour) in enumerate(zip(WIDTHS, COLOURS)):
    means = errors[:, i, ::2].mean(axis=0)  # MPJPE and MPJVE
    bars = right.bar(places + 0.4 * i - 0.2, means, 0.38, color=colour, label=name)
    right.bar_label(bars, fmt="%.1f", label_type="center", fontsize=12, backgroundcolor="white")
    right.plot(places + 0.4 * i - 0.2, errors[:, i, ::2].T, "k.", ms=5)
right.set_xticks(places, ["MPJPE: position", "MPJVE: movement\nbetween frames"])
right.set(title=f"Mean of {options.seeds} seeds (dots)", ylabel="error, mm")
right.legend()
options.out.save(figure)
