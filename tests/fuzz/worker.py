"""Inputs in a child process, so that a crash, a hang or a memory bomb costs one input.

The child reports each input; a parent that hears nothing for `PATIENCE` seconds kills it, and
continues with the next input in a new one.
"""

import multiprocessing
import time

PATIENCE = 120  # seconds: the first call of a kernel compiles it
START = 600  # seconds for a child to import everything
MEMORY = 6 << 30  # bytes of address space


def run(function, inputs, report, seconds=float("inf"), patience=PATIENCE):
    """Call ``function(*input)``, which returns a finding or None, for each input.

    ``report(input, finding)`` is called for every finding. Returns how many inputs were tried.
    """
    inputs, start, end = list(inputs), 0, time.monotonic() + seconds
    while start < len(inputs) and time.monotonic() < end:
        start = _run_child(function, inputs, start, report, end, patience)
    return start


def _run_child(function, inputs, start, report, end, patience):
    """Run inputs from number ``start`` until all are done or one kills the child."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(function, inputs, start, theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        ready = ours.poll(START) and ours.recv()
    except EOFError:
        ready = False
    if not ready:
        raise RuntimeError("the child process did not start")
    try:
        while start < len(inputs) and time.monotonic() < end:
            if not ours.poll(patience):
                report(inputs[start], f"no answer in {patience} s")
                return start + 1
            number, finding = ours.recv()
            if finding is not None:
                report(inputs[number], finding)
            start = number + 1
    except EOFError:
        child.join()
        report(inputs[start], f"the process died with code {child.exitcode}")
        start += 1
    finally:
        child.kill()
        child.join()
    return start


def _work(function, inputs, start, pipe):
    _limit_memory()
    pipe.send("ready")
    for number in range(start, len(inputs)):
        pipe.send((number, function(*inputs[number])))


def _limit_memory():
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):  # Windows and macOS have no such limit
        return
