"""Optimisers: SGD with momentum, and Adam.

With g the gradient of parameter p (plus weight_decay p) and lr the learning rate:

    SGD    v <- momentum v + g                       p <- p - lr v
           with Nesterov's momentum                  p <- p - lr (g + momentum v)
    Adam   m <- m + (1 - beta1) (g - m)
           v <- beta2 v + (1 - beta2) g^2            p <- p - lr m' / (sqrt(v') + eps)
           m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t)  at step t

Sutskever et al., "On the Importance of Initialization and Momentum in Deep Learning",
ICML 2013 (with lr outside v, as in PyTorch); Kingma & Ba, "Adam: A Method for
Stochastic Optimization", ICLR 2015, arXiv:1412.6980.
"""

from functools import partial

import numpy as np

from npkpose import engine
from npkpose._check import check_array, check_flag, check_kind
from npkpose.nn._shapes import check_factor
from npkpose.nn._state import copy_state
from npkpose.nn.faster import faster
from npkpose.nn.module import Module

AT_ONCE = 2**17  # numbers of a parameter that are updated at once: they stay in the cache


class Optimizer:
    """Update a module's parameters in place from its gradients.

    ``lr`` may be changed between steps, as the schedules do. ``averages`` are the
    running averages, ``{name: array}`` for each kind. A parameter without a gradient
    is left alone.
    """

    def __init__(self, module, lr, weight_decay, kinds):
        self.module = check_kind("module", module, Module)
        self.lr = self.initial_lr = check_factor("lr", lr, at_least=0.0)
        self.weight_decay = check_factor("weight_decay", weight_decay, at_least=0.0)
        self.steps = 0
        self.averages = {
            kind: {name: np.zeros_like(p) for name, p in module.named_parameters()}
            for kind in kinds
        }

    def step(self):
        """Update every parameter that has a gradient; RuntimeError if none has."""
        updates, count = [], 0
        for name, p, g in self.module.named_updates():
            if np.shape(g) != p.shape:
                raise ValueError(f"{name}: expected a gradient {p.shape}, got {np.shape(g)}")
            averages = (a[name] for a in self.averages.values())
            updates.append(partial(self._update, p, g, *averages))
            count += p.size
        if not updates:
            raise RuntimeError("step: expected a backward pass first, found no gradients")
        self.steps += 1
        call_each(updates, count)

    def state_dict(self):
        """Return copies of the state as ``{name: array}``, for an exact resume."""
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state):
        """Restore what `state_dict` returned; ValueError if it does not fit."""
        targets = self._state()
        copy_state(targets, state)
        self.steps = int(targets["steps"])
        self.lr, self.initial_lr = float(targets["lr"]), float(targets["initial_lr"])

    def _state(self):
        scalars = {name: np.array(getattr(self, name)) for name in ("steps", "lr", "initial_lr")}
        return scalars | {
            f"{kind}.{name}": array
            for kind, average in self.averages.items() for name, array in average.items()
        }


class SGD(Optimizer):
    """Stochastic gradient descent, with optional (Nesterov) momentum."""

    def __init__(self, module, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        self.momentum = check_factor("momentum", momentum, at_least=0.0)
        self.nesterov = check_flag("nesterov", nesterov)
        if nesterov and not momentum:
            raise ValueError(f"nesterov: expected momentum above 0 with it, got {momentum}")
        super().__init__(module, lr, weight_decay, ("velocity",) if momentum else ())

    def _update(self, p, g, *velocity):
        """Update one parameter, some of its numbers at a time."""
        arrays = p, g, *velocity
        if p.flags.c_contiguous:
            arrays = [a.reshape(-1) for a in arrays]
        for i in range(0, len(arrays[0]), AT_ONCE):
            p, g, *v = (a[i : i + AT_ONCE] for a in arrays)
            if self.weight_decay:
                g = g + self.weight_decay * p
            p -= float(self.lr) * self._direction(g, *v)

    def _direction(self, g, v=None):
        if v is None:
            return g
        v *= self.momentum
        v += g
        return g + self.momentum * v if self.nesterov else v


class Adam(Optimizer):
    """Adam; ``weight_decay`` is added to the gradient, as in PyTorch's Adam."""

    def __init__(self, module, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        betas = check_array("betas", betas, (2,))
        if betas.min() < 0.0 or betas.max() >= 1.0:
            raise ValueError(f"betas: expected numbers in [0, 1), got {betas}")
        self.betas = tuple(betas.tolist())
        self.eps = check_factor("eps", eps, at_least=0.0)
        super().__init__(module, lr, weight_decay, ("m", "v"))

    def _update(self, p, g, m, v):
        adam_step(
            p, m, v, g, self.steps, float(self.lr), self.betas, self.eps, self.weight_decay
        )  # fmt: skip


@faster(engine.adam_step)
def adam_step(p, m, v, g, step, lr, betas, eps, weight_decay):
    """Take step ``step``, counted from 1, in place: ``p`` and its averages ``m`` and ``v``."""
    beta1, beta2 = betas
    g = g + weight_decay * p
    m += (1 - beta1) * (g - m)
    v += (1 - beta2) * (g * g - v)
    m_hat = m / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    p -= lr * m_hat / (np.sqrt(v_hat) + eps)


@faster(engine.run_elementwise)
def call_each(functions, numbers):
    """Call functions that update ``numbers`` numbers in all."""
    for function in functions:
        function()
