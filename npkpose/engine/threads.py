"""Independent tasks on all cores, with Python's own threads.

NumPy and compiled kernels release the interpreter's lock, so two threads that each work on their
own part of an image take little more than half the time. Inside a task there is one thread: a task
that has tasks itself runs them one by one, so that none waits for a thread that it occupies.
`npkpose.engine.ranks` runs tasks that exchange values on the way.

Ctrl-C raises KeyboardInterrupt in the main thread, between any two bytecodes. So that no lock
stays taken, a call claims the worker threads under its own context (`contextvars`). Python leaves
the context whatever happens; the next call sees that the claim is dead, and starts new workers.
"""

import os
import threading
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from queue import SimpleQueue

from npkpose.engine.openblas import allowed_threads, hold_one_thread, is_running, let_go

_inside = ContextVar("npkpose_inside_a_task", default=False)
_wanted = ContextVar("npkpose_threads", default=None)
_workers = []
_claims = {}  # {"owner": the context of the call that has the workers}


def num_threads():
    """Return how many threads a call may use: cores of this process, or `use_threads`; 1 in a task.

    No more than NumPy's matrix products may use.
    """
    if _inside.get():
        return 1
    return _wanted.get() or min(_cores(), allowed_threads())


@contextmanager
def use_threads(count):
    """Within it, calls from this thread use ``count`` threads."""
    token = _wanted.set(count)
    try:
        yield
    finally:
        _wanted.reset(token)


def run_all(tasks):
    """Call the functions of a list and return their results in order.

    Thread t of T calls tasks t, t + T, t + 2 T and so on; the first thread is the caller's. An
    exception in one of them is raised here, once all threads have ended. While another thread of
    the program has the workers, the caller does everything itself.
    """
    if _inside.get():
        return [task() for task in tasks]
    T = min(num_threads(), len(tasks))
    return in_own_context(_run_all, tasks, T)


def in_own_context(function, *arguments):
    """Return ``function(context, ...)``, called inside a context of its own.

    There matrix products have one thread each, and `num_threads` is 1.
    """
    context = copy_context()
    context.run(_inside.set, True)
    return context.run(_hold, context, function, *arguments)


def is_task():
    """Return whether the caller is a task."""
    return _inside.get()


def _hold(context, function, *arguments):
    hold_one_thread(context)
    try:
        return function(context, *arguments)
    finally:
        let_go(context)


def _run_all(context, tasks, T):
    workers = claim_workers(context, T - 1) if T > 1 else []
    T = 1 + len(workers)
    outcomes = run_parts([partial(_call_each, tasks[t::T]) for t in range(T)], workers)
    release_workers(context)
    results = [None] * len(tasks)
    for t, part in enumerate(raise_first(outcomes)):
        results[t::T] = part
    return results


def claim_workers(context, count):
    """Return ``count`` workers for the call that runs in ``context``, or [] if others have them."""
    owner = _claims.setdefault("owner", context)
    if owner is not context:
        if is_running(owner):
            return []
        stop(_workers)  # the owner was interrupted, and they may be busy for it
        _workers.clear()
        _claims["owner"] = context
    while len(_workers) < count:
        _workers.append(Worker())
    return _workers[:count]


def release_workers(context):
    """Let other calls have the workers."""
    if _claims.get("owner") is context:
        _claims.pop("owner", None)


def run_parts(parts, workers, on_error=None):
    """Call the first function here and each other one on a worker.

    Returns (result, None) or (None, exception) for each, once all have ended. ``on_error`` is
    called with the exception of the first, before waiting for the others.
    """
    done = SimpleQueue()
    for t, worker in enumerate(workers, start=1):
        worker.tasks.put((t, copy_context(), parts[t], done))
    outcomes = [None] * len(parts)
    outcomes[0] = _outcome(copy_context(), parts[0])
    if on_error is not None and outcomes[0][1] is not None:
        on_error(outcomes[0][1])
    for _ in workers:
        t, outcome = done.get()
        outcomes[t] = outcome
    return outcomes


def raise_first(outcomes):
    """Return the results, or raise the first exception."""
    for _, error in outcomes:
        if error is not None:
            raise error
    return [result for result, _ in outcomes]


class Worker:
    """A thread that waits for functions to call: ``tasks`` takes (t, context, function, done)."""

    def __init__(self):
        self.tasks = SimpleQueue()
        threading.Thread(target=_serve, args=(self.tasks,), name="npkpose", daemon=True).start()


def stop(workers):
    """End the threads of idle workers, and of others when they have done what they do."""
    for worker in workers:
        worker.tasks.put(None)


def _serve(tasks):
    while (item := tasks.get()) is not None:
        t, context, function, done = item
        done.put((t, _outcome(context, function)))
        del item, context, function, done  # an idle worker keeps no arrays alive


def _outcome(context, function):
    try:
        return context.run(function), None
    except BaseException as error:
        return None, error


def _call_each(tasks):
    return [task() for task in tasks]


def _cores():
    affinity = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return len(affinity(0))


def _after_fork():
    """A forked child has none of its parent's threads: it starts its own."""
    _workers.clear()
    _claims.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
