"""Layers side by side: branches that do not need each other's outputs, run concurrently.

    y_b = f_b(x_b),    dL/dx_b = (df_b/dx_b)^T dL/dy_b       for every branch b

With T threads, T branches of equal cost run at once, each on one thread. Branches that remain
when their number is no multiple of T run one after the other, each on all threads.
"""

from collections.abc import Callable
from functools import partial

from npkpose import engine
from npkpose.nn._shapes import check_list
from npkpose.nn.faster import faster
from npkpose.nn.module import Module


def run_branches(layers, inputs):
    """Return ``layer(x)`` of each layer and its input, a list in their order."""
    layers = check_list("layers", layers, Callable)
    inputs = check_list("inputs", inputs, object, len(layers))
    return _run_equal_tasks([partial(layer, x) for layer, x in zip(layers, inputs)])


def backward_branches(layers, dys):
    """Given dL/dy of each layer, fill its ``grads``; return dL/dx of each, a list."""
    layers = check_list("layers", layers, Module)
    dys = check_list("dys", dys, object, len(layers))
    return _run_equal_tasks([partial(layer.backward, dy) for layer, dy in zip(layers, dys)])


def run_concurrently(tasks):
    """Return the results of functions of any cost that do not need each other's, a list."""
    return call_all(check_list("tasks", tasks, Callable))


@faster(engine.run_all)
def call_all(tasks):
    """Return the result of each function of a list."""
    return [task() for task in tasks]


def _run_equal_tasks(tasks):
    """Run functions of equal cost: full rounds of one per thread, then the rest one by one."""
    in_rounds = len(tasks) - len(tasks) % engine.num_threads()
    return call_all(tasks[:in_rounds]) + [task() for task in tasks[in_rounds:]]
