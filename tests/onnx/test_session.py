"""A file is read, checked and run: against onnxruntime's outputs of real exporters' files."""

import numpy as np
import pytest

from npkpose.onnx import Session
from tests.onnx.conftest import NAMES


def largest_difference(got, expected):
    """Return the largest difference over the largest expected number."""
    assert got.shape == expected.shape and got.dtype == expected.dtype
    difference = np.abs(got.astype(np.float64) - expected)
    return difference.max(initial=0) / max(np.abs(expected).max(initial=0), 1e-30)


@pytest.mark.parametrize("name", NAMES or ["no fixtures"])
def test_a_file_gives_what_onnxruntime_gives(fixture, name):
    f = fixture(name)
    session = Session(f.path)
    first, second = session.run(f.feeds), session.run(f.feeds)
    assert list(first) == f.meta["outputs_order"]
    for key, expected in f.outputs.items():
        # float16 outputs are rounded: 2^-11 of the largest number.
        tolerance = 1e-4 if expected.dtype != np.float16 else 2.0**-11
        assert largest_difference(first[key], expected) <= tolerance, key
        assert largest_difference(second[key], expected) <= tolerance, key
