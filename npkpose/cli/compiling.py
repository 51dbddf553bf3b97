"""Kernels that compile during a command: a note for the user, and a second process that helps.

A process compiles one kernel at a time. A second one, which compiles other kernels into Numba's
cache, halves the time of a first run on two cores.
"""

import gc
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

from npkpose._numba import COMPILES, event

NOTE = "compiling kernels, which only a first run does (`npkpose warmup` compiles all of them)"


@contextmanager
def note_compilation(command):
    """Print a note on stderr when the first kernel compiles; kernels of the cache do not."""
    if not COMPILES:
        yield
        return
    listener = _Note(command)
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)


class _Note(event.Listener):
    def __init__(self, command):
        self.text = f"npkpose {command}: {NOTE}"

    def on_start(self, event):
        if self.text:
            print(self.text, file=sys.stderr, flush=True)
            self.text = None

    def on_end(self, event):
        pass


@contextmanager
def second_process(function, stdout=None):
    """Yield a process that calls a function of a module, and ends when this process or block does.

    The layers run in plain NumPy there: their kernels are left to this process. The function is
    found on this process's path, and nowhere else: not in the folder that the user is in.
    ``stdout`` may be subprocess.PIPE: the process's output is then read from its ``stdout``.
    """
    command = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        f"from {__name__} import call_for_parent; from {function.__module__} import "
        f"{function.__name__} as function; call_for_parent(function)"
    )
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", command],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"NPKPOSE_ENGINE": "plain"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.stdin.close()
        process.wait()


@contextmanager
def rare_garbage_collection():
    """Within it Python looks for garbage less often: compilation is 8 % faster, in 25 MB more."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def call_for_parent(function):
    """Call ``function``; exit as soon as the parent ends, which closes this process's stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent ends this one
    threading.Thread(target=_exit_at_end_of_input, daemon=True).start()
    with rare_garbage_collection():
        function()


def _exit_at_end_of_input():
    os.read(sys.stdin.fileno(), 1)  # not stdin.read, whose lock would stop Python's own exit
    os._exit(1)
