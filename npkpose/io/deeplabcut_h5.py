"""DeepLabCut's tables as .h5: what pandas writes, read through h5py without pandas.

A pandas DataFrame lies in a group such as "df_with_missing". In the form "table" its header is a
pickled attribute of the group, of which plain lists, tuples, texts and numbers are accepted and
nothing else is ever called; in the form "fixed" it lies in arrays of levels and labels. The table
is then that of `npkpose.io.deeplabcut`.
"""

import io
import pickle

import numpy as np

from npkpose._check import LARGEST
from npkpose.io.deeplabcut import labels_of_table
from npkpose.io.hdf5 import MAGIC, opened, text_of

SUFFIXES = (".h5",)
_NAMES = {3: ("scorer", "bodyparts", "coords"), 4: ("scorer", "individuals", "bodyparts", "coords")}
MAX_PICKLE = 1 << 24  # bytes


def recognise(source):
    """Return whether a file is HDF5 and has a table of pandas."""
    if not source.head.startswith(MAGIC):
        return False
    with opened(source) as file:
        return _group(file) is not None


def read(source):
    """Return the animals of all rows."""
    with opened(source) as file:
        group = _group(file)
        if group is None:
            raise ValueError(f"{source.name}: expected a table of pandas, got none")
        columns, names, values = (_table if "table" in group else _fixed)(group)
    if (abs(values) > LARGEST).any():
        raise ValueError(f"{source.name}: expected finite numbers")
    levels = {len(column) for column in columns}
    if len(levels) != 1 or not levels <= set(_NAMES):
        raise ValueError(f"{source.name}: expected scorer, bodyparts, coords, got {levels} levels")
    header = dict(zip(_NAMES[levels.pop()], map(list, zip(*columns))))
    return labels_of_table(source, header, names, values)


def _group(file):
    """Return the group of the table, or None."""
    groups = [each for each in file.values() if hasattr(each, "keys")]
    return next((each for each in groups if "table" in each or "block0_values" in each), None)


def _table(group):
    """Return columns, row names and numbers of the form "table"."""
    table = group["table"][()]
    blocks = [name for name in table.dtype.names if name.startswith("values_block_")]
    values = [np.asarray(table[name], dtype=np.float64) for name in blocks]
    columns = _plain_pickle(bytes(group.attrs["non_index_axes"]))[0][1]
    columns = [tuple(map(str, column)) for column in columns]
    return columns, [text_of(name) for name in table["index"]], np.hstack(values)


def _fixed(group):
    """Return columns, row names and numbers of the form "fixed"."""
    columns = _index(group, "block0_items")
    names = ["/".join(row) for row in _index(group, "axis1")]
    return columns, names, np.asarray(group["block0_values"][()], dtype=np.float64)


def _index(group, name):
    """Return the entries of an index, each a tuple of texts."""
    if name in group:
        return [(text_of(value),) for value in group[name][()]]
    parts = []
    for level in range(int(group.attrs[f"{name}_nlevels"])):
        values = [text_of(value) for value in group[f"{name}_level{level}"][()]]
        parts.append([values[code] for code in group[f"{name}_label{level}"][()]])
    return list(zip(*parts))


class _Plain(pickle.Unpickler):
    """Reads lists, tuples, texts and numbers; a pickle that asks for anything else is refused."""

    def find_class(self, module, name):
        raise ValueError(f"expected plain lists, got a pickle that asks for {module}.{name}")


def _plain_pickle(content):
    if len(content) > MAX_PICKLE:
        raise ValueError(f"expected a header of at most {MAX_PICKLE} bytes, got {len(content)}")
    return _Plain(io.BytesIO(content)).load()
