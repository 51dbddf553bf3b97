"""Which dictionary of a training program's has the weights."""

import pytest

from npkpose.weights.checkpoint import find_weights
from npkpose.weights.torch_names import Placeholder
from npkpose.weights.torch_tensor import Storage, Tensor
from npkpose.weights.unpickle import Ignored

W = Tensor(Storage("torch.FloatStorage", "0", 6), 0, (2, 3), (3, 1))
SCALAR = W._replace(shape=(), strides=())
STATE = {"w": W, "b": W}
OPTIMIZER = {"state": {0: {"exp_avg": W, "step": SCALAR}}, "param_groups": [{"lr": 0.1}]}


@pytest.mark.parametrize("key", [
    "state_dict", "model_state_dict", "model", "model_pos", "net", "network", "module", "params",
    "weights", "ema_state_dict", "state_dict_ema", "ema", "model_ema", "any other key", "G",
])  # fmt: skip
def test_the_dictionary_of_tensors_is_found_under_any_key(key):
    tree = {"epoch": 3, "optimizer": OPTIMIZER, key: STATE, "loss": SCALAR, "args": Ignored()}
    assert find_weights(tree) == STATE
    assert find_weights({"model": tree, "epoch": 5}) == STATE


@pytest.mark.parametrize("tree", [
    STATE,
    {**STATE, "epoch": 3, Ignored(): 4, 7: W, "args": Placeholder("argparse.Namespace")},
    {"state_dict": STATE, "state_dict_ema": {"w": SCALAR}, "ema": {"x": W}},
    {"model": Placeholder("models.yolo.Model"), "state_dict": STATE},
    {"model": {"type": "HRNet"}, "backbone": STATE},  # settings under a known key
    {"model": "hrnet", "x": STATE},
    {"network": {"depth": 50}, "module": {"state_dict": STATE}},
    {"step": SCALAR, "whatever": STATE},
])  # fmt: skip
def test_what_lies_beside_it_does_not_matter(tree):
    assert find_weights(tree) == STATE


@pytest.mark.parametrize("tree, message", [
    ({}, "no dictionary of tensors, but nothing"),
    ({"a": 1, "b": []}, "no dictionary of tensors, but 'a', 'b'"),
    ({"G": STATE, "D": STATE}, "2 dictionaries of tensors, 'G', 'D': save the one you mean"),
    ({"optimizer": OPTIMIZER}, "no dictionary of tensors, but 'optimizer'"),
    (W, "Tensor instead of a dictionary"),
    ([STATE], "list instead of a dictionary"),
    (Placeholder("a.Net"), "asks for 'a.Net', an object that only its own .* its state_dict"),
    ({"x": Placeholder("uuid.UUID"), "m": Placeholder("a.Net")}, "asks for 'a.Net'"),
    (Placeholder("__torch__.Net"), "a TorchScript program; save its state_dict"),
    ({"a": W, "s": Placeholder("torch._utils._rebuild_sparse_tensor")}, "_rebuild_sparse_tensor"),
])  # fmt: skip
def test_without_one_the_first_keys_are_named(tree, message):
    with pytest.raises(ValueError, match=message):
        find_weights(tree)
