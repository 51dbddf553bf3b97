"""A batch shared out among threads: each takes some of the images through all layers.

    y = network(x_0), ..., network(x_{T-1}), one after the other
    dL/dx likewise, and grads = sum over t of the gradients that share t finds

A layer that is cut up for the threads has them meet when it is done (`npkpose.engine.threads`), a
network of small layers spends its time so. Here they meet once forward and once backward, and
wherever images of a batch depend on each other: in `BatchNorm2d`, whose statistics stay those of
the whole batch. But each thread reads all weights and finds gradients for all of them, which
costs more where there are many of them.

What PyTorch calls DataParallel copies the network, normalises each share by itself, and is for
several graphics cards; here all shares read the same parameters.
"""

from functools import partial

import numpy as np

from npkpose.engine.threads import num_threads, run_shares
from npkpose.engine.tiling import cuts
from npkpose.nn.dropout import Dropout
from npkpose.nn.module import Module

MANY = 2**21  # parameters from which layers that are cut up are quicker


class DataParallel(Module):
    """``module`` itself, used by all threads at once where a batch has two images or more.

    Results are the same but for rounding. A network of many parameters is used as it is, and so
    is one with `Dropout`, whose draws depend on the order of the layers that draw.

    Parameters
    ----------
    module : Module
        Of one input and one output, whose first axis are the images; its layers store what they
        need with `Module.save_for_backward`, not elsewhere.
    """

    def __init__(self, module):
        super().__init__()
        self.module, self._parts = module, []
        draws = any(isinstance(layer, Dropout) for _, layer in module.named_modules())
        self._divisible = not draws and module.num_parameters() < MANY

    def forward(self, x):
        """Return the network's output; the layers keep what they need of their shares."""
        self._parts = cuts(len(x), num_threads()) if self._divisible else []
        if len(self._parts) < 2:
            return self.module(x)
        return np.concatenate(run_shares([partial(self.module, x[a:b]) for a, b in self._parts]))

    def backward(self, dy):
        """Given dL/dy, fill every layer's ``grads`` and return dL/dx."""
        if len(self._parts) < 2:
            return self.module.backward(dy)
        dx = run_shares([partial(self.module.backward, dy[a:b]) for a, b in self._parts])
        for _, layer in self.module.named_modules():
            layer.add_up_shares()
        return None if dx[0] is None else np.concatenate(dx)
