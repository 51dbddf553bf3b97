"""Ctrl-C heard between two steps, so that no step is left half done."""

import signal
import threading


class Interrupt:
    """While entered, the first Ctrl-C sets ``wanted``; the second is Python's own.

    Outside the main thread, which alone hears signals, nothing is changed.
    """

    def __init__(self):
        self.wanted = False
        self._before = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_):
        self._restore()

    def _hear(self, *_):
        self.wanted = True
        self._restore()

    def _restore(self):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
