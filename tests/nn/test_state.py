"""Shedding the prefixes of wrappers; the rest of `nn._state` is tested with `Module`."""

import numpy as np
import pytest

from npkpose import nn
from npkpose.nn._state import strip_wrappers


@pytest.mark.parametrize(("given", "own", "expected"), [
    ("a b", "a b", "a b"),
    ("module.a module.b", "a b", "a b"),
    ("module.model.a module.model.b", "a b", "a b"),
    ("_orig_mod.module.a", "a", "a"),
    ("module.a b", "a b", "module.a b"),  # not all of them: no wrapper's doing
    ("model.a model.b", "model.a model.b", "model.a model.b"),  # the network's own
    ("model.a cpm.b", "model.a cpm.b", "model.a cpm.b"),
    ("module.model.a module.cpm.b", "model.a cpm.b", "model.a cpm.b"),
    ("modules.a", "a", "modules.a"),
    ("module.", "", ""),
    ("", "a", ""),
])  # fmt: skip
def test_prefixes_that_all_names_share_are_dropped(given, own, expected):
    state = {name: np.ones(1) for name in given.split()}
    assert " ".join(strip_wrappers(state, own.split())) == expected


def test_a_network_of_its_own_model_keeps_its_names():
    class Wrapper(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = nn.Conv2d(1, 1, 1)

    net = Wrapper()
    state = net.state_dict()
    assert list(state) == ["model.weight", "model.bias"]
    net.load_state_dict(state)
    net.load_state_dict({f"module.{name}": array for name, array in state.items()})


def test_names_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match="state: expected names that are text, got 3"):
        nn.ReLU().load_state_dict({3: np.ones(1)})
