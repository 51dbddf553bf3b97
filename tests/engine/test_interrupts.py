"""KeyboardInterrupt at every bytecode of a call: the next call works, with all threads."""

import os
import select
import signal
import sys
import threading

import numpy as np
import pytest

from npkpose._numba import COMPILES
from npkpose.engine import all_gather, matmul, openblas, run_all, run_ranks, use_threads

NAMES = "threads ranks openblas jobs products conv_forward conv_plan scratch".split()
FILES = (*(f"engine/{name}.py" for name in NAMES), "contextlib.py")
EVERY = 7  # bytecodes; each is a process of its own


def call(kind):
    with use_threads(2):
        if kind == "run_all":
            return run_all([lambda i=i: i for i in range(4)])
        if kind == "run_job":
            return matmul(np.ones((128, 64)), np.ones((64, 128)))
        return run_ranks([lambda i=i: all_gather(i) for i in range(2)])


def interrupt(kind, n):
    """Call with KeyboardInterrupt at bytecode n; return whether there was one."""
    count = 0

    def tracer(frame, event, argument):
        nonlocal count
        if not frame.f_code.co_filename.replace("\\", "/").endswith(FILES):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            count += 1
            if count == n:
                raise KeyboardInterrupt
        return tracer

    sys.settrace(tracer)
    try:
        call(kind)
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(None)
    return count >= n


def check(before):
    """Return "fine", or what is wrong after an interrupt."""
    done = []

    def calls():
        done.append(call("run_all") == [0, 1, 2, 3])
        done.append(call("run_ranks") == [[0, 1]] * 2)
        done.append(bool(not COMPILES or (call("run_job") == 64).all()))
        with use_threads(2):
            meeting = threading.Barrier(2, timeout=5)
            done.append(len(set(run_all([meeting.wait] * 2))) == 2)

    thread = threading.Thread(target=calls, daemon=True)
    thread.start()
    thread.join(8)
    if done != [True] * 4:
        return f"the next calls gave {done}"
    if openblas._functions() and openblas._functions()[0]() != before:
        return "OpenBLAS has another number of threads"
    return "fine"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", ["run_all", "run_ranks", "run_job"])
def test_after_an_interrupt_at_any_bytecode_the_next_call_works(kind):
    if not COMPILES and kind == "run_job":
        pytest.skip("nothing is compiled here")
    for first in {kind, "run_job"} - ({"run_job"} if not COMPILES else set()):
        call(first)
    before = openblas._functions()[0]() if openblas._functions() else None
    bad, n, inside = {}, 1, True
    while inside:
        inside, outcome = _in_a_fork(kind, n, before)
        if inside and outcome != "fine":
            bad[n] = outcome
        n += EVERY
    assert n > 100 and not bad


def _in_a_fork(kind, n, before):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        inside = interrupt(kind, n)
        os.write(writer, f"{int(inside)}{check(before) if inside else ''}".encode())
        os._exit(0)
    os.close(writer)
    answered, _, _ = select.select([reader], [], [], 20)
    text = os.read(reader, 1000).decode() if answered else "1the process hangs"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader)
    return text[:1] != "0", text[1:] or "the process died"
