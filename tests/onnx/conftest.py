"""Shared by the tests of ONNX files: the files of real exporters, with onnxruntime's outputs."""

import json

import numpy as np
import pytest

from tests.conftest import SHARED

FIXTURES = SHARED / "fixtures" / "onnx"
NAMES = sorted(p.parent.name for p in FIXTURES.glob("*/model.onnx"))


class Fixture:
    """A model, its inputs and onnxruntime's outputs by name, and what its meta.json says."""

    def __init__(self, name):
        folder = FIXTURES / name
        self.path = folder / "model.onnx"
        self.meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        with np.load(folder / "io.npz") as arrays:
            self.feeds, self.outputs = (
                {n: arrays[f"{kind}{k}"] for k, n in enumerate(self.meta[f"{kind}puts_order"])}
                for kind in ("in", "out")
            )


@pytest.fixture
def fixture():
    """Return a function that loads the `Fixture` of a name; its tests skip without ../shared."""

    def load(name):
        if not (FIXTURES / name).is_dir():
            pytest.skip("needs ../shared/fixtures/onnx: files that are not ours to ship")
        return Fixture(name)

    return load
