"""Tasks that run at the same time and exchange values: the ranks of one batch.

Each task has a rank, 0 to T - 1, and a thread. `all_gather` is the only way they meet: every rank
gives a value and gets the list of all, in the order of ranks. The words are those of MPI (Message
Passing Interface Forum, 1994) and torch.distributed.
"""

import itertools
import threading
from contextvars import ContextVar
from functools import partial

from npkpose.engine.threads import (
    Worker,
    claim_workers,
    in_own_context,
    is_task,
    raise_first,
    release_workers,
    run_parts,
    stop,
)

_member = ContextVar("npkpose_rank", default=None)  # (rank, group) inside a task of `run_ranks`


def run_ranks(tasks):
    """Call the functions of a list at once, each on its own thread; return their results in order.

    In task t `rank` is t, and `all_gather` can be called. If a task raises, those that wait for it
    do too, and its exception is raised here.

    Raises
    ------
    RuntimeError
        Inside a task, whose threads are taken; or ranks that call `all_gather` unequally often.
    """
    if is_task():
        raise RuntimeError("run_ranks: expected a call outside of tasks, got one inside a task")
    if not tasks:
        return []
    return in_own_context(_run_ranks, tasks)


def rank():
    """Return the number of this task among those of `run_ranks`; 0 elsewhere."""
    member = _member.get()
    return 0 if member is None else member[0]


def all_gather(value):
    """Return the list of the values that all ranks give, in their order; every rank must call it.

    Outside of `run_ranks` there is one rank.
    """
    member = _member.get()
    return [value] if member is None else member[1].exchange(member[0], value)


def _run_ranks(context, tasks):
    count = len(tasks) - 1
    workers = claim_workers(context, count)
    own = [] if len(workers) == count else [Worker() for _ in range(count)]
    group = _Group(len(tasks))
    parts = [partial(group.run, t, task) for t, task in enumerate(tasks)]
    try:
        outcomes = run_parts(parts, own or workers, group.fail)
    except BaseException as error:  # Ctrl-C while waiting
        group.fail(error)
        raise
    stop(own)
    release_workers(context)
    if group.error is not None:
        raise group.error
    return raise_first(outcomes)


class _Group:
    """T ranks that wait for each other as often as they like; bare locks are the quickest wait."""

    def __init__(self, T):
        self._gates = [threading.Lock() for _ in range(T)]
        for gate in self._gates:
            gate.acquire()
        self._arrivals = itertools.count(1)  # next() counts without a lock
        self._values, self._all, self._waiting = [None] * T, [], set()
        self._ended = False  # whether a rank has
        self.error = None  # the first exception

    def run(self, t, task):
        """Return ``task()``, called as rank t."""
        _member.set((t, self))
        try:
            result = task()
        except BaseException as error:
            self.fail(error)
            raise
        self._ended = True
        if self._waiting:
            self.fail(_unequal())
        return result

    def exchange(self, t, value):
        """Return the list of all values, once all are there."""
        self._values[t] = value
        self._waiting.add(t)
        if self._ended:
            self.fail(_unequal())
        if next(self._arrivals) % len(self._gates) == 0:
            # Nobody comes again before all have left: `_all` stays until then.
            self._all = list(self._values)
            self._waiting.clear()
            self._open(but=t)
        else:
            self._gates[t].acquire()
        if self.error is not None:
            raise RuntimeError("all_gather: another rank of this call has failed")
        return self._all

    def fail(self, error):
        """Wake all waiting ranks: one has failed."""
        self.error = self.error or error
        self._open()

    def _open(self, but=None):
        for t, gate in enumerate(self._gates):
            if t != but and gate.locked():
                try:
                    gate.release()
                except RuntimeError:  # another rank was quicker
                    pass


def _unequal():
    return RuntimeError("all_gather: expected every rank to call it equally often")
