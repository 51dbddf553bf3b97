"""The names that other libraries give to the arrays of the networks explained here.

A network's own names are those of its official code; ViTPose has those of Hugging Face
transformers, with which it is mostly loaded. Every other naming is a table of rules:

    (pattern, replacement)    a regular expression and the replacement of its match
    (pattern, None)           a matching name is omitted

`rename` applies the rules of a table from first to last. A network uses its table like this:

    def rename_keys(self, state):
        return rename(super().rename_keys(state), HRNET)

Sources: mmpose 0.29 and 1.3 (Apache-2.0), mmpretrain 1.2 (Apache-2.0) and Hugging Face
transformers 4.48 (Apache-2.0): names are the attributes of their modules.
"""

import re

import numpy as np

from npkpose._check import plain, shown

# mmpose 0.x and 1.x: the official names after a prefix for backbone or head.
HRNET = (
    (r"^backbone\.", ""),
    (r"^(keypoint_head|head)\.", ""),
)
HIGHERHRNET = HRNET  # in mmpose 1.x only in ports by others

# PyTorch ports of the Caffe network keep its names, some after a prefix for stage and branch.
OPENPOSE = ((r"^model\d(_\d)?\.", ""),)

# From the official ViTPose code (mmpose 0.x) and from mmpose 1.x, which has mmpretrain's
# backbone, to the names of Hugging Face transformers.
VITPOSE = (
    (r"^keypoint_head\.", "head."),
    (r"^head\.deconv_layers\.0\.", "head.deconv1."),
    (r"^head\.deconv_layers\.1\.", "head.batchnorm1."),
    (r"^head\.deconv_layers\.3\.", "head.deconv2."),
    (r"^head\.deconv_layers\.4\.", "head.batchnorm2."),
    (r"^head\.final_layer\.", "head.conv."),
    (r"^backbone\.cls_token$", None),  # from pretraining; no pose network uses it
    (r"^backbone\.pos_embed$", "backbone.embeddings.position_embeddings"),
    (
        r"^backbone\.patch_embed\.proj(ection)?\.",
        "backbone.embeddings.patch_embeddings.projection.",
    ),
    (r"^backbone\.(last_norm|ln1)\.", "backbone.layernorm."),
    (r"^backbone\.(blocks|layers)\.", "backbone.encoder.layer."),
    (r"^(backbone\.encoder\.layer\.\d+)\.(norm1|ln1)\.", r"\1.layernorm_before."),
    (r"^(backbone\.encoder\.layer\.\d+)\.(norm2|ln2)\.", r"\1.layernorm_after."),
    (r"^(backbone\.encoder\.layer\.\d+)\.attn\.proj\.", r"\1.attention.output.dense."),
    (r"^(backbone\.encoder\.layer\.\d+)\.ffn\.layers\.0\.0\.", r"\1.mlp.fc1."),
    (r"^(backbone\.encoder\.layer\.\d+)\.ffn\.layers\.1\.", r"\1.mlp.fc2."),
)
_FUSED = r"^(backbone\.encoder\.layer\.\d+)\.attn\.qkv\.(weight|bias)$"
_POSITIONS = "backbone.embeddings.position_embeddings"


def rename(state, rules):
    """Return {new name: array}, in the order of ``state``.

    Parameters
    ----------
    state : mapping of str to array
    rules : sequence of (str, str or None)
        Regular expressions and replacements, as above.

    Raises
    ------
    ValueError
        Two arrays that would get the same name.
    """
    renamed = {}
    for name, array in state.items():
        new = _rename_one(name, rules)
        if new in renamed:
            new, name = shown(new), shown(name)
            raise ValueError(f"state: expected one array for {new}, got another as {name}")
        if new is not None:
            renamed[new] = array
    return renamed


def rename_vitpose(state):
    """Return a ViTPose state with the names of transformers, from any of the namings.

    Two arrays differ too. Other libraries store query, key and value of a layer as one
    array "qkv" with three times the rows, in that order. And mmpose 1.x lacks the first row
    of the position embedding, which is added to every token: a zero row is inserted.

    Raises ValueError as `rename` does, and for a "qkv" whose rows are not a multiple of 3.
    """
    is_mmpose1 = any(name.startswith("backbone.layers.") for name in state)
    renamed = split_qkv(rename(state, VITPOSE))
    if is_mmpose1 and np.ndim(renamed.get(_POSITIONS, 0)) == 3:
        rows = np.asarray(renamed[_POSITIONS])  # (1, L, C)
        renamed[_POSITIONS] = np.concatenate([np.zeros_like(rows[:, :1]), rows], axis=1)
    return renamed


def split_qkv(state):
    """Return ``state`` with each "attn.qkv" of ViTPose's layers split into three arrays."""
    split = {}
    for name, array in state.items():
        match = re.match(_FUSED, name)
        if match is None:
            split[name] = array
            continue
        layer, kind = match.groups()
        if np.ndim(array) == 0 or len(array) % 3:
            raise ValueError(f"{plain(name)}: expected a multiple of 3 rows, got {np.shape(array)}")
        for part, rows in zip(("query", "key", "value"), np.split(np.asarray(array), 3)):
            split[f"{layer}.attention.attention.{part}.{kind}"] = rows
    return split


def _rename_one(name, rules):
    for pattern, replacement in rules:
        if replacement is None:
            if re.search(pattern, name):
                return None
        else:
            name = re.sub(pattern, replacement, name)
    return name
