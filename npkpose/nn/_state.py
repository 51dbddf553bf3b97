"""Named arrays: shedding a wrapper's prefix, and copying into place all of them or none."""

import re
from collections.abc import Mapping

import numpy as np

from npkpose._check import check_flag, plain, real_array, shown

_MAY_BE_ABSENT = "num_batches_tracked"  # a count that old checkpoints lack and nothing reads

# What the wrappers of PyTorch (DataParallel, compile) and of training programs put in front.
_WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.")
_MAX_WRAPPERS = 8
_MOST_NAMES = 4  # of each kind, in a message

# Arrays that no network reads: of thop's counters and PyTorch's AveragedModel, by their last
# word, and of losses and metrics, by a word in the first.
_IDLE_ENDS = {"total_ops", "total_params", "n_averaged"}
_IDLE_STARTS = {"loss", "losses", "criterion", "metric", "metrics"}


def strip_wrappers(state, own_names):
    """Return ``state`` without the prefixes that a wrapper gave to every name.

    If all of ``own_names`` are found behind prefixes, those are dropped, and so are arrays
    without the prefixes, which are not the network's. Otherwise the names may be another
    library's, and a prefix is dropped if all names of ``state`` have it, up to eight times,
    unless all of ``own_names`` have it as well: then it is the network's own. Arrays that no
    network reads, such as a loss's, are left out.
    """
    own = set(own_names)
    state = {k: v for k, v in state.items() if k in own or not _is_idle(k)}
    prefix = _find_prefix(state, [n for n in own_names if not n.endswith(_MAY_BE_ABSENT)])
    if prefix is not None:
        found = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        return state if own & set(state) and prefix else found

    def shared_by(names):
        return [p for p in _WRAPPERS if names and all(name.startswith(p) for name in names)]

    own = shared_by(own_names)
    for _ in range(_MAX_WRAPPERS):
        prefixes = [prefix for prefix in shared_by(state) if prefix not in own]
        if not prefixes:
            break
        state = {name.removeprefix(prefixes[0]): value for name, value in state.items()}
    return state


def _is_idle(name):
    first, dot, _ = name.partition(".")
    starts = dot and not _IDLE_STARTS.isdisjoint(first.split("_"))
    return starts or name.rpartition(".")[2] in _IDLE_ENDS


def _find_prefix(state, own_names):
    """Return the shortest sequence of prefixes with all of ``own_names`` behind it, or None."""
    if not own_names:
        return None
    wrapped = re.compile(f"((?:{'|'.join(map(re.escape, _WRAPPERS))})*){re.escape(own_names[0])}")
    matches = [wrapped.fullmatch(name) for name in state]
    for prefix in sorted((match[1] for match in matches if match), key=len):
        if all(prefix + name in state for name in own_names):
            return prefix
    return None


def check_names(state):
    """Raise ValueError unless ``state`` maps names that are text."""
    if not isinstance(state, Mapping):
        raise ValueError(f"state: expected names mapped to arrays, got {type(state).__name__}")
    for name in state:
        if not isinstance(name, str):
            raise ValueError(f"state: expected names that are text, got {shown(name)}")


def copy_state(targets, state, strict=True):
    """Copy ``state[name]`` into the array ``targets[name]``; return (missing, unexpected).

    Both map names to arrays. Raises ValueError, before anything is copied, on a shape
    that differs, on a finite value that would become infinite in the target's dtype and,
    if ``strict``, on missing and unexpected names.
    """
    check_names(state)
    check_flag("strict", strict)
    values = {name: real_array(plain(name), state[name]) for name in targets if name in state}
    missing = [n for n in targets if n not in values and not n.endswith(_MAY_BE_ABSENT)]
    unexpected = [name for name in state if name not in targets]
    misshapen = [
        f"{name} (expected {targets[name].shape}, got {value.shape})"
        for name, value in values.items() if value.shape != targets[name].shape
    ]
    if misshapen or strict and (missing or unexpected):
        lists = {"missing": missing, "unexpected": unexpected, "wrongly shaped": misshapen}
        found = "; ".join(f"{kind}: {_some(names)}" for kind, names in lists.items() if names)
        fitting = len(values) - len(misshapen)
        share = "" if fitting > len(missing) else f"{fitting} of {len(targets)} arrays; "
        raise ValueError(f"state: expected matching names and shapes, got {share}{found}")
    for name, value in values.items():
        _check_range(name, value, targets[name].dtype)
    for name, value in values.items():
        targets[name][...] = value
    return missing, unexpected


def _some(names):
    """Return the first names and how many more there are."""
    shown = ", ".join(plain(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _check_range(name, value, dtype):
    if np.can_cast(value.dtype, dtype):
        return
    with np.errstate(over="ignore"):
        overflows = np.isfinite(value) & ~np.isfinite(value.astype(dtype))
    if overflows.any():
        raise ValueError(
            f"state: expected values of {plain(name)} that {dtype} can hold, "
            f"got {value[overflows][0]:g}"
        )
