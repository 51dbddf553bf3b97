"""Copying named arrays into place: all of them, or none and one error that lists why."""

from collections.abc import Mapping

from npkpose._check import real_array

_MAY_BE_ABSENT = "num_batches_tracked"  # a count that old checkpoints lack and nothing reads


def copy_state(targets, state, strict=True):
    """Copy ``state[name]`` into the array ``targets[name]``; return (missing, unexpected).

    Both map names to arrays. Raises ValueError, before anything is copied, on a shape
    that differs and, if ``strict``, on missing and unexpected names.
    """
    if not isinstance(state, Mapping):
        raise ValueError(f"state: expected names mapped to arrays, got {type(state).__name__}")
    values = {name: real_array(name, state[name]) for name in targets if name in state}
    missing = [n for n in targets if n not in values and not n.endswith(_MAY_BE_ABSENT)]
    unexpected = [name for name in state if name not in targets]
    misshapen = [
        f"{name} (expected {targets[name].shape}, got {value.shape})"
        for name, value in values.items() if value.shape != targets[name].shape
    ]
    if misshapen or strict and (missing or unexpected):
        lists = {"missing": missing, "unexpected": unexpected, "wrongly shaped": misshapen}
        found = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in lists.items() if names)
        raise ValueError(f"state: expected matching names and shapes, got {found}")
    for name, value in values.items():
        targets[name][...] = value
    return missing, unexpected
