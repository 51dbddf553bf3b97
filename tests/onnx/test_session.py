"""A file is read, checked and run: against onnxruntime's outputs of real exporters' files."""

import numpy as np
import pytest

from npkpose.onnx import Session
from tests.onnx.conftest import NAMES

# Files that sort boxes by score, and how far our scores are from onnxruntime's: it differs from
# itself as much when it does not optimise. Two scores of yolox_nms_ts11 are 1.5e-6 apart.
SORTED = {"yolox_nms_ts11": 5e-5, "rtmdet_nms_ts11": 5e-5}


def largest_difference(got, expected):
    """Return the largest difference over the largest expected number."""
    assert got.shape == expected.shape and got.dtype == expected.dtype
    difference = np.abs(got.astype(np.float64) - expected)
    return difference.max(initial=0) / max(np.abs(expected).max(initial=0), 1e-30)


def as_sorted_by(expected, got, error):
    """Return the outputs ``got`` in the order of ``expected``, both {"dets", "labels"}.

    Both must be sorted by score. Only rows whose scores are within twice the error may have
    changed places: the order of others is part of what is compared.
    """
    rows, wanted = got["dets"][0], expected["dets"][0]
    for each in (rows, wanted):
        assert (np.diff(each[:, 4]) <= 0).all()
    apart = np.abs(wanted[:, None, :4] - rows[None, :, :4]).sum(axis=2)
    apart[expected["labels"][0][:, None] != got["labels"][0]] = np.inf  # a box has many classes
    order = apart.argmin(axis=1)
    assert sorted(order) == list(range(len(rows)))
    assert (np.abs(wanted[:, 4] - wanted[order, 4]) <= 2 * error).all()
    return {name: array[:, order] for name, array in got.items()}


@pytest.mark.parametrize("name", NAMES or ["no fixtures"])
def test_a_file_gives_what_onnxruntime_gives(fixture, name):
    f = fixture(name)
    session = Session(f.path)
    for outputs in (session.run(f.feeds), session.run(f.feeds)):  # node by node, then fused
        assert list(outputs) == f.meta["outputs_order"]
        if name in SORTED:
            outputs = as_sorted_by(f.outputs, outputs, SORTED[name])
        for key, expected in f.outputs.items():
            # float16 outputs are rounded: 2^-11 of the largest number.
            tolerance = 1e-4 if expected.dtype != np.float16 else 2.0**-11
            assert largest_difference(outputs[key], expected) <= tolerance, key


def test_only_rows_with_nearly_the_same_score_may_change_places():
    rows = np.array([[[0, 0, 1, 1, 0.9], [2, 2, 3, 3, 0.5], [4, 4, 5, 5, 0.5 - 1e-6]]])
    expected = {"dets": rows, "labels": np.array([[0, 1, 2]])}
    swapped = {"dets": rows[:, [0, 2, 1]], "labels": np.array([[0, 2, 1]])}
    swapped["dets"][0, 1:, 4] = swapped["dets"][0, :0:-1, 4]  # sorted, as a network sorts them
    assert as_sorted_by(expected, swapped, 1e-6)["labels"].tolist() == [[0, 1, 2]]
    for array in (swapped["dets"][0, :2, :4], swapped["labels"][0, :2]):
        array[:] = array[::-1].copy()
    with pytest.raises(AssertionError):
        as_sorted_by(expected, swapped, 1e-6)
