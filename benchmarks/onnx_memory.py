"""Memory of ONNX files, ours against onnxruntime: ``python -m benchmarks.onnx_memory FILE...``.

Each side loads and runs the file three times in a process of its own. Two numbers for each: the
peak beyond what the interpreter takes with all imports, and the peak of the whole process. Numba
loads most of LLVM at the first call of a compiled function, whichever it is: that is an import too.
"""

import argparse
import subprocess
import sys

import numpy as np

from benchmarks.timing import peak_mib

KINDS = {"tensor(float)": "f4", "tensor(int32)": "i4", "tensor(float16)": "f2"}
RUNS = 3


def ours(path):
    """Return the peak before and after the file was run by npkpose."""
    from npkpose.image.warp import warp_affine
    from npkpose.onnx import Session
    from npkpose.onnx.summary import zeros_for

    warp_affine(np.zeros((2, 2, 3), np.uint8), np.eye(2, 3), 2)  # any compiled function
    before = peak_mib()
    session = Session(path)
    for _ in range(RUNS):
        session.run(zeros_for(session.inputs))
    return before, peak_mib()


def peer(path):
    """Return the peak before and after the file was run by onnxruntime."""
    import onnxruntime

    before = peak_mib()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {
        each.name: np.zeros([n if isinstance(n, int) else 1 for n in each.shape], KINDS[each.type])
        for each in session.get_inputs()
    }
    for _ in range(RUNS):
        session.run(None, feeds)
    return before, peak_mib()


def measured(side, path):
    """Return what a side needs in a new process: MiB beyond its imports, and in all."""
    command = [sys.executable, "-m", "benchmarks.onnx_memory", "--side", side, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return after - before, after


def main(argv=None):
    """Print one line for each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE", help=".onnx files")
    parser.add_argument("--side", choices=("ours", "peer"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.side:
        print(*{"ours": ours, "peer": peer}[options.side](options.files[0]))
        return
    print(f"{'file':48} {'MiB':>7} {'peer':>7} {'ratio':>6} {'process':>8} {'peer':>7}")
    for path in options.files:
        (mine, whole), (theirs, peer_whole) = (measured(side, path) for side in ("ours", "peer"))
        print(
            f"{path[-48:]:48} {mine:7.0f} {theirs:7.0f} {mine / theirs:6.2f} {whole:8.0f} "
            f"{peer_whole:7.0f}", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
