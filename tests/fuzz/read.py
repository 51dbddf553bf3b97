"""One damaged file, and whether what its reader does is allowed.

Allowed are an answer and a ValueError or FileNotFoundError that names the file, in time and memory
in proportion to the file. Pillow's own memory is not traced; the worker's limit holds it.
"""

import tempfile
import time
import tracemalloc
import warnings
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from tests.fuzz.formats import FORMATS, valid_file
from tests.fuzz.mutate import mutate

CASES = Path(__file__).parent / "cases"
SECONDS, BYTES = 2.0, 64 << 20  # for any file, of processor time and of memory: a frame of 4K
SECONDS_PER_BYTE, BYTES_PER_BYTE = 1e-5, 64


def damaged_file(name, seed, case):
    """Return the bytes of a mutation."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), case])
    return mutate(valid_file(name), rng)


def try_file(name, seed, case):
    """Return the finding of a mutation, or None."""
    return judge(name, damaged_file(name, seed, case))


def judge(name, content):
    """Return the finding of a file of these bytes, or None."""
    _warm_up(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        tracemalloc.start()
        started = time.process_time()
        finding = _read(name, path)
        seconds = time.process_time() - started
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    if seconds > SECONDS + SECONDS_PER_BYTE * len(content):
        finding = f"{len(content)} bytes took {seconds:.1f} s ({finding})"
    if peak > BYTES + BYTES_PER_BYTE * len(content):
        finding = f"{len(content)} bytes took {peak >> 20} MB ({finding})"
    return finding


def _read(name, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            FORMATS[name].read(path)
        except (ValueError, FileNotFoundError) as error:
            fair = path.name in str(error) or str(error).startswith(FORMATS[name].beside)
            return None if fair else _text(error)
        except Exception as error:
            return _text(error)
    return None


def _text(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


@cache
def _warm_up(name):
    """Read the valid file, so that kernels are compiled; it must be accepted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(valid_file(name))
        FORMATS[name].read(path)


def keep(name, seed, case):
    """Write a mutation to cases/, where the suite reads it; return its path."""
    path = CASES / f"{seed}-{case}-{name}"
    path.write_bytes(damaged_file(name, seed, case))
    return path


def kept():
    """Return (format, path) of each kept case."""
    return [(path.name.split("-", 2)[2], path) for path in sorted(CASES.glob("*-*-*"))]
