"""Shedding the prefixes of wrappers; the rest of `nn._state` is tested with `Module`."""

import numpy as np
import pytest

from npkpose import nn
from npkpose.nn._state import copy_state, strip_wrappers


@pytest.mark.parametrize(("given", "own", "expected"), [
    ("a b", "a b", "a b"),
    ("module.a module.b", "a b", "a b"),
    ("module.model.a module.model.b", "a b", "a b"),
    ("_orig_mod.module.a", "a", "a"),
    ("module.a b", "a b", "module.a b"),  # not all of them: no wrapper's doing
    ("n_averaged module.a module.b", "a b", "a b"),  # a count beside the network
    ("loss.w model.module.a model.module.b", "a b", "a b"),
    ("loss.w model.a", "a norm.num_batches_tracked", "a"),
    ("loss.w model.model.a", "model.a", "model.a"),
    ("loss.w model.a", "a b", "a"),  # b is missing
    ("teacher.a model.a model.b", "a b", "a b"),  # another network beside it
    ("total_ops a a.total_params b.n.total_ops", "a", "a"),
    ("heatmap_loss.w train_metrics.x.y criterion.z a loss", "a", "a loss"),
    ("n_averaged module.x module.y", "a b", "x y"),  # names of another library
    ("loss.w a", "loss.w a", "loss.w a"),  # the network's own
    ("closs.w glossary.w a", "a", "closs.w glossary.w a"),
    ("a module.a", "a", "a module.a"),  # the network, and a copy in a wrapper
    ("n.a n", "n", "n.a n"),
    ("module.a model.a b", "a b", "module.a model.a b"),
    ("module.a module.b b", "a b", "module.a module.b b"),  # which b is meant?
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


def test_what_lies_beside_a_wrapped_network_is_left_out_and_what_lies_in_it_is_unexpected():
    net = nn.Conv2d(1, 1, 1)
    state = {f"module.{name}": array + 1 for name, array in net.state_dict().items()}
    state |= {"n_averaged": np.array(3), "module.total_ops": np.ones(1), "ema.x": np.ones(2)}
    assert net.load_state_dict(state) == ([], [])
    np.testing.assert_array_equal(net.params["weight"], state["module.weight"])
    state["module.other"] = np.ones(1)
    with pytest.raises(ValueError, match="got unexpected: other$"):
        net.load_state_dict(state)
    assert net.load_state_dict(state, strict=False) == ([], ["other"])


def test_a_prefix_that_is_repeated_many_times_takes_linear_time():
    state = {"module." * 100_000 + "other": np.zeros(1)}
    assert list(strip_wrappers(state, ["weight"])) == ["module." * (100_000 - 8) + "other"]


def test_a_value_that_would_become_infinite_is_refused_and_nothing_copied():
    target = {"a": np.zeros(2, np.float32), "b": np.zeros((), np.float16)}
    for big in (np.array([0.0, -1e300]), np.array([np.inf, 1e39])):
        with pytest.raises(ValueError, match="of a that float32 can hold, got (-1e.300|1e.39)"):
            copy_state(target, {"b": 1.0, "a": big})
    with pytest.raises(ValueError, match="values of b that float16 can hold, got 70000"):
        copy_state(target, {"a": [1.0, 2.0], "b": 70_000})
    assert target["a"].tolist() == [0, 0] and target["b"] == 0
    copy_state(target, {"a": np.array([np.inf, 3e38]), "b": 60_000})  # infinite to begin with
    assert target["a"].tolist() == [np.inf, np.float32(3e38)]


def test_names_out_of_a_file_are_escaped_and_cut():
    net, escape = nn.Linear(1, 1), "\x1b[31m"
    for name in (escape, "n" * 10_000, f"{escape}weight" * 1000):
        with pytest.raises(ValueError) as error:
            net.load_state_dict({f"{name}{n}": np.ones(1) for n in range(3000)})
        assert str(error.value).isprintable() and len(str(error.value)) < 1000


def test_names_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match="state: expected names that are text, got 3"):
        nn.ReLU().load_state_dict({3: np.ones(1)})
