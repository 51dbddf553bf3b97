"""Shared by the tests of file formats: arrays to store, and damage to files."""

import tracemalloc

import numpy as np
import pytest

ARRAYS = {
    "stem.conv.weight": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
    "stem.norm/bias": np.array([0.5, -1.0]),
    "file": np.array(7),  # a name np.savez itself cannot take
    "mask": np.array([True, False, True]),
    "empty": np.zeros((0, 3), np.int64),
    "half": np.array([[1.5], [-2.0]], np.float16),
    "bytes": np.arange(5, dtype=np.uint8),
}


@pytest.fixture
def arrays():
    """Arrays of all kinds of numbers with 0 to 3 axes, one of them empty."""
    return {name: array.copy() for name, array in ARRAYS.items()}


@pytest.fixture
def same():
    """Assert that two {name: array} have the same order of names, dtypes and numbers."""

    def check(got, expected):
        assert list(got) == list(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(got[name], array, err_msg=name)
            assert got[name].dtype == array.dtype, name

    return check


@pytest.fixture
def endures(tmp_path):
    """Assert that a reader of damaged files returns arrays or a ValueError that names the file.

    Returns how many of the damaged files were refused. No attempt may take more memory
    than four times the file's size plus 200 kB for Python's own objects.
    """

    def attempt(load, path, content):
        path.write_bytes(content)
        tracemalloc.start()
        try:
            for array in load(path).values():
                assert isinstance(array, np.ndarray)
            return 0
        except ValueError as error:
            assert str(error).startswith(str(path))
            return 1
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 4 * len(content) + 200_000

    def check(load, content, name, count=300):
        return sum(attempt(load, tmp_path / name, bad) for bad in damaged(content, count))

    return check


def damaged(content, count):
    """Yield ``count`` copies of a file with one to four bits or bytes changed, fixed seed."""
    rng = np.random.default_rng(0)
    for i in range(count):
        changed = bytearray(content)
        for place in rng.integers(len(content), size=rng.integers(1, 5)):
            changed[place] = changed[place] ^ 1 << rng.integers(8) if i % 2 else rng.integers(256)
        yield bytes(changed)
