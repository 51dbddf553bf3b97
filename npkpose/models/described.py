"""Weights that say which network they belong to: a small top-down network of any skeleton.

A run of `npkpose train` adds one array to the weights that it writes. Its name is `DESCRIPTION`;
it holds JSON as UTF-8 bytes:

    {"network": "SmallTopDown", "input_size": [96, 64], "base": 32,
     "skeleton": {"name": "HAND_21", "keypoints": [...], "limbs": [...], "pairs": [...], ...}}

The skeleton is there by name and by content, since two skeletons may have one name. A sigma that
is not known (NaN) is null.
"""

import json
import math

import numpy as np

from npkpose import skeletons
from npkpose.models.small import SmallTopDown
from npkpose.skeleton import Skeleton
from npkpose.weights import load

DESCRIPTION = "description"
AVERAGE = "average."  # begins the names of a checkpoint's averaged weights
FIELDS = (
    "name", "keypoints", "limbs", "pairs", "sigmas", "paf_channels", "redundant_limbs",
    "group_order",
)  # fmt: skip


def describe(network):
    """Return ``{DESCRIPTION: uint8 array}`` of a `SmallTopDown`, to be saved with its weights.

    For another network, which a file of weights cannot make again, return {}.
    """
    if type(network) is not SmallTopDown:
        return {}
    content = {
        "network": "SmallTopDown",
        "input_size": list(network.input_size),
        "base": network.base,
        "skeleton": skeleton_to_dict(network.skeleton),
    }
    return {DESCRIPTION: np.frombuffer(json.dumps(content).encode(), np.uint8)}


def load_described(path):
    """Return the network of a file of weights with a description, in evaluation mode, or None.

    Parameters
    ----------
    path : path_like
        ``weights.npz`` or ``best.npz`` of a run, an export, or a run's ``checkpoint.npz``, of
        which the averaged weights are taken.

    Returns
    -------
    network : SmallTopDown or None
        None for weights without a description.

    Raises
    ------
    ValueError
        A file that is damaged, a description that cannot be read, or other weights than it says.
    FileNotFoundError
    """
    state = dict(load(path))
    if f"run.{DESCRIPTION}" in state:
        text = state[f"run.{DESCRIPTION}"]
        state = {n.removeprefix(AVERAGE): a for n, a in state.items() if n.startswith(AVERAGE)}
    else:
        text = state.pop(DESCRIPTION, None)
    if text is None:
        return None
    try:
        network = _build(json.loads(bytes(np.asarray(text, np.uint8))))
        network.load_state_dict(state)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: expected a network that npkpose trained, got {error}") from None
    return network.eval()


def _build(content):
    """Return the network that a description describes, with random weights."""
    if content["network"] != "SmallTopDown":
        raise ValueError(f"the network {content['network']!r:.40}")
    skeleton = skeleton_from_dict(content["skeleton"])
    return SmallTopDown(tuple(content["input_size"]), content["base"], skeleton=skeleton)


def skeleton_to_dict(skeleton):
    """Return a skeleton's fields as plain values for JSON; NaN is None."""
    return {name: _plain(getattr(skeleton, name)) for name in FIELDS}


def skeleton_from_dict(fields):
    """Return the `Skeleton` of `skeleton_to_dict`; a published one is returned itself."""
    known = {name: value for name, value in fields.items() if name in FIELDS}
    sigmas = [math.nan if sigma is None else sigma for sigma in known["sigmas"]]
    published = getattr(skeletons, str(known["name"]), None)
    if isinstance(published, Skeleton) and skeleton_to_dict(published) == fields:
        return published
    return Skeleton(**known | {"sigmas": sigmas})


def _plain(value):
    """Return a value in which tuples are lists and NaN is None."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
