"""How fast the networks are on one picture: ``python -m benchmarks.networks [NAME...]``.

Each network in evaluation mode against the same network in PyTorch, with the same weights, the
two taking turns on all cores; their outputs are asserted equal first. The note is the largest
memory of a process that makes one forward pass, ours and PyTorch's, each in one of its own.
"""

import pathlib
import subprocess
import sys

import numpy as np

from benchmarks.timing import Row, first_call, machine, print_rows, smallest_ms
from npkpose.models.higherhrnet import HigherHRNet
from npkpose.models.hrnet import HRNet
from npkpose.models.openpose_coco import OpenPoseCOCO
from npkpose.models.openpose_lightweight import LightweightOpenPose

NETWORKS = {  # class, its arguments, and the size of the input for which papers state the cost
    "HRNet-W32": (HRNet, (32,), (256, 192)),
    "HRNet-W48": (HRNet, (48,), (256, 192)),
    "HigherHRNet-W32": (HigherHRNet, (32,), (512, 512)),
    "OpenPose lightweight": (LightweightOpenPose, (), (256, 456)),
    "OpenPose COCO": (OpenPoseCOCO, (), (368, 368)),
}
RUNS = 10


def rows(names=tuple(NETWORKS), runs=RUNS):
    """Yield a Row for each network."""
    for name in names:
        network, arguments, (height, width) = NETWORKS[name]
        model, x = network(*arguments).eval(), picture(height, width)
        first = first_call(lambda: model(x))
        size = f"{height} x {width}"
        peer = torch_twin(name, model.state_dict())
        if peer is None:
            (ms,) = smallest_ms(lambda: model(x), runs=runs)
            yield Row(name, size, first, ms, "no PyTorch here", float("nan"))
            continue
        _assert_equal(model(x), peer(x))
        ms, peer_ms = smallest_ms(lambda: model(x), lambda: peer(x), runs=runs)
        note = ""
        if pathlib.Path("/proc/self/status").exists():
            ours, theirs = (peak_memory(name, kind) for kind in ("npkpose", "PyTorch"))
            note = f"{ours:.0f} and {theirs:.0f} MB"
        yield Row(name, size, first, ms, "PyTorch eager", peer_ms, note)


def picture(height, width):
    """Return the same random input every time."""
    return np.random.default_rng(0).standard_normal((1, 3, height, width), dtype=np.float32)


def torch_twin(name, state=None):
    """Return a function of an array: PyTorch's network, with our weights if given.

    None without PyTorch.
    """
    try:
        import torch
    except ImportError:
        return None
    from benchmarks import torch_networks

    network, arguments, _ = NETWORKS[name]
    twin = getattr(torch_networks, network.__name__)(*arguments).eval()
    if state is not None:
        twin.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})

    def forward(x):
        with torch.inference_mode():
            return twin(torch.from_numpy(x))

    return forward


def peak_memory(name, kind):
    """Return the largest memory in MB of a process that makes one forward pass."""
    command = [sys.executable, "-m", "benchmarks.networks", "--memory", kind, name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _print_memory(kind, name):
    network, arguments, size = NETWORKS[name]
    model = torch_twin(name) if kind == "PyTorch" else network(*arguments).eval()
    model(picture(*size))
    with open("/proc/self/status") as file:  # getrusage would count the process we came from
        (peak,) = [line.split()[1] for line in file if line.startswith("VmHWM")]
    print(int(peak) / 1024)


def _assert_equal(ours, theirs):
    if isinstance(ours, np.ndarray):
        ours, theirs = [ours], [theirs]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=0, atol=1e-4 * abs(a).max())


def main():
    if sys.argv[1:2] == ["--memory"]:
        return _print_memory(*sys.argv[2:])
    print(machine().replace("one thread", "all threads"))
    print_rows(rows(sys.argv[1:] or tuple(NETWORKS)))


if __name__ == "__main__":
    main()
