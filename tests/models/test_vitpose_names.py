import numpy as np
import pytest

from npkpose.models.vitpose import ViTPose

SMALL = (8, 2, 2)


def model(decoder, seed=0):
    return ViTPose(SMALL, decoder, 3, image_size=(32, 32), rng=np.random.default_rng(seed))


def fused(state, prefix):
    """Return the state with each block's query, key and value under one name, ``attn.qkv``."""
    state = dict(state)
    for i in range(SMALL[1]):
        for kind in ("weight", "bias"):
            where = f"backbone.encoder.layer.{i}.attention.attention."
            parts = [state.pop(f"{where}{part}.{kind}") for part in ("query", "key", "value")]
            state[f"{prefix}{i}.attn.qkv.{kind}"] = np.concatenate(parts)
    return state


AUTHORS = {
    "backbone.embeddings.position_embeddings": "backbone.pos_embed",
    "backbone.embeddings.patch_embeddings.projection": "backbone.patch_embed.proj",
    "backbone.encoder.layer.": "backbone.blocks.", "attention.output.dense": "attn.proj",
    "layernorm_before": "norm1", "layernorm_after": "norm2",
    "backbone.layernorm.": "backbone.last_norm.",
    "head.deconv1": "keypoint_head.deconv_layers.0",
    "head.batchnorm1": "keypoint_head.deconv_layers.1",
    "head.deconv2": "keypoint_head.deconv_layers.3",
    "head.batchnorm2": "keypoint_head.deconv_layers.4",
    "head.conv": "keypoint_head.final_layer",
}  # fmt: skip
MMPOSE = AUTHORS | {
    "backbone.embeddings.patch_embeddings.projection": "backbone.patch_embed.projection",
    "backbone.encoder.layer.": "backbone.layers.", "layernorm_before": "ln1",
    "layernorm_after": "ln2", "backbone.layernorm.": "backbone.ln1.",
    "mlp.fc1": "ffn.layers.0.0", "mlp.fc2": "ffn.layers.1",
    "head.deconv1": "head.deconv_layers.0", "head.batchnorm1": "head.deconv_layers.1",
    "head.deconv2": "head.deconv_layers.3", "head.batchnorm2": "head.deconv_layers.4",
    "head.conv": "head.final_layer",
}  # fmt: skip


def translated(state, names):
    """Return the state under another release's names."""
    out = {}
    for name, array in fused(state, names["backbone.encoder.layer."]).items():
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        out[name] = array
    return out


@pytest.mark.parametrize("decoder", ["classic", "simple"])
@pytest.mark.parametrize("names", [AUTHORS, MMPOSE], ids=["authors", "mmpose"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_each_release_loads_to_the_same_arrays(decoder, names, prefix):
    source, target = model(decoder), model(decoder, seed=1)
    state = source.state_dict()
    theirs = translated(state, names)
    assert not set(theirs) & {name for name in state if not name.startswith("head.conv.")}
    if names is MMPOSE:  # its table has no shared row: it is added to the row of each patch
        table = theirs["backbone.pos_embed"]
        theirs["backbone.pos_embed"] = table[:, 1:] + table[:, :1]
    target.load_state_dict({prefix + name: array for name, array in theirs.items()})
    x = np.random.default_rng(2).normal(size=(1, 3, 32, 32))
    np.testing.assert_allclose(target.eval()(x), source.eval()(x), rtol=0, atol=1e-7)
    if names is AUTHORS:
        for name, array in target.state_dict().items():
            np.testing.assert_array_equal(array, state[name])


def test_our_own_names_and_unknown_names_stay():
    names = [*model("classic").state_dict(), "head.conv_layers.0.weight"]
    assert list(model("classic").rename_keys(dict.fromkeys(names, np.zeros(3)))) == names


def test_names_and_shapes_that_do_not_fit_are_listed_under_our_names():
    network = model("simple")
    state = translated(network.state_dict(), AUTHORS)
    del state["backbone.last_norm.bias"]
    state["backbone.blocks.0.attn.qkv.bias"] = np.zeros(21)
    state["keypoint_head.other"] = np.zeros(1)
    with pytest.raises(ValueError) as error:
        network.load_state_dict(state)
    assert "missing: backbone.layernorm.bias; unexpected: head.other" in str(error.value)
    assert "query.bias (expected (8,), got (7,))" in str(error.value)
    with pytest.raises(ValueError, match="state: expected names mapped to arrays"):
        network.load_state_dict([1])
