"""MHFormer in small: which frame of a window does a transformer know best, and how does it learn?

    python examples/13_mhformer.py

A MHFormer of 27 frames with narrow layers learns from the sequences of the example before. It gives
every frame of its window a pose. A frame in the middle has neighbours on both sides, so its error
is smaller; the published network uses the middle frame only. Every frame has weights of its own
here, so one may be worse after a short training, such as the one at -2.

Expected output (two minutes on one core; the last digits depend on the machine):

    245,452 parameters, 1300 steps
    the mean pose MPJPE 160.0 mm
    MHFormer      MPJPE 79.6, PA-MPJPE 67.1, MPJVE 20.1 mm
    first frame of a window 88.6 mm, middle 78.9, last 88.2
"""

import argparse

import numpy as np
from matplotlib import pyplot as plt

from npkpose import H36M_17
from npkpose.data.motion import SIZE
from npkpose.exercises import lifting
from npkpose.exercises.plot_file import PlotFile
from npkpose.exercises.report import progress
from npkpose.models.lifting.videopose3d import to_screen

FRAMES, SMOOTH = 27, 25
BLUE, ORANGE = "#0072b2", "#d55e00"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seed", type=int, default=0, help="of the weights and the scenes")
parser.add_argument("--steps", type=int, default=1300, help="of the training; default 1300")
parser.add_argument("--out", type=PlotFile, default="13_mhformer.png", help="plot")
options = parser.parse_args()

# %%
# A sequence holds the keypoints of one camera; the poses in space are the ground truth. Without any
# input, the best answer is the mean of all poses: its error is what a network has to beat.

sequences, poses = lifting.training_sequences(options.seed)
test_sequences, true = lifting.held_out_sequences(options.seed)
losses, bar = [], progress(options.steps)
report = lambda step, loss: (losses.append(1000 * loss), bar(step, loss))  # noqa: E731
net = lifting.train_mhformer(FRAMES, sequences, poses, options.seed, options.steps, report)
mean_pose = 1000 * np.linalg.norm(poses.mean((0, 1)) - true, axis=-1).mean()
error, aligned, velocity = lifting.sequence_errors(net, test_sequences, true)
print(f"{net.num_parameters():,} parameters, {options.steps} steps")
print(f"the mean pose MPJPE {mean_pose:.1f} mm")
print(f"MHFormer      MPJPE {error:.1f}, PA-MPJPE {aligned:.1f}, MPJVE {velocity:.1f} mm")

# %%
# The network slides over the held-out sequences. Its error for each frame of the window, over all
# windows, shows where in a window a pose is known best.

starts = np.arange(0, true.shape[1] - FRAMES, 9)
windows = starts[:, None] + np.arange(FRAMES)  # (S, 27)
inputs = [to_screen(sequence, SIZE)[windows].astype(np.float32) for sequence in test_sequences]
found = np.stack([net(x) for x in inputs])
away = 1000 * np.linalg.norm(found - true[:, windows], axis=-1).mean(axis=(0, 1, 3))  # (27,)
centre = FRAMES // 2
print(f"first frame of a window {away[0]:.1f} mm, middle {away[centre]:.1f}, last {away[-1]:.1f}")

# %%
# The plot: the training, the frames of a window, and one lifted pose.

figure = plt.figure(figsize=(14, 4.4), layout="constrained")
left, middle = figure.add_subplot(131), figure.add_subplot(132)
smooth = np.convolve(losses, np.ones(SMOOTH) / SMOOTH, "valid")
left.plot(smooth, c=BLUE, label="MHFormer, on training sequences")
left.axhline(mean_pose, color="0.4", ls="--", label="the mean pose")
left.set(title="The network learns from 27 frames", xlabel="step", ylabel="MPJPE, mm")
left.set_ylim(0, 1.5 * mean_pose)
left.legend()
middle.plot(np.arange(FRAMES) - centre, away, "o-", c=BLUE)
middle.set(title="The middle of a window is known best")
middle.set(xlabel="frames from the middle", ylabel="MPJPE on held-out sequences, mm")
body = figure.add_subplot(133, projection="3d", elev=8, azim=-60)
pair = true[0, 100], net.lift(test_sequences[0], SIZE)[100]
for pose, colour, label in zip(pair, ("k", ORANGE), ("ground truth", "lifted")):
    for limb in H36M_17.limbs:
        x, y, z = pose[list(limb)].T
        body.plot(x, z, -y, color=colour, lw=2, label=label)
        label = None
body.set(title="A held-out pose, m", xlabel="right", ylabel="depth", zlabel="up")
body.set(xlim=(-0.7, 0.7), ylim=(-0.7, 0.7), zlim=(-0.9, 0.8))
body.set_box_aspect((1.4, 1.4, 1.7), zoom=0.9)
for axis in (body.xaxis, body.yaxis, body.zaxis):
    axis.set_major_locator(plt.MultipleLocator(0.5))
body.tick_params(labelsize=8, pad=0)
body.legend(loc="upper left")
options.out.save(figure)
