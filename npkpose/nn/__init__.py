"""Layers with hand-written backward passes, in NumPy. Nothing here knows of poses.

Read in this order:

    module.py            what a layer is: forward, backward, params, children, state
    activation.py        the shortest layers: ReLU and its kin
    unfold.py            sliding windows as matrix columns, and the way back
    conv.py              convolution: one matrix product forward, two backward
    conv1d.py            the same over sequences
    conv_transpose.py    convolution turned around
    faster.py            the plain functions of these files, and the fast ones of `npkpose.engine`
    fuse.py sequential.py    layers in a row; a convolution and what follows it as one
    pad.py pool.py upsample.py grid_sample.py    more maps from images to images
    batchnorm.py         statistics, and the gradient through them
    linear.py layernorm.py gelu.py mlp.py softmax.py attention.py    the parts of a transformer
    spatial_softmax.py   maps that say where one thing is
    branches.py          layers side by side
    dropout.py           what training leaves out at random
    init.py optim.py muon.py schedule.py    what training needs
    loss.py focal.py smooth_l1.py cross_entropy.py    losses of maps, rare centres, numbers, classes
    gradcheck.py         try your own layer: check_layer(layer, x, rng)

What is in these files can be run and stepped through as it stands, with ``nn.engine("plain")``;
without that, the fast engine takes over at the functions under ``@faster``.

A whole training step:

    loss, dy = mse_loss(net(x), target)
    net.backward(dy)
    optimizer.step()

Layers keep float32 and float64 as they find them and take other real numbers as
float32. Zero images give zero outputs. A bad argument raises ValueError, naming it.
"""

from npkpose.nn.activation import ELU, LeakyReLU, PReLU, ReLU, ReLU6
from npkpose.nn.attention import MultiHeadAttention
from npkpose.nn.batchnorm import BatchNorm2d, freeze_statistics
from npkpose.nn.branches import backward_branches, run_branches
from npkpose.nn.conv import Conv2d, no_input_gradient
from npkpose.nn.conv1d import Conv1d
from npkpose.nn.conv_transpose import ConvTranspose2d
from npkpose.nn.cross_entropy import cross_entropy_loss
from npkpose.nn.dropout import Dropout, DropPath
from npkpose.nn.faster import current_engine, engine
from npkpose.nn.focal import focal_loss
from npkpose.nn.gelu import GELU
from npkpose.nn.gradcheck import check_layer
from npkpose.nn.grid_sample import GridSample
from npkpose.nn.init import kaiming_normal
from npkpose.nn.layernorm import LayerNorm
from npkpose.nn.linear import Linear
from npkpose.nn.loss import mse_loss
from npkpose.nn.mlp import Mlp
from npkpose.nn.module import Module
from npkpose.nn.muon import Muon
from npkpose.nn.optim import SGD, Adam, Optimizer
from npkpose.nn.pad import ZeroPad2d
from npkpose.nn.pool import MaxPool2d
from npkpose.nn.schedule import (
    CosineAnnealingLR,
    LinearLR,
    MultiStepLR,
    Schedule,
    SequentialLR,
)
from npkpose.nn.sequential import Sequential
from npkpose.nn.smooth_l1 import smooth_l1_loss
from npkpose.nn.softmax import Softmax
from npkpose.nn.unfold import fold, unfold
from npkpose.nn.upsample import Upsample

__all__ = [
    "Adam", "BatchNorm2d", "Conv1d", "Conv2d", "ConvTranspose2d", "CosineAnnealingLR", "DropPath",
    "Dropout", "ELU", "GELU", "GridSample", "LayerNorm", "LeakyReLU", "Linear", "LinearLR",
    "MaxPool2d", "Mlp", "Module", "MultiHeadAttention", "MultiStepLR", "Muon", "Optimizer", "PReLU",
    "ReLU", "ReLU6", "SGD", "Schedule", "Sequential", "SequentialLR", "Softmax", "Upsample",
    "ZeroPad2d", "backward_branches", "check_layer", "cross_entropy_loss", "current_engine",
    "engine", "focal_loss", "fold", "freeze_statistics", "kaiming_normal", "mse_loss",
    "no_input_gradient", "run_branches", "smooth_l1_loss", "unfold",
]
