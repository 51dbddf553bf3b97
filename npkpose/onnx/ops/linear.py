"""Matrix products.

Specification: ONNX, Operators.md: MatMul-1, Gemm-7, Einsum-12.
"""

import math

import numpy as np

from npkpose import engine
from npkpose.nn.faster import faster
from npkpose.onnx.limits import check_products, check_size


def _fast_product(a, b):
    """Return a @ b by the engine where the tile can do it."""
    if a.ndim < 2 or b.ndim != 2 or a.dtype != np.float32 or not a.size or not b.size:
        return np.matmul(a, b)
    y = engine.matmul(a.reshape(-1, a.shape[-1]), b)
    return y.reshape(*a.shape[:-1], b.shape[1])


@faster(_fast_product)
def product(a, b):
    """Return a @ b."""
    return np.matmul(a, b)


def matmul(a, b):
    """MatMul-1: a @ b, stacks of matrices broadcast as in NumPy."""
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[max(b.ndim - 2, 0)]:
        raise ValueError(f"inputs: expected shapes that fit, got {a.shape} and {b.shape}")
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    size = math.prod(stack) * math.prod(a.shape[-2:-1]) * (b.shape[-1] if b.ndim > 1 else 1)
    check_size((size,), a.itemsize)
    check_products(size * a.shape[-1])
    return product(a, b)


def gemm(a, b, c=None, *, alpha=1.0, beta=1.0, transA=0, transB=0):
    """Gemm-7: alpha a @ b + beta c, matrices transposed if asked for; stacks of them are not."""
    if min(a.ndim, b.ndim) < 2 or max(a.ndim, b.ndim) > 2 and (transA or transB):
        raise ValueError(f"inputs: expected matrices, got {a.shape} and {b.shape}")
    y = matmul(a.T if transA else a, b.T if transB else b)
    y = y if alpha == 1 else (alpha * y).astype(y.dtype, copy=False)
    if c is None or beta == 0:
        return y
    if np.broadcast_shapes(y.shape, c.shape) != y.shape:
        raise ValueError(f"C: expected a shape that is broadcast to {y.shape}, got {c.shape}")
    return y + (c if beta == 1 else (beta * c).astype(y.dtype, copy=False))


def einsum(*inputs, equation):
    """Einsum-12: sums of products over the letters that the result lacks: "ij,jk->ik"."""
    lengths = {}
    terms = equation.replace(" ", "").split("->")[0].split(",")
    for term, x in zip(terms, inputs):
        letters = term.replace("...", "")
        lengths |= dict(zip(letters, x.shape[: len(letters)])) if "..." not in term else {}
    check_products(math.prod(lengths.values()))
    if "->" in equation and "..." not in equation:
        result = equation.replace(" ", "").split("->")[1]
        check_size([lengths.get(letter, 1) for letter in result], inputs[0].itemsize)
    return np.asarray(np.einsum(equation, *inputs))


OPS = {"MatMul": {1: matmul}, "Gemm": {7: gemm}, "Einsum": {12: einsum}}
