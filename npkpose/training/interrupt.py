"""Ctrl-C handled between two steps, so that no step stops half-way."""

import signal
import threading


class Interrupt:
    """A context in which the first Ctrl-C only sets ``wanted``; the second interrupts as usual.

    Nothing changes outside the main thread, since only that one receives signals.
    """

    def __init__(self):
        self.wanted = False
        self._before = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_):
        self._restore()

    def _on_signal(self, *_):
        self.wanted = True
        self._restore()

    def _restore(self):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
