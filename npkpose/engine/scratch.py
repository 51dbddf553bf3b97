"""An uninitialised scratch buffer per thread.

Asking the system for megabytes anew, page by page, would take as long as filling them.
"""

import math
import threading

import numpy as np

_buffers = threading.local()


def scratch(shape, dtype, name):
    """Return an array of arbitrary content, this thread's until it asks again under this name."""
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    memory = getattr(_buffers, name, None)
    if memory is None or memory.size < wanted:
        memory = np.empty(wanted, np.uint8)
        setattr(_buffers, name, memory)
    return memory[:wanted].view(dtype).reshape(shape)
