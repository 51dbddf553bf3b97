"""The networks that `benchmarks.networks` runs: ours, PyTorch's and onnxruntime's.

All have the same weights and the same input. npkpose writes no ONNX files, so onnxruntime reads
what PyTorch exports, for which PyTorch needs the package onnx.
"""

import io
import warnings
from typing import NamedTuple

import numpy as np

from npkpose import nn
from npkpose.engine import keep_freed_memory
from npkpose.models import (
    HigherHRNet,
    HRNet,
    LightweightOpenPose,
    OpenPoseCOCO,
    TinyKeypointNet,
    ViTPose,
)
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.models.lifting.videopose3d import VideoPose3D
from npkpose.training.data_parallel import DataParallel


class Work(NamedTuple):
    """A network and its input: (N, C, H, W), or (N, frames, joints, 2)."""

    network: type
    arguments: tuple
    shape: tuple
    step: bool = False  # a whole training step, with Adam


WORKS = {
    "tiny-step-64": Work(TinyKeypointNet, (), (16, 3, 64, 64), True),
    "tiny-step-128": Work(TinyKeypointNet, (), (16, 3, 128, 128), True),
    "tiny-64": Work(TinyKeypointNet, (), (1, 3, 64, 64)),
    "vitpose-s-simple": Work(ViTPose, ("S", "simple"), (1, 3, 256, 192)),
    "vitpose-s": Work(ViTPose, ("S", "classic"), (1, 3, 256, 192)),
    "vitpose-b-simple": Work(ViTPose, ("B", "simple"), (1, 3, 256, 192)),
    "vitpose-b": Work(ViTPose, ("B", "classic"), (1, 3, 256, 192)),
    "hrnet-w32": Work(HRNet, (32,), (1, 3, 256, 192)),
    "hrnet-w32-batch-8": Work(HRNet, (32,), (8, 3, 256, 192)),
    "hrnet-w32-step": Work(HRNet, (32,), (8, 3, 64, 64), True),
    "hrnet-w48": Work(HRNet, (48,), (1, 3, 256, 192)),
    "higherhrnet-w32": Work(HigherHRNet, (32,), (1, 3, 256, 256)),
    "higherhrnet-w32-512": Work(HigherHRNet, (32,), (1, 3, 512, 512)),
    "openpose-lightweight": Work(LightweightOpenPose, (), (1, 3, 256, 456)),
    "openpose-coco": Work(OpenPoseCOCO, (), (1, 3, 368, 368)),
    "videopose3d-243": Work(VideoPose3D, ((3, 3, 3, 3, 3),), (1, 243, 17, 2)),
    "mhformer-81": Work(MHFormer, (81,), (1, 81, 17, 2)),
    "mhformer-81-batch-16": Work(MHFormer, (81,), (16, 81, 17, 2)),
}


def picture(shape):
    """Return the same random input every time."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def training_step(model, x):
    """Return a function that trains for a step, as `npkpose.training.fit.fit` does."""
    keep_freed_memory()
    optimizer, shared = nn.Adam(model, lr=1e-4), DataParallel(model)
    target = np.zeros_like(shared(x))

    def step():
        _, dy = nn.mse_loss(shared(x), target)
        with nn.no_input_gradient(model):  # nor does PyTorch calculate it
            shared.backward(dy)
        optimizer.step()

    return step


def torch_network(work, state=None):
    """Return PyTorch's network, or None where PyTorch is not installed."""
    try:
        import torch
    except ImportError:
        return None
    from benchmarks import torch_networks, torch_space, torch_vitpose

    homes = {ViTPose: torch_vitpose, VideoPose3D: torch_space, MHFormer: torch_space}
    home = homes.get(work.network, torch_networks)
    network = getattr(home, work.network.__name__)(*work.arguments).train(work.step)
    if state is not None:
        network.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})
    return network


def torch_twin(work, state=None):
    """Return a function of an array: PyTorch's network, or its training step; None without it."""
    network = torch_network(work, state)
    if network is None:
        return None
    import torch

    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)

    def forward(x):
        with torch.inference_mode():
            return network(torch.from_numpy(x))

    def step(x):
        optimizer.zero_grad()
        loss = network(torch.from_numpy(x)).square().mean()
        loss.backward()
        optimizer.step()

    return step if work.step else forward


def onnx_twin(work, state, threads):
    """Return onnxruntime's function of an array and None, or None and why there is none."""
    try:
        import onnx  # noqa: F401  (PyTorch's exporter needs it)
        import onnxruntime
        import torch
    except ImportError as error:
        return None, f"{error.name} is not installed"
    if work.step:
        return None, "it does not train"
    network, file = torch_network(work, state), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.from_numpy(picture(work.shape)),), file, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=providers)
    (name,) = (entry.name for entry in session.get_inputs())
    return lambda x: session.run(None, {name: x}), None
