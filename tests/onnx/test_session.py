"""A file is read, checked and run: against onnxruntime's outputs of real exporters' files."""

import numpy as np
import pytest

from npkpose.onnx import Session
from tests.onnx.conftest import NAMES

NEAR_TIES = ("yolox_nms_ts11",)


def largest_difference(got, expected):
    """Return the largest difference over the largest expected number."""
    assert got.shape == expected.shape and got.dtype == expected.dtype
    difference = np.abs(got.astype(np.float64) - expected)
    return difference.max(initial=0) / max(np.abs(expected).max(initial=0), 1e-30)


def _by_corner(outputs, rows):
    """Return rows of boxes sorted by their first coordinate: scores 2e-6 apart may swap."""
    return rows[:, np.argsort(np.round(outputs["dets"][0, :, 0], 1), kind="stable")]


@pytest.mark.parametrize("name", NAMES or ["no fixtures"])
def test_a_file_gives_what_onnxruntime_gives(fixture, name):
    f = fixture(name)
    session = Session(f.path)
    for outputs in (session.run(f.feeds), session.run(f.feeds)):  # node by node, then fused
        assert list(outputs) == f.meta["outputs_order"]
        for key, expected in f.outputs.items():
            # float16 outputs are rounded: 2^-11 of the largest number.
            tolerance = 1e-4 if expected.dtype != np.float16 else 2.0**-11
            got = outputs[key]
            if name in NEAR_TIES and key in ("dets", "labels"):
                got, expected = _by_corner(outputs, got), _by_corner(f.outputs, expected)
            assert largest_difference(got, expected) <= tolerance, key
