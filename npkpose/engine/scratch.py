"""An uninitialised scratch buffer per thread.

Asking the system for megabytes anew, page by page, would take as long as filling them.
"""

import math
import threading

import numpy as np

LINE = 64  # bytes

_buffers = threading.local()


def scratch(shape, dtype, name):
    """Return an array of arbitrary content, this thread's until it asks again under this name."""
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    memory = getattr(_buffers, name, None)
    if memory is None or memory.size < wanted:
        memory = aligned(wanted)
        setattr(_buffers, name, memory)
    return memory[:wanted].view(dtype).reshape(shape)


def aligned(size):
    """Return an array of bytes that begins with a cache line: vectors lie in one each."""
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size]


def aligned_empty(shape, dtype):
    """Return a new array that begins with a cache line, of which no other array has a part.

    Threads that write to one line, each to its own numbers, would wait for each other.
    """
    return aligned(math.prod(shape) * np.dtype(dtype).itemsize).view(dtype).reshape(shape)
