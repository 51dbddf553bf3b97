"""The weights among all that a training program saved: which dictionary of tensors is meant.

    {"epoch": 3, "optimizer": {...}, "state_dict": {"conv1.weight": tensor, ...}}

Training programs know that dictionary by some twenty keys. Another key will do if its
dictionary is the only one of tensors.
"""

from npkpose.weights.torch_names import Placeholder, is_of_python, is_tensor_of_another_kind
from npkpose.weights.torch_tensor import Tensor
from npkpose.weights.unpickle import refuse

# The first that exists is used. The last four are running means of the weights.
_WRAPPERS = (
    "state_dict", "model_state_dict", "model", "model_pos", "net", "network", "module", "params",
    "weights", "ema_state_dict", "state_dict_ema", "ema", "model_ema",
)  # fmt: skip
_MAX_WRAPPERS = 4


def find_weights(tree):
    """Return {name: Tensor} of what a training program saved.

    Raises ValueError if no dictionary of tensors is there, if several are and none has a
    known key, or if a tensor is of another kind (sparse, quantised); it gives the names.
    """
    for _ in range(_MAX_WRAPPERS):
        if not isinstance(tree, dict):
            _refuse_object(tree)
        inner = _inner(tree)
        if inner is None:
            break
        tree = inner
    if not _tensors(tree):
        _refuse_dictionary(tree)
    for value in tree.values():
        if is_tensor_of_another_kind(value):
            refuse(value.name)
    return _tensors(tree)


def _inner(tree):
    """Return the dictionary inside ``tree`` to go on with, or None if ``tree`` has the weights."""
    known = [tree[key] for key in _WRAPPERS if isinstance(tree.get(key), dict)]
    likely = [inner for inner in known if _tensors(inner) or _has_wrapper(inner)]
    if likely:
        return likely[0]
    if any(tensor.shape for tensor in _tensors(tree).values()):  # not just counters and losses
        return None
    others = {key: inner for key, inner in tree.items() if _is_state(inner)}
    if len(others) > 1:
        keys = ", ".join(repr(key)[:40] for key in list(others)[:8])
        raise ValueError(f"{len(others)} dictionaries of tensors, {keys}: save the one you mean")
    return next(iter(others.values()), known[0] if known else None)


def _tensors(tree):
    return {k: v for k, v in tree.items() if isinstance(v, Tensor) and isinstance(k, str)}


def _has_wrapper(tree):
    return any(isinstance(tree.get(key), dict) for key in _WRAPPERS)


def _is_state(value):
    return isinstance(value, dict) and any(t.shape for t in _tensors(value).values())


def _refuse_object(value):
    if isinstance(value, Placeholder):
        _refuse_placeholder(value)
    raise ValueError(f"{type(value).__name__} instead of a dictionary")


def _refuse_dictionary(tree):
    for value in tree.values():
        if isinstance(value, Placeholder) and not is_of_python(value.name):
            _refuse_placeholder(value)
    keys = [repr(key)[:40] for key in list(tree)[:8] if isinstance(key, (str, int))]
    raise ValueError(f"no dictionary of tensors, but {', '.join(keys) or 'nothing'}")


def _refuse_placeholder(value):
    if is_tensor_of_another_kind(value):
        refuse(value.name)
    if value.name.startswith("__torch__"):
        raise ValueError("a TorchScript program; save its state_dict() with torch.save")
    name = value.name[:80]
    raise ValueError(
        f"a pickle that asks for {name!r}, an object that only its own program can build, and no "
        "dictionary of tensors; if it is a network, save its state_dict()"
    )
