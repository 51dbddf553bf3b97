"""Layers side by side: branches that do not need each other's outputs.

    y_b = f_b(x_b),    dL/dx_b = (df_b/dx_b)^T dL/dy_b       for every branch b

They run one after the other, each on all threads: a layer of the fast engine shares its work so
quickly that threads which take a branch each would only wait for the longest.
"""

from collections.abc import Callable

from npkpose.nn._shapes import check_list
from npkpose.nn.module import Module


def run_branches(layers, inputs):
    """Return ``layer(x)`` of each layer and its input, a list in their order."""
    layers = check_list("layers", layers, Callable)
    inputs = check_list("inputs", inputs, object, len(layers))
    return [layer(x) for layer, x in zip(layers, inputs)]


def backward_branches(layers, dys):
    """Given dL/dy of each layer, fill its ``grads``; return dL/dx of each, a list."""
    layers = check_list("layers", layers, Module)
    dys = check_list("dys", dys, object, len(layers))
    return [layer.backward(dy) for layer, dy in zip(layers, dys)]
