"""The training loop for long runs: batches, steps, a log, evaluations and checkpoints.

    for step in range(steps):
        batch = task.batch(step)                           made by another thread, in advance
        loss, parts, dy = task.loss(model(batch.x), batch)
        model.backward(dy);  clip the gradients;  optimizer.step();  schedule.step()
        update the average of the weights
        every few steps: a row of the log, an evaluation of the average, a checkpoint

A task is an object with ``parts`` (the names of the terms of its loss), ``batch(step)``,
``loss(output, batch)`` and ``evaluate(network)``, which returns an average precision, or the score
that its attribute ``score_name`` names, such as "pck".

A checkpoint holds everything that the next step depends on: weights, their average, the moments of
the optimizer, the position of the schedule, the random generators of layers. A batch depends only
on the task's seed and the step. So an interrupted run gives the same bits as an uninterrupted one.
The file is replaced as a whole: after a kill at any instant, it is the last checkpoint or the one
before, and only the steps since then are lost. A run with other settings does not continue it.
"""

import math
import time
from contextlib import closing

import numpy as np

from npkpose._check import check_integer
from npkpose.engine.malloc import keep_freed_memory
from npkpose.models.described import DESCRIPTION, describe
from npkpose.nn import no_input_gradient
from npkpose.nn._state import copy_state
from npkpose.training.average import WeightAverage
from npkpose.training.clip import clip_gradients
from npkpose.training.data_parallel import DataParallel
from npkpose.training.folder import BEST, CURVES, WEIGHTS, RunFolder
from npkpose.training.interrupt import Interrupt
from npkpose.training.log import Log, plot_log
from npkpose.training.prefetch import prefetch
from npkpose.training.progress import progress
from npkpose.training.randomness import random_state, set_random_state
from npkpose.training.settings import (
    check_settings,
    run_settings,
    settings_from_array,
    settings_to_array,
)
from npkpose.weights import load_npz, save_npz


class Trainer:
    """Train ``model`` on ``task``; all files of the run are in ``folder``.

    Parameters
    ----------
    model : nn.Module
    task : object as above
    optimizer : nn.Optimizer of the model
    schedule : nn.Schedule of the optimizer
    folder : path_like
        Gets the files of the run: see `npkpose.training.folder`. The run continues a checkpoint in
        this folder.
    clip_norm : float
        Longer gradients are scaled down to this norm; default: never.
    decay : float
        Of the average of the weights.
    settings : dict, optional
        More values that a continued run must have, such as {"steps": 1000}; see
        `npkpose.training.settings`.

    Raises
    ------
    ValueError
        A checkpoint that is damaged, or of another network, optimizer, schedule, seed or data set;
        or a folder where a file of the run is not its own.
    """

    # Eight arguments: each is a part of its own, and none of them could hold another.
    def __init__(
        self, model, task, optimizer, schedule, folder, *, clip_norm=math.inf, decay=0.999,
        settings=None,
    ):
        self.model, self.task, self._shared = model, task, DataParallel(model)
        self.optimizer, self.schedule = optimizer, schedule
        self.clip_norm = clip_norm
        self.average = WeightAverage(model, decay)
        self.settings = run_settings(
            task, optimizer, schedule, (settings or {}) | {"clip_norm": clip_norm, "decay": decay}
        )
        self.step, self.best_ap, self.seconds = 0, -1.0, 0.0
        self._score = getattr(task, "score_name", "ap")  # what ``best_ap`` is
        self._sums = np.zeros(3 + len(task.parts))  # steps, gradient norm, loss and its parts
        self._columns = "step", "seconds", "lr", "gradient_norm", "loss", *task.parts, self._score
        self._files = RunFolder(folder, self._columns)
        self.folder = self._files.path
        if self._files.checkpoint.exists():
            self._load()

    def run(self, steps, *, save_every=500, evaluate_every=0, log_every=50, workers=1):
        """Train up to step ``steps`` in all; return whether that was reached.

        Parameters
        ----------
        steps : int
            Including those of the checkpoint; if it has them all, nothing is trained.
        save_every, evaluate_every, log_every : int
            Steps between checkpoints, evaluations (0: none) and rows of the log.
        workers : int
            Threads that make batches.

        Ctrl-C ends the run after the current step, with a checkpoint; a second one ends it at once.

        Raises
        ------
        FloatingPointError
            A loss or gradient that is not finite. The last checkpoint was written before it.
        BlockingIOError
            Another process trains in the folder.
        ValueError
            Fewer steps than the checkpoint has, a checkpoint that another process wrote in the
            meantime, or a log that is damaged or has other columns.
        """
        steps = check_integer("steps", steps)
        if steps < self.step:
            raise ValueError(
                f"steps: expected at least {self.step}, the steps of the checkpoint in "
                f"{self.folder}, got {steps}"
            )
        every = [check_integer("save_every", save_every, at_least=1)]
        every.append(check_integer("evaluate_every", evaluate_every))
        every.append(check_integer("log_every", log_every, at_least=1))
        with self._files.lock():
            self._files.check_unchanged()
            self._files.clean()
            self._log = Log(self._files.log, self._columns, self.step)
            self._take_steps(steps, every, workers)
            self.save()
            if self.step >= steps:
                save_npz(self.folder / WEIGHTS, self._weights())
        return self.step >= steps

    def _take_steps(self, steps, every, workers):
        """Train up to step ``steps``, or to the first Ctrl-C."""
        keep_freed_memory()
        self.model.train()
        started = time.perf_counter() - self.seconds
        with (
            closing(prefetch(self.task.batch, self.step, steps, workers)) as batches,
            Interrupt() as interrupt,
            progress(steps, self.step, score=self._score) as bar,
            no_input_gradient(self.model),
        ):
            for batch in batches:
                loss = self._take_step(batch)
                self.seconds = time.perf_counter() - started
                bar.show(self.step, loss, self.best_ap)
                self._after_step(steps, *every)
                if interrupt.wanted:
                    break

    def _weights(self):
        """Return the averaged weights, and beside them what the network is, for a file."""
        return self.average.averages | describe(self.model)

    def plot(self):
        """Plot the log as curves.png; needs Matplotlib."""
        plot_log(self._files.log, self.folder / CURVES)

    def save(self):
        """Write a checkpoint, which replaces the last one."""
        save_npz(self._files.checkpoint, self.state_dict())
        self._files.note_checkpoint()

    def _load(self):
        state = load_npz(self._files.checkpoint)
        try:
            self.load_state_dict(state)
        except ValueError as error:
            raise ValueError(f"{self._files.checkpoint}: {error}") from None

    def state_dict(self):
        """Return everything that the next step depends on, as ``{name: array}``."""
        state = {f"run.{name}": array for name, array in self._numbers().items()}
        state["run.settings"] = settings_to_array(self.settings)
        state |= {f"run.{name}": array for name, array in describe(self.model).items()}
        for kind, part in self._parts().items():
            state |= {f"{kind}.{name}": array for name, array in part.items()}
        return state

    def load_state_dict(self, state):
        """Restore what `state_dict` returned; ValueError if it does not fit."""
        kinds = {kind: {} for kind in (*self._parts(), "run")}
        for name, array in state.items():
            kind, _, rest = name.partition(".")
            if kind not in kinds:
                raise ValueError(f"state: expected a checkpoint's names, got {name!r}")
            kinds[kind][rest] = array
        if "settings" in kinds["run"]:  # old checkpoints have none
            stored = settings_from_array(kinds["run"].pop("settings"))
            check_settings(stored, self.settings)
            self.settings = stored | self.settings
        kinds["run"].pop(DESCRIPTION, None)
        self.model.load_state_dict(kinds["model"])
        self.optimizer.load_state_dict(kinds["optimizer"])
        self.schedule.load_state_dict(kinds["schedule"])
        set_random_state(self.model, kinds["random"])
        self.average.load_state_dict(kinds["average"])
        numbers = self._numbers()
        copy_state(numbers, kinds["run"])
        self.step, self.best_ap = int(numbers["step"]), float(numbers["best_ap"])
        self.seconds, self._sums = float(numbers["seconds"]), numbers["sums"]

    def _numbers(self):
        return {
            "step": np.array(self.step),
            "best_ap": np.array(self.best_ap),
            "seconds": np.array(self.seconds),
            "sums": self._sums.copy(),
        }

    def _parts(self):
        return {
            "model": self.model.state_dict(),
            "average": self.average.averages,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": random_state(self.model),
        }

    def _take_step(self, batch):
        """Learn from one batch; return its loss."""
        loss, parts, dy = self.task.loss(self._shared(batch.x), batch)
        if math.isfinite(loss):
            self._shared.backward(dy)
            norm = clip_gradients(self.model, self.clip_norm)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise FloatingPointError(self._explain(loss, parts, batch))
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        self.average.update(self.step)
        self._sums += [1, norm, loss, *parts]
        return loss

    def _after_step(self, steps, save_every, evaluate_every, log_every):
        """Evaluate, log and save if this step is one that should."""
        ap, last = None, self.step >= steps
        if evaluate_every and (last or self.step % evaluate_every == 0):
            ap = self._evaluate()
        if ap is not None or last or self.step % log_every == 0:
            self._append_to_log(ap)
        if self.step % save_every == 0:
            self.save()

    def _evaluate(self):
        """Return the AP of the averaged weights, which are saved if it is the best so far."""
        ap = self.task.evaluate(self.average.network())
        if ap > self.best_ap:
            self.best_ap = ap
            save_npz(self.folder / BEST, self._weights())
        return ap

    def _append_to_log(self, ap):
        """Append the means since the last row."""
        count, *sums = self._sums.tolist()
        means = [total / count for total in sums]
        names = "gradient_norm", "loss", *self.task.parts
        row = {"step": self.step, "seconds": self.seconds, "lr": self.optimizer.lr, self._score: ap}
        self._log.append(row | dict(zip(names, means)))
        self._sums[:] = 0

    def _explain(self, loss, parts, batch):
        """Return the message about a loss or gradient that is not finite."""
        named = ", ".join(f"{name} {part:g}" for name, part in zip(self.task.parts, parts))
        if not np.isfinite(batch.x).all():
            hint = f"its images hold values that are not finite: see task.batch({self.step})"
        elif math.isfinite(loss):
            hint = "the loss is finite, its gradient is not: look at the backward of new layers"
        else:
            hint = (
                f"its images are finite: look at its targets, task.batch({self.step}), then try "
                f"a learning rate below {self.optimizer.lr:g} or clip_norm below {self.clip_norm:g}"
            )
        saved = self._files.checkpoint.exists()
        where = f"the one in {self.folder} is older" if saved else "there is none yet"
        return f"loss is {loss:g} at step {self.step} ({named}); {hint}. Checkpoint: {where}"
