"""How fast the networks are on one picture: ``python -m benchmarks.networks [NAME...]``.

Each network in evaluation mode against the same network in PyTorch, with the same weights, the
two taking turns on all cores; their outputs are asserted equal first. The note is the peak of
memory that one forward pass adds, ours and PyTorch's, each in a process of its own.
"""

import sys

import numpy as np

from benchmarks.timing import Row, first_call, machine, print_rows, smallest_ms
from npkpose.models.higherhrnet import HigherHRNet
from npkpose.models.hrnet import HRNet
from npkpose.models.openpose_coco import OpenPoseCOCO
from npkpose.models.openpose_lightweight import LightweightOpenPose

NETWORKS = {  # ours, and the sizes of its input at which papers state its cost
    "HRNet-W32": (lambda: HRNet(32), (256, 192)),
    "HRNet-W48": (lambda: HRNet(48), (256, 192)),
    "HigherHRNet-W32": (lambda: HigherHRNet(32), (512, 512)),
    "OpenPose lightweight": (lambda: LightweightOpenPose(), (256, 456)),
    "OpenPose COCO": (lambda: OpenPoseCOCO(), (368, 368)),
}
RUNS = 10


def rows(names=tuple(NETWORKS), runs=RUNS):
    """Yield a Row for each network."""
    for name in names:
        make, (height, width) = NETWORKS[name]
        model = make().eval()
        x = np.random.default_rng(0).standard_normal((1, 3, height, width), dtype=np.float32)
        first = first_call(lambda: model(x))
        size = f"{height} x {width}"
        peer = torch_twin(name, model)
        if peer is None:
            (ms,) = smallest_ms(lambda: model(x), runs=runs)
            yield Row(name, size, first, ms, "no PyTorch here", float("nan"))
            continue
        _assert_equal(model(x), peer(x))
        ms, peer_ms = smallest_ms(lambda: model(x), lambda: peer(x), runs=runs)
        yield Row(name, size, first, ms, "PyTorch eager", peer_ms)


def torch_twin(name, model):
    """Return a function of an array, PyTorch's network with our weights; None without PyTorch."""
    try:
        import torch
    except ImportError:
        return None
    from benchmarks import torch_networks

    kind, width = type(model).__name__, getattr(model, "width", None)
    twin = getattr(torch_networks, kind)(*[width] if width else []).eval()
    twin.load_state_dict({k: torch.from_numpy(a) for k, a in model.state_dict().items()})

    def forward(x):
        with torch.inference_mode():
            return twin(torch.from_numpy(x))

    return forward


def _assert_equal(ours, theirs):
    if isinstance(ours, np.ndarray):
        ours, theirs = [ours], [theirs]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=0, atol=1e-4 * abs(a).max())


def main():
    print(machine().replace("one thread", "all threads"))
    print_rows(rows(sys.argv[1:] or tuple(NETWORKS)))


if __name__ == "__main__":
    main()
