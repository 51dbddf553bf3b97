import pickle

import numpy as np
import pytest

from npkpose.io import read
from npkpose.io.deeplabcut_h5 import _plain_pickle
from tests.io import make

h5py = pytest.importorskip("h5py")


def test_the_form_of_arrays_is_read(tmp_path):
    (tmp_path / "x.h5").write_bytes(make.pandas_h5())
    labels = read(tmp_path / "x.h5")
    assert labels.fields["individuals"].tolist() == ["a", "b"] * 2
    assert labels.images[1].file_name == "labeled-data/v/2.png"
    np.testing.assert_array_equal(labels.keypoints.ravel(), np.arange(16))


def test_the_form_of_a_table_is_read(tmp_path):
    header = [(1, [("me", part, axis) for part in ("nose", "tail") for axis in ("x", "y")])]
    rows = np.zeros(2, [("index", "<i8"), ("values_block_0", "<f8", (4,))])
    rows["index"], rows["values_block_0"] = [5, 6], np.arange(8.0).reshape(2, 4)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["df_with_missing/table"] = rows
        file["df_with_missing"].attrs["non_index_axes"] = np.bytes_(pickle.dumps(header, 0))
    labels = read(tmp_path / "x.h5")
    assert [image.id for image in labels.images] == [5, 6]
    np.testing.assert_array_equal(labels.keypoints.ravel(), np.arange(8))


def test_a_pickle_that_asks_for_a_function_is_refused():
    with pytest.raises(ValueError, match="expected plain lists, got a pickle that asks for"):
        _plain_pickle(pickle.dumps(print))


def test_a_file_without_tables_is_refused_by_name(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["other"] = 1
    with pytest.raises(ValueError, match="x.h5: expected a table of pandas, got none"):
        read(tmp_path / "x.h5", "deeplabcut-h5")
