"""Memory that a training step has used is kept for the next one.

Arrays of a few megabytes come from the C library's heap. When those at its end are freed, glibc
gives that end back to the system, and the next step gets it again page by page, each of which
the system fills with zeros first. A training step allocates as much as the one before, so there
is nothing to give back.
"""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of malloc.h; see mallopt(3)
KEPT = 2**30  # bytes at the end of the heap
LARGEST = 2**25  # bytes of an array; glibc allows no more. Larger ones come and go


def keep_freed_memory():
    """Have the C library keep what is freed, in this process; only glibc has to be told."""
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(TRIM_THRESHOLD, KEPT)
    mallopt(MMAP_THRESHOLD, LARGEST)
