"""SMPL at its full size, forward and backward: ``python -m benchmarks.smpl``.

A random body with SMPL's 6,890 vertices, 24 joints and 10 shape numbers, each vertex weighted to
four joints, against the same equations in PyTorch with automatic gradients. The two alternate on
all cores, after their outputs and gradients are asserted equal.
"""

import numpy as np

from benchmarks.timing import Row, first_call, print_table, smallest_ms
from npkpose.space.body import BodyData, tube_body
from npkpose.space.rotations import axis_angle_to_matrix
from npkpose.space.smpl import SMPL

VERTICES, SHAPES = 6890, 10
BATCHES = (1, 32)
RUNS = 30


def rows(runs=RUNS):
    """Yield a `timing.Row` for each batch, for forward and for forward with backward."""
    rng = np.random.default_rng(0)
    data = full_size_body(rng)
    body, (name, twin) = SMPL(data), peer(data)
    for batch in BATCHES:
        R = axis_angle_to_matrix(rng.normal(0, 0.5, (batch, 24, 3))).astype(np.float32)
        shapes = rng.normal(size=(batch, SHAPES)).astype(np.float32)
        dvertices = rng.normal(size=(batch, VERTICES, 3)).astype(np.float32)
        for both in (False, True):
            tasks = [lambda: run(body, R, shapes, dvertices if both else None)]
            first = first_call(tasks[0])
            if twin is not None:
                tasks.append(lambda: twin(R, shapes, dvertices if both else None))
                _assert_equal(tasks[0](), tasks[1]())
            times = (*smallest_ms(*tasks, runs=runs), np.nan)
            kernel = "SMPL and gradients" if both else "SMPL"
            yield Row(kernel, f"batch {batch}", first, times[0], name, times[1])


def full_size_body(rng):
    """Return random `BodyData` with SMPL's size and kinematic tree."""
    parents = tube_body(rng).parents
    J = len(parents)
    weights, regressor = np.zeros((VERTICES, J)), np.zeros((J, VERTICES))
    joints = rng.permuted(np.tile(np.arange(J), (VERTICES, 1)), axis=1)[:, :4]
    np.put_along_axis(weights, joints, rng.dirichlet(np.ones(4), VERTICES), axis=1)
    averaged = rng.integers(0, VERTICES, (J, 30))
    np.put_along_axis(regressor, averaged, 1 / 30, axis=1)
    template = rng.normal(0, 0.5, (VERTICES, 3))
    shape = rng.normal(0, 0.01, (VERTICES, 3, SHAPES))
    pose = rng.normal(0, 0.01, (VERTICES, 3, 9 * (J - 1)))
    return BodyData(template, shape, pose, regressor, weights, parents, np.zeros((1, 3), int))


def run(body, R, shapes, dvertices):
    """Return vertices and joints or, given dL/dvertices, the gradients of rotations and shapes."""
    found = body(R, shapes)
    return tuple(found) if dvertices is None else body.backward(dvertices)[:2]


def peer(data):
    """Return the peer's name and its version of `run`, None without PyTorch."""
    try:
        import torch
    except ImportError:
        return "torch is not installed", None
    from benchmarks import torch_smpl

    twin = torch_smpl.SMPL(data)

    def run_torch(R, shapes, dvertices):
        R, shapes = torch.from_numpy(R), torch.from_numpy(shapes)
        if dvertices is None:
            with torch.inference_mode():
                return [part.numpy() for part in twin(R, shapes)]
        R, shapes = R.requires_grad_(), shapes.requires_grad_()
        vertices, _ = twin(R, shapes)
        gradients = torch.autograd.grad(vertices, (R, shapes), torch.from_numpy(dvertices))
        return [part.numpy() for part in gradients]

    return f"torch {torch.__version__} eager", run_torch


def _assert_equal(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * abs(b).max())


if __name__ == "__main__":
    print_table(__doc__, rows, threads="all threads")
