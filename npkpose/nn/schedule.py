"""Learning-rate schedules in closed form: the rate at step t, given the initial lr.

    MultiStepLR          lr gamma^(number of milestones <= t)
    LinearLR             lr (a + (b - a) min(t / T, 1)), a warm-up for a < b
    CosineAnnealingLR    eta_min + (lr - eta_min) (1 + cos(pi t / T)) / 2
    SequentialLR         schedule i, restarted at its milestone

Cosine: Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
ICLR 2017, arXiv:1608.03983, equation 5. Warm-up: Goyal et al., "Accurate, Large
Minibatch SGD", 2017, arXiv:1706.02677. Past t = T the cosine climbs again, as in PyTorch.

Departure from PyTorch: schedules do not multiply each other; `SequentialLR` joins them.
"""

from bisect import bisect_right
from math import cos, pi

import numpy as np

from npkpose._check import check_array, check_integer, check_kind, check_number
from npkpose.nn._shapes import check_list
from npkpose.nn._state import copy_state
from npkpose.nn.optim import Optimizer


class Schedule:
    """Set ``optimizer.lr`` now, to `lr_at` (0), and again at every `step`."""

    def __init__(self, optimizer):
        self.optimizer = check_kind("optimizer", optimizer, Optimizer)
        self.steps = 0
        optimizer.lr = self.lr_at(0)

    def lr_at(self, t):
        """Return the learning rate at step ``t``, a float."""
        raise NotImplementedError(f"{type(self).__name__}.lr_at is not written")

    def step(self):
        """Move on by one step: call it after ``optimizer.step()``."""
        self.steps += 1
        self.optimizer.lr = self.lr_at(self.steps)

    def state_dict(self):
        """Return ``{"steps": array}``, all that a resume needs."""
        return {"steps": np.array(self.steps)}

    def load_state_dict(self, state):
        """Restore what `state_dict` returned, after the optimiser's own state."""
        steps = np.array(0)
        copy_state({"steps": steps}, state)
        self.steps = int(steps)
        self.optimizer.lr = self.lr_at(self.steps)


class MultiStepLR(Schedule):
    """Multiply the rate by ``gamma`` at each of ``milestones``."""

    def __init__(self, optimizer, milestones, gamma=0.1):
        milestones = check_array("milestones", milestones, ("M",), np.int64).tolist()
        self.milestones = sorted(check_integer("milestones", m) for m in milestones)
        self.gamma = check_number("gamma", gamma, at_least=0.0)
        super().__init__(optimizer)

    def lr_at(self, t):
        """Return the learning rate at step ``t``."""
        try:
            return self.optimizer.initial_lr * self.gamma ** bisect_right(self.milestones, t)
        except OverflowError:
            raise ValueError(f"gamma: expected a finite rate, got {self.gamma}") from None


class LinearLR(Schedule):
    """Move linearly from ``start_factor`` to ``end_factor`` of the rate in ``total_iters``."""

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5):
        self.start_factor = check_number("start_factor", start_factor, at_least=0.0)
        self.end_factor = check_number("end_factor", end_factor, at_least=0.0)
        self.total_iters = check_integer("total_iters", total_iters, 1)
        super().__init__(optimizer)

    def lr_at(self, t):
        """Return the learning rate at step ``t``."""
        done = min(t / self.total_iters, 1.0)
        factor = self.start_factor + (self.end_factor - self.start_factor) * done
        return self.optimizer.initial_lr * factor


class CosineAnnealingLR(Schedule):
    """Fall along half a cosine to ``eta_min`` in ``T_max`` steps."""

    def __init__(self, optimizer, T_max, eta_min=0.0):
        self.T_max = check_integer("T_max", T_max, 1)
        self.eta_min = check_number("eta_min", eta_min, at_least=0.0)
        super().__init__(optimizer)

    def lr_at(self, t):
        """Return the learning rate at step ``t``."""
        above = self.optimizer.initial_lr - self.eta_min
        return self.eta_min + above * (1.0 + cos(pi * t / self.T_max)) / 2.0


class SequentialLR(Schedule):
    """Follow ``schedulers[0]``, and from each of ``milestones`` the next one."""

    def __init__(self, optimizer, schedulers, milestones):
        self.schedulers = check_list("schedulers", schedulers, Schedule)
        milestones = check_list("milestones", milestones, object)
        self.milestones = [check_integer("milestones", m, 1) for m in milestones]
        wanted = len(self.schedulers) - 1
        if len(self.milestones) != wanted or self.milestones != sorted(self.milestones):
            raise ValueError(
                f"milestones: expected {wanted} increasing steps, got {self.milestones}"
            )
        super().__init__(optimizer)

    def lr_at(self, t):
        """Return the learning rate at step ``t``."""
        i = bisect_right(self.milestones, t)
        return self.schedulers[i].lr_at(t - ([0] + self.milestones)[i])
