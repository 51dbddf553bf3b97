"""A session whose outputs are given, so that a decoder's answer can be worked out by hand."""

import numpy as np
import pytest

from npkpose.models.exported.network import About
from npkpose.onnx import Value
from tests.conftest import SHARED

PRETRAINED = SHARED / "data" / "pretrained"


class GivenSession:
    """Returns the same outputs for every image, and keeps the last input."""

    metadata = {}

    def __init__(self, outputs, shape=(1, 3, 64, 64), kind="float32"):
        self.inputs, self.outputs, self.given = [Value("x", kind, shape)], [], outputs
        self.seen = None

    def run(self, feeds):
        self.seen, *self.others = feeds.values()
        return {name: np.asarray(array, np.float32) for name, array in self.given.items()}


@pytest.fixture
def network():
    """Return a function that makes a network of a family with given outputs."""

    def make(family, outputs, size=(64, 64), layout="NCHW", name="file.onnx", **choices):
        shape = (1, 3, *size) if layout == "NCHW" else (1, *size, 3)
        session = GivenSession(outputs, shape)
        shapes = {key: np.shape(array) for key, array in outputs.items()}
        about = About(shapes, size, layout, "float32", session.metadata, name)
        reason = family.matches(about)
        assert reason is not None, "the family does not know its own outputs"
        recipe = family.recipe_of(about).with_choices(choices, family.uses)
        return family(session, recipe, about, reason)

    return make


@pytest.fixture
def pretrained():
    """Return a function from a name to the path of a trained file; skips without ../shared."""

    def path(name):
        if not (PRETRAINED / name).exists():
            pytest.skip("needs ../shared/data/pretrained: files that are not ours to ship")
        return PRETRAINED / name

    return path
