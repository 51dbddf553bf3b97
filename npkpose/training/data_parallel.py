"""A batch split among threads: each takes some of the images through all layers.

    y = network(x_0), ..., network(x_{T-1}), one after the other
    dL/dx likewise, and grads = sum over t of the gradients that rank t finds

When a single layer is split among threads they synchronise after it, which dominates the time of a
network of small layers. Here they synchronise once forward and once backward, and wherever images
of a batch depend on each other: in `BatchNorm2d`, whose statistics stay those of the whole batch.
But each thread reads all weights and finds gradients for all of them, which costs more where there
are many.

Each rank has a replica of the network: its layers, with their own activations and gradients, share
the parameter arrays. PyTorch's DataParallel copies the parameters too, normalises each part by
itself, and is for several graphics cards.
"""

from functools import partial

import numpy as np

from npkpose.engine import all_gather, num_threads, run_ranks
from npkpose.engine.tiling import split_range
from npkpose.nn.batchnorm import BatchNorm2d
from npkpose.nn.conv import Conv2d
from npkpose.nn.dropout import Dropout
from npkpose.nn.module import Module

MANY = 2**21  # parameters from which splitting each layer is quicker


class DataParallel(Module):
    """``module`` itself, used by all threads at once where a batch has two images or more.

    Results are the same but for rounding. A network of many parameters is used as it is, and so
    is one with `Dropout`, whose draws depend on the order of the layers that draw.

    Parameters
    ----------
    module : Module
        Of one input and one output, whose first axis are the images.
    """

    def __init__(self, module):
        super().__init__()
        self.module, self._parts = module, []
        self._layers = [layer for _, layer in module.named_modules()]
        self._replicas = []  # of each rank: those layers, the network itself first
        draws = any(isinstance(layer, Dropout) for layer in self._layers)
        self._divisible = not draws and module.num_parameters() < MANY

    def forward(self, x):
        """Return the network's output; the replicas' layers keep what they need."""
        self._parts = split_range(len(x), num_threads()) if self._divisible else []
        if len(self._parts) < 2:
            return self.module(x)
        self._replicas = [_replicate(self._layers, rank) for rank in range(len(self._parts))]
        parts = zip(self._replicas, self._parts)
        return np.concatenate(run_ranks([partial(net[0], x[a:b]) for net, (a, b) in parts]))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        if len(self._parts) < 2:
            return self.module.backward(dy)
        for layer, *twins in zip(self._layers, *self._replicas):
            for twin in twins if isinstance(layer, Conv2d) else ():
                twin.needs_dx = layer.needs_dx  # `no_input_gradient` is told the module
        parts = zip(self._replicas, self._parts)
        dx = run_ranks([partial(net[0].backward, dy[a:b]) for net, (a, b) in parts])
        for layer, *twins in zip(self._layers, *self._replicas):
            for name in twins[0].grads:
                layer.grads[name] = sum(twin.grads[name] for twin in twins)
        return None if dx[0] is None else np.concatenate(dx)


def _replicate(layers, rank):
    """Return the layers of a network for one rank: copies that share the arrays."""
    copies = {}

    def replica(value):
        if isinstance(value, (list, tuple)):
            items = [replica(item) for item in value]
            same = all(new is old for new, old in zip(items, value))
            return value if same else type(value)(items)
        if not isinstance(value, Module):
            return value
        if id(value) not in copies:
            twin = copies[id(value)] = object.__new__(type(value))
            twin.__dict__.update(vars(value), grads={}, _saved=None)
            for name, item in vars(value).items():
                if isinstance(item, (Module, list, tuple)):
                    twin.__dict__[name] = replica(item)
            if isinstance(twin, BatchNorm2d):
                twin.all_gather, twin.update_running = all_gather, rank == 0
        return copies[id(value)]

    return [replica(layer) for layer in layers]
