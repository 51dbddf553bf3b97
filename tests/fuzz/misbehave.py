"""A function that a child process of the tests calls."""

import os


def misbehave(kind):
    """Crash, hang, return a finding or return None."""
    if kind == "crash":
        os._exit(7)
    while kind == "hang":
        pass
    return kind if kind == "finding" else None
