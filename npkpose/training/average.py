"""A moving average of a network's weights, which scores better than the last weights.

    a <- d a + (1 - d) w,    d = min(decay, (1 + t) / (10 + t))   after step t = 1, 2, ...

The second term lets the average forget the random start. Polyak and Juditsky, "Acceleration of
Stochastic Approximation by Averaging", 1992; Tarvainen and Valpola, "Mean teachers", NeurIPS
2017, arXiv:1703.01780. Running statistics are averaged too; integers are copied.
"""

import copy

from npkpose._check import check_integer, check_kind, check_number
from npkpose.nn import Module
from npkpose.nn._state import copy_state


class WeightAverage:
    """The moving average of a module's parameters and buffers; with ``decay`` 0, the weights."""

    def __init__(self, module, decay=0.999):
        self.module = check_kind("module", module, Module)
        self.decay = check_number("decay", decay, at_least=0.0)
        if decay >= 1:
            raise ValueError(f"decay: expected less than 1, got {decay}")
        self.averages = module.state_dict()

    def update(self, t):
        """Add the weights after step ``t``, counted from 1."""
        t = check_integer("t", t, at_least=1)
        d = min(self.decay, (1 + t) / (10 + t))
        for name, now in self.module.state_dict().items():
            average = self.averages[name]
            if now.dtype.kind == "f":
                average += now.dtype.type(1 - d) * (now - average)
            else:
                average[...] = now

    def load_state_dict(self, state):
        """Restore ``averages``; ValueError if names or shapes do not fit."""
        copy_state(self.averages, state)

    def network(self):
        """Return a copy of the module with the averaged weights, in evaluation mode."""
        network = copy.deepcopy(self.module)
        network.load_state_dict(self.averages)
        return network.eval()
