"""Items that a thread makes while the one before them is used.

NumPy, compiled kernels and PyAV release the interpreter's lock, so the next frame is decoded while
the network sees this one. At most ``count`` items wait, so memory does not grow.

A network uses all cores, and its threads wait for each other after every layer. A thread beside
them that takes a core for some milliseconds holds up all. So, on Linux, threads that read, draw
and encode get a lower priority: they use what the network leaves. On two cores this takes a tenth
off the time of a frame.
"""

import os
import sys
import threading
from contextvars import copy_context
from queue import Empty, Full, Queue

WAIT = 0.2  # seconds between looks at whether to stop
NICE = 5  # more than the process has, as of the command nice


def read_ahead(items, count=1, newest=False, background=False):
    """Yield the items of an iterable, made in order by one thread ahead of time.

    An exception in the iterable is raised when its item is due. Closing the generator waits for the
    item that is being made, ends the thread, and closes the iterable if it is a generator.

    Parameters
    ----------
    items : iterable
    count : int
        How many finished items may wait.
    newest : bool
        An item that still waits when the next one is ready is dropped: of a camera, only the
        newest frame is wanted.
    background : bool
        The thread, and the threads that it starts, have a lower priority.
    """
    queue, stop = Queue(count), threading.Event()
    maker = threading.Thread(
        target=copy_context().run, args=(_make, items, queue, stop, newest, background),
        daemon=True, name="npkpose-ahead",
    )  # fmt: skip
    maker.start()
    try:
        while (item := _take(queue)) is not None:
            value, error = item
            if error is not None:
                raise error
            del item
            yield value
            del value
    finally:
        stop.set()
        maker.join()


def _make(items, queue, stop, newest, background):
    """Put (item, None) for each item, (None, error) after an exception, and None at the end."""
    if background and sys.platform == "linux":  # elsewhere, priorities are of whole processes
        thread = threading.get_native_id()
        lower = min(os.getpriority(os.PRIO_PROCESS, thread) + NICE, 19)
        os.setpriority(os.PRIO_PROCESS, thread, lower)
    items = iter(items)
    try:
        for item in items:
            _put((item, None), queue, stop, newest)
            del item
            if stop.is_set():
                break
        _put(None, queue, stop)
    except BaseException as error:  # of the iterable: it belongs to the reader
        _put((None, error), queue, stop)
    finally:
        if hasattr(items, "close"):
            items.close()


def _put(item, queue, stop, newest=False):
    """Put an item when there is room; drop it once the reader has stopped."""
    while not stop.is_set():
        try:
            return queue.put(item, timeout=0 if newest else WAIT)
        except Full:
            if newest:
                _drop(queue)


def _drop(queue):
    try:
        queue.get_nowait()
    except Empty:  # the reader has just taken it
        pass


def _take(queue):
    """Return the next item; waits end now and then, so that Ctrl-C is seen on every system."""
    while True:
        try:
            return queue.get(timeout=WAIT)
        except Empty:
            pass
