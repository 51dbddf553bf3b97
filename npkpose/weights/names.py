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

# PyTorch ports of the Caffe networks keep its names, the last two parts, some after others for
# stage and branch: "model0.conv1_1.weight", "models.Mconv1_stage0_L2.0.Mprelu1_stage0_L2_0.weight".
OPENPOSE = ((r"^.*\.(?=[^.]+\.[^.]+$)", ""),)

# From the official ViTPose code (mmpose 0.x) and from mmpose 1.x, which has mmpretrain's
# backbone, to the names of Hugging Face transformers.
VITPOSE = (
    (r"^associate_keypoint_heads\.", None),  # other data sets' experts, left over where ViTPose++
    (r"\.mlp\.experts\.", None),  # was reduced to one network
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

# mmpose's VideoPose3D and simple baseline, to the names of VideoPose3D and of the baseline's port.
TCN = (
    (r"^backbone\.expand_conv\.(conv|bn)\.", r"expand_\1."),
    (r"^(keypoint_head|head)\.conv\.", "shrink."),
)
_TCN_BLOCK = r"^backbone\.tcn_blocks\.(\d+)\.conv(\d)\.(conv|bn)\."
_TCN_ENDS = "backbone.expand_conv.conv.weight", "head.conv.weight"
TCN_OF_ONE_FRAME = (
    (r"^backbone\.expand_conv\.conv\.", "w1."),
    (r"^backbone\.expand_conv\.bn\.", "batch_norm1."),
    (r"^backbone\.tcn_blocks\.(\d+)\.conv(\d)\.conv\.", r"linear_stages.\1.w\2."),
    (r"^backbone\.tcn_blocks\.(\d+)\.conv(\d)\.bn\.", r"linear_stages.\1.batch_norm\2."),
    (r"^(keypoint_head|head)\.conv\.", "w2."),
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


def rename_tcn(state):
    """Return mmpose's state of a network of convolutions over time, with VideoPose3D's names.

    The widths of all kernels are 1 in mmpose's simple baseline, which `is_tcn_of_one_frame` tells.
    """
    return {re.sub(_TCN_BLOCK, _layer_of_block, name): a for name, a in rename(state, TCN).items()}


def rename_tcn_of_one_frame(state):
    """Return mmpose's state of the simple baseline with the names of its PyTorch port.

    A convolution (O, I, 1) is a linear map (O, I), which has a bias there: 0, since the
    normalisation after it has one.
    """
    renamed = rename(state, TCN_OF_ONE_FRAME)
    for name, array in list(renamed.items()):
        if np.ndim(array) == 3:
            renamed[name] = array = np.asarray(array)[:, :, 0]
            bias = name.removesuffix("weight") + "bias"
            renamed.setdefault(bias, np.zeros(len(array), array.dtype))
    return renamed


def is_tcn(state):
    """Return whether the names are those of mmpose's networks of convolutions over time."""
    return any(name.startswith("backbone.tcn_blocks.") for name in state)


def is_tcn_of_one_frame(state):
    """Return whether this is mmpose's simple baseline: one frame, and no pose of the root."""
    first, last = (
        next((np.shape(array) for name, array in state.items() if name.endswith(end)), ())
        for end in _TCN_ENDS
    )
    is_single = len(first) == len(last) == 3 and first[2] == 1
    return is_single and first[1] // 2 == last[0] // 3 + 1


def _layer_of_block(match):
    block, part = int(match[1]), int(match[2])
    return f"layers_{match[3]}.{2 * block + part - 1}."


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
