"""ViTPose's weights under the names of three releases, in `models.vitpose`'s own.

    ours, Hugging Face's          the authors'                    mmpose 1's
    backbone.encoder.layer.0.     backbone.blocks.0.              backbone.layers.0.
      attention.attention.query     attn.qkv, first third           the same
      attention.output.dense        attn.proj                       the same
      layernorm_before              norm1                           ln1
      mlp.fc1, mlp.fc2              the same                        ffn.layers.0.0, ffn.layers.1
    backbone.layernorm            backbone.last_norm              backbone.ln1
    head.deconv1, batchnorm1      keypoint_head.deconv_layers.0, 1    head.deconv_layers.0, 1
    head.deconv2, batchnorm2      keypoint_head.deconv_layers.3, 4    head.deconv_layers.3, 4
    head.conv                     keypoint_head.final_layer           head.final_layer

mmpose's position table lacks the row that all tokens share, which then is zero.
"""

import re
from collections.abc import Mapping

import numpy as np

from npkpose._check import real_array

_LAYER = r"^backbone\.(?:blocks|layers)\.(\d+)\."
_OURS = r"backbone.encoder.layer.\1."

POSITIONS = "backbone.embeddings.position_embeddings"
MMPOSE = re.compile(r"^(module\.)?backbone\.ln1\.")
PATCHES = "backbone.embeddings.patch_embeddings.projection."

RENAMINGS = (
    (r"^module\.", ""),
    (r"^keypoint_head\.", "head."),
    (r"^head\.deconv_layers\.0\.", "head.deconv1."),
    (r"^head\.deconv_layers\.1\.", "head.batchnorm1."),
    (r"^head\.deconv_layers\.3\.", "head.deconv2."),
    (r"^head\.deconv_layers\.4\.", "head.batchnorm2."),
    (r"^head\.final_layer\.", "head.conv."),
    (r"^backbone\.pos_embed$", POSITIONS),
    (r"^backbone\.patch_embed\.proj(?:ection)?\.", PATCHES),
    (r"^backbone\.(?:last_norm|ln1)\.", "backbone.layernorm."),
    (_LAYER + r"(?:norm1|ln1)\.", _OURS + "layernorm_before."),
    (_LAYER + r"(?:norm2|ln2)\.", _OURS + "layernorm_after."),
    (_LAYER + r"attn\.proj\.", _OURS + "attention.output.dense."),
    (_LAYER + r"attn\.qkv\.", _OURS + "attention.attention.qkv."),
    (_LAYER + r"(?:mlp\.fc1|ffn\.layers\.0\.0)\.", _OURS + "mlp.fc1."),
    (_LAYER + r"(?:mlp\.fc2|ffn\.layers\.1)\.", _OURS + "mlp.fc2."),
)


def to_our_names(state):
    """Return {our name: array} from {any release's name: array}.

    Names that are no release's stay, for `load_state_dict` to report.
    """
    if not isinstance(state, Mapping):
        return state  # which load_state_dict refuses
    renamed = {}
    for name, array in state.items():
        ours = rename(name)
        if ".qkv." in ours:
            thirds = np.array_split(np.atleast_1d(real_array(name, array)), 3)
            for part, third in zip(("query", "key", "value"), thirds):
                renamed[ours.replace(".qkv.", f".{part}.")] = third
        else:
            renamed[ours] = array
    if any(MMPOSE.match(name) for name in state) and POSITIONS in renamed:
        table = real_array(POSITIONS, renamed[POSITIONS])
        renamed[POSITIONS] = np.concatenate([np.zeros_like(table[:, :1]), table], axis=1)
    return renamed


def rename(name):
    """Return one name in our own names; ``qkv`` is still one."""
    for pattern, replacement in RENAMINGS:
        name = re.sub(pattern, replacement, name)
    return name
