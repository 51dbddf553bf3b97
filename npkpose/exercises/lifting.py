"""Exercises 4 and 5: learn to lift synthetic sequences of keypoints to poses in space.

Both networks learn from random windows of all sequences. From a window, VideoPose3D learns the pose
in the middle. It does so in its strided form, with all windows concatenated to one long sequence:
many times faster than a batch of short ones. MHFormer learns the poses of all frames of a window.
"""

import numpy as np

from npkpose import nn
from npkpose.data.motion import SIZE, synthetic_motion
from npkpose.metrics.pose3d import mpjpe, mpjve, pa_mpjpe
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.videopose3d import VideoPose3D, to_screen
from npkpose.training.losses.mpjpe import mpjpe_loss

SEQUENCES, TEST_SEQUENCES, FRAMES = 300, 24, 200
CHANNELS = 128  # of VideoPose3D
DROPOUT = 0.05  # less than published, since these networks are small
LAYERS, WIDTHS, DEPTH = 2, (64, 128), 1  # of MHFormer
LR = {"videopose3d": 0.01, "mhformer": 0.002}
BATCH = {"videopose3d": 256, "mhformer": 32}


def training_sequences(seed):
    """Return keypoints (N, F, 17, 2) and poses (N, F, 17, 3) for training."""
    return synthetic_motion(np.random.default_rng([seed, 0]), SEQUENCES, FRAMES)


def held_out_sequences(seed):
    """Return keypoints and poses for evaluation: enough of them to compare networks."""
    return synthetic_motion(np.random.default_rng([seed, 1]), TEST_SEQUENCES, FRAMES)


def train_videopose3d(widths, keypoints, poses, seed, steps, report=None):
    """Return a trained network of these ``widths`` in its dilated form: a pose for every frame.

    ``report(step, loss)`` is called after each step; the loss is in metres.
    """
    rng, batch = np.random.default_rng([seed, 2]), BATCH["videopose3d"]
    net = VideoPose3D(widths, CHANNELS, form="strided", dropout=DROPOUT, rng=rng)
    R = net.receptive_field
    ends = [(0, 0), (R // 2, R // 2), (0, 0), (0, 0)]
    x = np.pad(to_screen(keypoints, SIZE).astype(np.float32), ends, mode="edge")

    def draw():
        n, f = rng.integers(len(x), size=batch), rng.integers(poses.shape[1], size=batch)
        windows = x[n[:, None], f[:, None] + np.arange(R)]  # (batch, R, 17, 2)
        return windows.reshape(1, batch * R, 17, 2), poses[n, f][None]

    _train(net, draw, LR["videopose3d"], steps, report)
    dilated = VideoPose3D(widths, CHANNELS)
    dilated.load_state_dict(net.state_dict())
    return dilated.eval()


def train_mhformer(frames, keypoints, poses, seed, steps, report=None):
    """Return a trained small MHFormer for windows of ``frames``; see `train_videopose3d`."""
    rng, batch = np.random.default_rng([seed, 3]), BATCH["mhformer"]
    net = MHFormer(frames, 17, LAYERS, WIDTHS, drop_path=0.0, depth=DEPTH, rng=rng)
    for _, module in net.named_modules():
        if isinstance(module, nn.Dropout):
            module.p = DROPOUT
    for _, array in net.named_parameters():
        if array.ndim > 1:
            array /= np.sqrt(6)  # to PyTorch's deviation: He's saturates the attention
    x = to_screen(keypoints, SIZE).astype(np.float32)

    def draw():
        n = rng.integers(len(x), size=batch)[:, None]
        f = rng.integers(x.shape[1] - frames + 1, size=batch)[:, None] + np.arange(frames)
        return x[n, f], poses[n, f]

    _train(net, draw, LR["mhformer"], steps, report)
    return net.eval()


def sequence_errors(net, keypoints, poses):
    """Return MPJPE, PA-MPJPE and MPJVE in mm of sequences, each lifted by itself."""
    lifted = np.stack([net.lift(sequence, SIZE) for sequence in keypoints])
    velocity = np.mean([mpjve(sequence, true) for sequence, true in zip(lifted, poses)])
    return 1000 * np.array([mpjpe(lifted, poses), pa_mpjpe(lifted, poses), velocity])


def _train(net, draw, lr, steps, report):
    """Train by Adam; the learning rate falls linearly to 0."""
    optimizer = nn.Adam(net.train(), lr)
    schedule = nn.LinearLR(optimizer, 1.0, 0.0, steps)
    for step in range(steps):
        x, true = draw()
        loss, gradient = mpjpe_loss(net(x), true)
        net.backward(gradient)
        optimizer.step()
        schedule.step()
        if report is not None:
            report(step, loss)
