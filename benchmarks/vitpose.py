"""ViTPose on one person, time and memory: ``python -m benchmarks.vitpose``.

In evaluation mode at 256 x 192, against the same network in PyTorch with the same weights, the
two taking turns on all cores; their outputs are asserted equal first. The note is the peak of
each one's own process, in MB, libraries and weights included.
"""

import subprocess
import sys

import numpy as np

from benchmarks.timing import Row, first_call, machine, print_rows, smallest_ms
from npkpose.models.vitpose import ViTPose

NETWORKS = (("S", "simple"), ("S", "classic"), ("B", "simple"), ("B", "classic"))
SHAPE = (1, 3, 256, 192)
RUNS = 20

# Linux's own account. A child's ru_maxrss would start at its parent's.
PEAK = "print([line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line][0])"
OURS = (
    "import numpy as np; from npkpose.models.vitpose import ViTPose; "
    "ViTPose({!r}, {!r}).eval()(np.zeros({}, np.float32)); "
)
THEIRS = (
    "import torch; from benchmarks.torch_vitpose import ViTPose; torch.set_grad_enabled(False); "
    "ViTPose({!r}, {!r}).eval()(torch.zeros({})); "
)


def rows(runs=RUNS):
    """Yield a `timing.Row` for each size and decoder."""
    x = np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)
    for size, decoder in NETWORKS:
        model = ViTPose(size, decoder).eval()
        works = [lambda: model(x)]
        first = first_call(works[0])
        name, twin = peer(model, size, decoder)
        note = f"peak {peak(OURS, size, decoder):.0f} MB"
        if twin is not None:
            np.testing.assert_allclose(twin(x), model(x), rtol=0, atol=1e-5 * abs(model(x)).max())
            works.append(lambda: twin(x))
            note += f", theirs {peak(THEIRS, size, decoder):.0f}"
        times = (*smallest_ms(*works, runs=runs), np.nan)
        yield Row(f"ViTPose-{size}", decoder, first, times[0], name, times[1], note)


def peer(model, size, decoder):
    """Return the peer's name and its work, with the model's weights; None without PyTorch."""
    try:
        import torch
    except ImportError:
        return "torch is not installed", None
    from benchmarks import torch_vitpose

    twin = torch_vitpose.ViTPose(size, decoder).eval()
    twin.load_state_dict({k: torch.from_numpy(a) for k, a in model.state_dict().items()})

    def forward(x):
        with torch.inference_mode():
            return twin(torch.from_numpy(x)).numpy()

    return f"torch {torch.__version__} eager", forward


def peak(code, size, decoder):
    """Return the most memory in MB of a process that runs the network once; NaN off Linux."""
    if not sys.platform.startswith("linux"):
        return np.nan
    command = [sys.executable, "-c", code.format(size, decoder, SHAPE) + PEAK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def main():
    """Print the table."""
    print(machine().replace("one thread", "all threads"))
    print_rows(rows())


if __name__ == "__main__":
    main()
