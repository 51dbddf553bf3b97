"""The operator tests of the onnx package, for the operators of published keypoint networks.

A part of them runs here: one in twenty. `python -m tests.onnx.test_node_cases` runs all that use
operators of the list in npkpose.onnx.ops and types that NumPy has, and prints those that fail.
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from npkpose.onnx import Session
from npkpose.onnx.ops import TABLES
from npkpose.onnx.run import CONTROL

PLAIN = {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13}  # types that NumPy has
EVERY = 20


def cases():
    """Return the cases whose operators and types are provided."""
    pytest.importorskip("onnx")
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    # Dropout is provided outside of training only.
    return [c for c in found if _is_provided(c.model) and "training_dropout" not in c.name]


def _is_provided(model):
    values = [v.type for v in (*model.graph.input, *model.graph.output)]
    nodes = list(_nodes(model.graph))
    return (
        all(v.WhichOneof("value") == "tensor_type" for v in values)
        and {v.tensor_type.elem_type for v in values} <= PLAIN
        and all(n.domain in ("", "ai.onnx") for n in nodes)
        and {n.op_type for n in nodes} <= TABLES[""].keys() | CONTROL.keys()
    )


def _nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def check(case, folder):
    """Assert that a case's outputs are those of the reference, node by node and planned."""
    from onnx import TensorProto, numpy_helper

    def array(v):
        return numpy_helper.to_array(v) if isinstance(v, TensorProto) else np.asarray(v)

    path = Path(folder, "case.onnx")
    path.write_bytes(case.model.SerializeToString())
    session = Session(path)
    for inputs, outputs in case.data_sets:
        feeds = {v.name: array(x) for v, x in zip(session.inputs, inputs, strict=True)}
        for _ in range(2):
            for got, expected in zip(session.run(feeds).values(), map(array, outputs)):
                assert got.dtype == expected.dtype
                np.testing.assert_allclose(got, expected, rtol=case.rtol, atol=case.atol)


def test_one_in_twenty_operator_cases_passes(tmp_path):
    with np.errstate(all="ignore"):
        for i, case in enumerate(cases()):
            if i % EVERY and case.name != "test_scan_sum":  # the only one of Scan-8
                continue
            try:
                check(case, tmp_path)
            except Exception as error:
                raise AssertionError(f"{case.name}: {error}") from error


def main():
    """Run all cases; print those that fail."""
    found, failed = cases(), 0
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        for case in found:
            try:
                check(case, folder)
            except Exception as error:
                failed += 1
                print(f"{case.name}: {' '.join(str(error).split())[:150]}")
    print(f"{len(found) - failed} of {len(found)} cases pass")


if __name__ == "__main__":
    main()
