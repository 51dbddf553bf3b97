"""The official SMPL model file (.pkl), read without running code and without its libraries.

The file is a pickle of Python 2 that holds one dictionary:

    v_template (V, 3)   shapedirs (V, 3, S)   posedirs (V, 3, 9 (J - 1))   weights (V, J)
    J_regressor (J, V), a sparse matrix       kintree_table (2, J)          f (F, 3), faces

Its arrays are from NumPy, SciPy (sparse, by columns) or Chumpy, which wraps an array of NumPy.
`npkpose.weights.unpickle` reads the pickle with a table of only these names; each makes a plain
array here, and any other name is refused. If the file has 300 shape directions, `read_smpl` keeps
the first 10, which the published networks expect.

The model is licensed by its authors, https://smpl.is.tue.mpg.de: users bring their own file.
"""

import math

import numpy as np

from npkpose._check import check_integer
from npkpose.space.body import BodyData, check_body
from npkpose.weights.unpickle import Buildable, Ignored, unpickle

_MAX_AXES = 8
_MAX_NUMBERS = 2**27  # in one array; SMPL's largest has 6.2 million, with hands 43 million


def read_smpl(path, shapes=10):
    """Return the `BodyData` in an official model file.

    Parameters
    ----------
    path : path_like
    shapes : int
        How many shape directions to keep, from the first; all if the file has fewer.

    Raises
    ------
    ValueError
        Another pickle, a damaged one, or inconsistent shapes; the message names the path.
    """
    shapes = check_integer("shapes", shapes)
    with open(path, "rb") as stream:
        content = stream.read()
    try:
        tree, _ = unpickle(content, 0, _FUNCTIONS, old_text=bytes)
        return _body(tree, shapes, len(content))
    except ValueError as error:
        raise ValueError(f"{path}: expected an SMPL model, got {error}") from None


def _body(tree, shapes, size):
    if not isinstance(tree, dict):
        raise ValueError(f"{type(tree).__name__} instead of a dictionary")
    tree = {_text(key): value for key, value in tree.items()}
    kinematic = _array(tree, "kintree_table")
    if kinematic.ndim != 2 or len(kinematic) != 2 or kinematic.shape[1] == 0:
        raise ValueError(f"kintree_table of shape {kinematic.shape}")
    parents = kinematic[0].astype(np.int64)
    parents[0] = -1  # stored as 2^32 - 1
    regressor = tree.get("J_regressor")
    if isinstance(regressor, _Columns) and math.prod(regressor.shape()) > size:
        raise ValueError(f"a sparse matrix of shape {regressor.shape()} in a file of {size} bytes")
    data = BodyData(
        _array(tree, "v_template"), _array(tree, "shapedirs")[..., :shapes],
        _array(tree, "posedirs"), _array(tree, "J_regressor"), _array(tree, "weights"),
        parents, _array(tree, "f"),
    )  # fmt: skip
    return check_body(data, np.float64)


def _array(tree, key):
    value = tree.get(key)
    if not isinstance(value, _Stored):
        raise ValueError(f"a dictionary without the array {key!r}")
    return value.read()


class _Stored(Buildable):
    """An object of one of the libraries; `read` returns its array once its state is set."""

    def __init__(self, *_):
        self.state = None

    def set_state(self, state):
        self.state = state

    def read(self):
        raise NotImplementedError

    def items(self):
        """Return the state, a dictionary of attributes, with names as text."""
        if not isinstance(self.state, dict):
            raise ValueError("an object without attributes")
        return {_text(name): value for name, value in self.state.items()}


class _Dtype(_Stored):
    """numpy.dtype: a code such as "f8"; the byte order is the second item of its state."""

    def __init__(self, code, *_):
        super().__init__()
        self.code = _text(code)

    def read(self):
        order = _text(self.state[1]) if isinstance(self.state, tuple) and self.state[1:] else "|"
        if len(self.code) > 3 or self.code[:1] not in "fiub" or order not in "<>|=":
            raise ValueError(f"an array of type {self.code[:20]!r}")
        try:
            return np.dtype(self.code).newbyteorder(order)
        except TypeError:
            raise ValueError(f"an array of type {self.code[:20]!r}") from None


class _Numpy(_Stored):
    """numpy.ndarray: (version, shape, dtype, is column-major, bytes)."""

    def read(self):
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise ValueError("an array without a state")
        _, shape, dtype, is_fortran, content = self.state
        if not isinstance(dtype, _Dtype) or not isinstance(content, bytes) or not _is_shape(shape):
            raise ValueError("an array without numbers")
        dtype = dtype.read()
        if math.prod(shape) * dtype.itemsize != len(content):
            raise ValueError(f"an array of shape {shape} in {len(content)} bytes")
        return np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")


class _Chumpy(_Stored):
    """chumpy.ch.Ch: the array is its attribute "x"."""

    def read(self):
        inner = self.items().get("x")
        if not isinstance(inner, _Numpy):
            raise ValueError("a Chumpy object that is computed, not stored")
        return inner.read()


class _Columns(_Stored):
    """scipy.sparse.csc_matrix: column j has data[i] in row indices[i], indptr[j] <= i < [j + 1]."""

    def shape(self):
        shape = self.items().get("_shape", self.items().get("shape"))
        if not _is_shape(shape) or len(shape) != 2:
            raise ValueError("a sparse matrix without its parts")
        return shape

    def read(self):
        items, shape = self.items(), self.shape()
        parts = [items.get(name) for name in ("data", "indices", "indptr")]
        if not all(isinstance(part, _Numpy) for part in parts):
            raise ValueError("a sparse matrix without its parts")
        data, rows, ends = (part.read() for part in parts)
        if not data.shape == rows.shape == (data.size,):
            raise ValueError(f"a sparse matrix of shape {shape} with {data.shape} numbers")
        return _dense(shape, data, rows, ends.astype(np.int64).ravel())


def _dense(shape, data, rows, ends):
    """Return the array ``shape`` of a sparse matrix stored by columns."""
    counts = np.diff(ends)
    fits = ends.size == shape[1] + 1 and (counts >= 0).all() and counts.sum() == data.size
    if not fits or data.size and not (0 <= rows.min() and rows.max() < shape[0]):
        raise ValueError("a sparse matrix with numbers outside it")
    dense = np.zeros(shape)
    np.add.at(dense, (rows, np.repeat(np.arange(shape[1]), counts)), data)
    return dense


def _reconstruct(kind, *_):
    """Replace NumPy's and copy_reg's constructors of an empty object of the class ``kind``."""
    return kind.function() if kind.function is not Ignored else Ignored()


def _encode(text, *_):  # how Python 3 writes bytes in protocol 2
    return text.encode("latin1") if isinstance(text, str) else text


def _text(value):
    """Return text of Python 2 or 3 as text; other values, of which any is huge when shown, fail."""
    if not isinstance(value, (str, bytes)):
        raise ValueError(f"{type(value).__name__} instead of text")
    return value.decode("latin1") if isinstance(value, bytes) else value


def _is_shape(shape):
    if not isinstance(shape, tuple) or len(shape) > _MAX_AXES:
        return False
    are_sizes = all(type(n) is int and 0 <= n <= _MAX_NUMBERS for n in shape)
    return are_sizes and math.prod(shape) <= _MAX_NUMBERS


_FUNCTIONS = {
    "numpy.ndarray": _Numpy,
    "numpy.dtype": _Dtype,
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "scipy.sparse.csc.csc_matrix": _Columns,
    "scipy.sparse._csc.csc_matrix": _Columns,
    "chumpy.ch.Ch": _Chumpy,
    "copy_reg._reconstructor": _reconstruct,
    "copyreg._reconstructor": _reconstruct,
    "__builtin__.object": Ignored,
    "builtins.object": Ignored,
    "_codecs.encode": _encode,
}
