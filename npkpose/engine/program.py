"""A whole network as a list of jobs that follow each other without Python in between.

A small layer takes ten microseconds, as long as Python needs to start it. Where a network is run
many times on inputs of one shape, its arrays can keep their places; so the record of each job
(`npkpose.engine.jobs`) is written once, and one compiled call runs all of them. A program keeps
its arrays alive. Buffers that a convolution's threads need are shared by all steps.
"""

import math

import numpy as np

from npkpose._jit import kernel
from npkpose._numba import carray
from npkpose.engine.atomics import load, numbers_at
from npkpose.engine.conv_backward import gradient_taps
from npkpose.engine.conv_forward import Epilogue, address, conv_record, forward_taps
from npkpose.engine.conv_kernels import FIELDS, convolution_job
from npkpose.engine.jobs import AWAKE, pool, run_at
from npkpose.engine.pack_taps import pack_taps
from npkpose.engine.products import of_matrices, of_sequences
from npkpose.engine.scratch import aligned
from npkpose.engine.threads import num_threads
from npkpose.engine.tiling import split_range
from npkpose.engine.winograd import suits, winograd_jobs

_BUFFER, _SUMS = FIELDS.index("buffer"), FIELDS.index("sums")
MIN_SHARED = 2**13  # numbers below which one thread is quickest


class Program:
    """A list of jobs; ``add_...`` methods append one, `run` runs all in their order.

    All arrays are float32. They are read and written where they lie at each run.
    """

    def __init__(self):
        self._steps, self._kept, self._patches, self._sizes = [], [], [], {}
        self._table = None

    def __len__(self):
        return len(self._steps)

    def add(self, job, record, threads, *arrays):
        """Append a job: its function, its record, and the arrays whose addresses are in it."""
        self._steps.append((job.address, address(record), threads - 1))
        self._kept += [job, record, *arrays]

    def add_numbers(self, job, numbers, count, *arrays):
        """Append a job whose record is [0, addresses of arrays..., numbers...]."""
        record = np.array([0, *map(address, arrays), *numbers], np.int64)
        self.add(job, record, num_threads() if count >= MIN_SHARED else 1, *arrays)

    def add_taps(self, x, weight, taps, y, epilogue=Epilogue()):
        """Append what `npkpose.engine.conv_forward.sum_taps` does."""
        if not y.size:
            return
        record, plan, kept = conv_record(x, weight, taps, y, epilogue, self._note)
        self._patches += [(record, _BUFFER, "planes"), (record, _SUMS, "sums")]
        self.add(convolution_job(y.dtype), record, plan.threads, x, weight, y, kept, *epilogue[:3])

    def _add_quickest(self, x, weight, taps, y, epilogue):
        """Append what `npkpose.engine.winograd.sum_quickly` does."""
        if not suits(x, weight, taps, y):
            self.add_taps(x, weight, taps, y, epilogue)
            return
        for job, record, threads, names, *arrays in winograd_jobs(
            x, weight, taps, y, epilogue, self._note
        ):
            self._patches += [(record, field, name) for field, name in names]
            self.add(job, record, threads, *arrays)

    def _note(self, shape, dtype, name):
        """Have a buffer of this size, which all steps share."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        self._sizes[name] = max(self._sizes.get(name, 0), size)
        return np.empty([0] * len(shape), dtype)

    def add_convolution(self, x, weight, y, window, groups, epilogue):
        """Append what `npkpose.engine.convolve_in_evaluation` does.

        ``window`` is (kernel size, dilation, rows and columns before the image, stride); what is
        after the image follows from the size of ``y``.
        """
        N, C, O = len(x), x.shape[1], len(weight)
        taps = forward_taps(window, C // groups)
        if 1 < groups == C == O and _follow(x) and _follow(y):
            x, y, residual = (
                None if a is None else a.reshape(N * C, 1, *a.shape[2:])
                for a in (x, y, epilogue.residual)
            )
            weight, scale, shift = (
                None if a is None else np.resize(a, (N * C, *a.shape[1:]))
                for a in (weight, *epilogue[:2])
            )
            epilogue = Epilogue(scale, shift, residual, *epilogue[3:])
            self.add_taps(x, weight, taps._replace(w_image=taps.w_row, own=1), y, epilogue)
            return
        for g in range(groups):
            inputs, outputs = (slice(g * n // groups, (g + 1) * n // groups) for n in (C, O))
            part = _part(epilogue, outputs)
            self._add_quickest(x[:, inputs], weight[outputs], taps, y[:, outputs], part)

    def add_transposed(self, x, weight, y, window, groups, epilogue):
        """Append what `npkpose.engine.conv_transpose2d` does, with an epilogue."""
        C, O = x.shape[1], y.shape[1]
        (sh, sw), each = window[3], weight.shape[1]
        for g in range(groups):
            inputs, outputs = (slice(g * n // groups, (g + 1) * n // groups) for n in (C, O))
            part = _part(epilogue, outputs)
            terms = np.ascontiguousarray(weight[inputs])
            packed = pack_taps(terms, gradient_taps(window, each), _new)
            for (w, taps), (r, q) in zip(packed, np.ndindex(sh, sw)):
                pixels = y[:, outputs, r::sh, q::sw]
                shared = part
                if part.residual is not None:
                    shared = part._replace(residual=part.residual[:, :, r::sh, q::sw])
                self.add_taps(x[:, inputs], w, taps, pixels, shared)

    def add_product(self, w, x, y, epilogue=Epilogue()):
        """Append what `npkpose.engine.products.multiply` does."""
        self.add_taps(*of_matrices(w, x, y, epilogue))

    def add_sequences(self, w, x, y, epilogue=Epilogue()):
        """Append the product of `npkpose.engine.products.of_sequences`."""
        self.add_taps(*of_sequences(w, x, y, epilogue))

    def readers(self, x):
        """Return [(record, index, offset in bytes)]: where records have addresses inside of x."""
        first, found = address(x), []
        for record in self._kept:
            if isinstance(record, np.ndarray) and record.dtype == np.int64 and record.ndim == 1:
                for i in np.flatnonzero((record >= first) & (record < first + x.nbytes)):
                    found.append((record, i, int(record[i]) - first))
        return found

    def run(self):
        """Run all jobs."""
        if self._table is None:
            self._finish()
        threads = pool()
        others = int(self._table[:, 2].max(initial=0))
        done = 0
        while done < len(self._table):
            if others:
                threads.wake(others)
            done = _run_steps(threads.state, self._table, done)

    def _finish(self):
        """Give every convolution the shared buffers."""
        buffers = {name: aligned(size) for name, size in self._sizes.items()}
        for record, field, name in self._patches:
            record[field] = address(buffers[name])
        self._kept.append(buffers)
        self._table = np.array(self._steps, np.int64).reshape(-1, 3)


def _part(epilogue, channels):
    """Return the epilogue for some channels of the output."""
    scale, shift = (None if a is None else a[channels] for a in epilogue[:2])
    residual = None if epilogue.residual is None else epilogue.residual[:, channels]
    return Epilogue(scale, shift, residual, *epilogue[3:])


def _new(shape, dtype, name):
    return np.empty(shape, dtype)


def _follow(x):
    """Return whether images and their channels follow each other without a gap."""
    return x.flags.c_contiguous


def chunks(count, cost):
    """Return ranges of ``count`` rows such that each takes about as long as 4,096 numbers."""
    return split_range(count, max(1, count * cost // 4096))


@kernel
def _run_steps(state, steps, first):
    """Run jobs (address, record, further threads), each with its counter of chunks at 0.

    From ``first`` on, until one needs threads of which some sleep; return the number of that one.
    """
    for i in range(first, len(steps)):
        if i > first and load(state, AWAKE) < steps[i, 2]:
            return i
        carray(numbers_at(steps[i, 1], 0), 1)[0] = 0
        run_at(state, steps[i, 0], steps[i, 1], steps[i, 2])
    return len(steps)
