import os
import subprocess
import sys

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from npkpose import _jit

compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="kernels are not compiled")

SUM = """
from npkpose._jit import kernel

@kernel
def total(x):
    s = 0.0
    for v in x:
        s += v
    return s
"""


@_jit.helper
def inverse(x):
    return 1 / x


@_jit.kernel
def helped_sum(x):
    s = 0.0
    for v in x:
        s += inverse(v)
    return s


def cache_hits(folder, **environment):
    """Run the kernel of ``folder`` in a new interpreter; return the number of cache hits."""
    code = (
        "import sys, numpy as np, counted\n"
        "assert counted.total(np.ones(3)) == 3\n"
        "print(sum(counted.total.stats.cache_hits.values()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "NUMBA_BOUNDSCHECK": "", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@compiled_only
def test_a_second_process_uses_the_cache_but_not_if_bounds_are_checked(tmp_path):
    (tmp_path / "counted.py").write_text(SUM, encoding="utf-8")
    assert cache_hits(tmp_path) == 0
    assert cache_hits(tmp_path) == 1
    assert cache_hits(tmp_path, NUMBA_BOUNDSCHECK="1") == 0


@compiled_only
def test_a_cached_kernel_follows_the_files_that_it_is_told_of(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("1", encoding="utf-8")
    followed = "\nfrom npkpose._jit import follow_files\nimport pathlib\n"
    followed += "follow_files(total, [pathlib.Path('other.txt')])\n"
    (tmp_path / "counted.py").write_text(SUM + followed, encoding="utf-8")
    assert [cache_hits(tmp_path) for _ in range(2)] == [0, 1]
    other.write_text("12", encoding="utf-8")
    assert [cache_hits(tmp_path) for _ in range(2)] == [0, 1]


@compiled_only
def test_a_helper_is_compiled_into_a_kernel_and_is_plain_python_elsewhere():
    assert helped_sum(np.array([0.0, 1.0])) == np.inf  # a kernel's division
    with pytest.raises(ZeroDivisionError):
        inverse(0.0)


def test_without_a_folder_for_the_cache_the_kernel_is_compiled_without_one(monkeypatch):
    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(_jit, "njit", njit)
    double = _jit.kernel(lambda x: 2 * x)
    assert double(np.float64(4.0)) == 8


@compiled_only
def test_division_by_zero_gives_infinity():
    assert _jit.kernel(lambda a, b: a / b)(1.0, 0.0) == np.inf
