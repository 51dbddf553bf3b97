"""NumPy's own matrix product, called from compiled code.

    gemm(transposed, M, N, K, a, lda, b, ldb, beta, c, ldc):    c = a b + beta c

for a (M, K), b (K, N) or, ``transposed``, (N, K), and c (M, N), each given by an array that
begins with its first number and by the distance of its rows, in numbers. Nothing is checked.

Numba's own product needs SciPy, and cannot add to an array. The library that NumPy's wheels come
with (`npkpose.engine.openblas`) has the function under C's name cblas_sgemm (Lawson et al., "Basic
Linear Algebra Subprograms for Fortran Usage", 1979; Dongarra et al., 1990). The compiler learns it
under a name, so that compiled code can be kept from one process to the next. Where there is no such
library, ``LINKED`` is False, and compiled code has no `gemm`.
"""

import ctypes

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import overload
from numpy.lib.stride_tricks import as_strided

from npkpose.engine.openblas import library

ROWS_FIRST, PLAIN, TRANSPOSED = 101, 111, 112  # CblasRowMajor, CblasNoTrans, CblasTrans


def _link():
    """Give the compiler both precisions' functions; return whether they were found."""
    for letter in "sd":
        for name in (f"scipy_cblas_{letter}gemm64_", f"cblas_{letter}gemm64_"):
            if hasattr(library(), name):
                address = ctypes.cast(getattr(library(), name), ctypes.c_void_p).value
                llvmlite.binding.add_symbol(f"npkpose_{letter}gemm", address)
                break
        else:
            return False
    return True


def _function(letter, real):
    flag, size, pointer = types.int32, types.int64, types.uintp
    flags, sizes, matrix = (flag,) * 3, (size,) * 3, (pointer, size)
    arguments = *flags, *sizes, real, *matrix, *matrix, real, *matrix
    return types.ExternalFunction(f"npkpose_{letter}gemm", types.void(*arguments))


_sgemm, _dgemm = _function("s", types.float32), _function("d", types.float64)
LINKED = _link()


def gemm(transposed, M, N, K, a, lda, b, ldb, beta, c, ldc):
    """See above. What compiled code calls is `_gemm`'s; this is the same in NumPy."""
    a, c = _rows(a, M, K, lda), _rows(c, M, N, ldc)
    product = a @ (_rows(b, N, K, ldb).T if transposed else _rows(b, K, N, ldb))
    c[...] = product + beta * c if beta else product


def _rows(array, count, length, apart):
    """Return the matrix whose first number is the array's."""
    step = array.itemsize
    return as_strided(array, (count, length), (apart * step, step))


@overload(gemm)
def _gemm(transposed, M, N, K, a, lda, b, ldb, beta, c, ldc):
    function, one = (_sgemm, np.float32(1))
    if a.dtype == types.float64:
        function, one = (_dgemm, np.float64(1))

    def call(transposed, M, N, K, a, lda, b, ldb, beta, c, ldc):
        place = TRANSPOSED if transposed else PLAIN
        function(
            ROWS_FIRST, PLAIN, place, M, N, K, one, a.ctypes.data, lda, b.ctypes.data, ldb,
            one * beta, c.ctypes.data, ldc,
        )  # fmt: skip

    return call
