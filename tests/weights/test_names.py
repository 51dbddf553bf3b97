"""The tables of names: every array of a network, from each naming in published files."""

import json
import re

import numpy as np
import pytest

from npkpose import nn
from npkpose.weights import names


def official_shapes(shared_data, network):
    path = shared_data.parent / "fixtures" / f"{network}.shapes.json"
    return {name: tuple(shape) for name, shape in json.loads(path.read_bytes()).items()}


def state_of(shapes):
    """Small arrays, all different, so that a moved or dropped one is noticed."""
    return {name: np.full((1, 2), i) for i, name in enumerate(shapes)}


def test_rules_apply_in_order_and_can_omit_a_name():
    rules = ((r"^a\.", "b."), (r"^b\.(\d)$", r"\1.b"), (r"^junk", None))
    assert names.rename({"a.1": 1, "b.2": 2, "junk.x": 3, "c": 4}, rules) == {
        "1.b": 1, "2.b": 2, "c": 4
    }  # fmt: skip


def test_two_arrays_with_the_same_new_name_are_refused():
    with pytest.raises(ValueError, match="state: expected one array for 'x', got another as 'b.x'"):
        names.rename({"a.x": 1, "b.x": 2}, ((r"^[ab]\.", ""),))


@pytest.mark.parametrize("head", ["keypoint_head.", "head."])
@pytest.mark.parametrize("network", ["hrnet_w32", "higherhrnet_w32"])
def test_hrnets_from_mmpose_get_their_official_names(shared_data, network, head):
    official = state_of(official_shapes(shared_data, network))
    is_head = re.compile("final_layer|deconv_layers").match
    theirs = {(head if is_head(n) else "backbone.") + n: a for n, a in official.items()}
    assert names.rename(theirs, names.HRNET) == official
    assert names.rename(official, names.HIGHERHRNET) == official


def test_the_branch_prefixes_of_openpose_are_removed(shared_data):
    official = state_of(official_shapes(shared_data, "openpose_coco"))
    theirs = {}
    for name, array in official.items():
        found = re.search(r"stage(\d)_L(\d)|conv5_\d_CPM_L(\d)", name)
        stage, branch, first = found.groups() if found else (0, 0, 0)
        place = f"model{stage or 1}_{branch or first}." if found else "model0."
        theirs[place + name] = array
    assert names.rename(theirs, names.OPENPOSE) == official
    assert names.rename(official, names.OPENPOSE) == official


def test_the_nested_names_of_body_25_are_the_last_two_parts(shared_data):
    official = state_of(official_shapes(shared_data, "openpose_body25"))
    theirs = {}
    for name, array in official.items():
        part = re.fullmatch(r"M(?:conv|prelu)(\d)_(stage\d_L\d)(?:_(\d))?\.\w+", name)
        if part is None:
            theirs["model0." + name] = array
        elif part[3] is None:
            theirs[f"models.Mconv6_7_{part[2]}.{int(part[1]) - 6}.{name}"] = array
        else:
            theirs[f"models.Mconv{part[1]}_{part[2]}.{part[3]}.{name}"] = array
    assert "models.Mconv1_stage0_L2.0.Mprelu1_stage0_L2_0.weight" in theirs
    assert names.rename(theirs, names.OPENPOSE) == official


def test_experts_that_were_left_over_from_vitpose_plus_are_omitted():
    left = ["associate_keypoint_heads.0.final_layer.weight", "backbone.blocks.3.mlp.experts.1.bias"]
    assert names.rename(dict.fromkeys(left, 0), names.VITPOSE) == {}


# One layer of each part, by hand: transformers, the official code, mmpose 1.x.
VITPOSE_NAMES = """
    backbone.embeddings.position_embeddings              backbone.pos_embed                  =
    backbone.embeddings.patch_embeddings.projection.bias backbone.patch_embed.proj.bias      backbone.patch_embed.projection.bias
    backbone.encoder.layer.7.layernorm_before.weight     backbone.blocks.7.norm1.weight      backbone.layers.7.ln1.weight
    backbone.encoder.layer.7.layernorm_after.bias        backbone.blocks.7.norm2.bias        backbone.layers.7.ln2.bias
    backbone.encoder.layer.7.attention.output.dense.bias backbone.blocks.7.attn.proj.bias    backbone.layers.7.attn.proj.bias
    backbone.encoder.layer.11.mlp.fc1.weight             backbone.blocks.11.mlp.fc1.weight   backbone.layers.11.ffn.layers.0.0.weight
    backbone.encoder.layer.11.mlp.fc2.weight             backbone.blocks.11.mlp.fc2.weight   backbone.layers.11.ffn.layers.1.weight
    backbone.layernorm.weight                            backbone.last_norm.weight           backbone.ln1.weight
    head.deconv1.weight                    keypoint_head.deconv_layers.0.weight              head.deconv_layers.0.weight
    head.batchnorm1.running_var            keypoint_head.deconv_layers.1.running_var         head.deconv_layers.1.running_var
    head.deconv2.weight                    keypoint_head.deconv_layers.3.weight              head.deconv_layers.3.weight
    head.batchnorm2.num_batches_tracked    keypoint_head.deconv_layers.4.num_batches_tracked head.deconv_layers.4.num_batches_tracked
    head.conv.weight                       keypoint_head.final_layer.weight                  head.final_layer.weight
"""  # noqa: E501


@pytest.mark.parametrize("line", VITPOSE_NAMES.strip().splitlines())
def test_vitpose_arrays_are_found_under_three_names(line):
    ours, official, mmpose1 = line.split()
    for name in (ours, official, official if mmpose1 == "=" else mmpose1):
        assert names.rename({name: 1}, names.VITPOSE) == {ours: 1}


def to_official(ours):
    """ViTPose's state of transformers with the official names: the inverse conversion."""
    there = {}
    for name, array in ours.items():
        if ".key." in name or ".value." in name:
            continue
        if ".query." in name:
            parts = [ours[name.replace("query", part)] for part in ("query", "key", "value")]
            array = np.concatenate(parts)
        for old, new in (
            ("attention.attention.query", "attn.qkv"), ("attention.output.dense", "attn.proj"),
            ("layernorm_before", "norm1"), ("layernorm_after", "norm2"),
            ("backbone.layernorm", "backbone.last_norm"), ("encoder.layer", "blocks"),
            ("embeddings.position_embeddings", "pos_embed"),
            ("embeddings.patch_embeddings.projection", "patch_embed.proj"),
            ("head.conv", "keypoint_head.final_layer"),
            ("head.deconv1", "keypoint_head.deconv_layers.0"),
            ("head.batchnorm1", "keypoint_head.deconv_layers.1"),
            ("head.deconv2", "keypoint_head.deconv_layers.3"),
            ("head.batchnorm2", "keypoint_head.deconv_layers.4"),
        ):  # fmt: skip
            name = name.replace(old, new)
        there[name] = array
    return there


@pytest.mark.parametrize("decoder", ["simple", "classic"])
def test_a_complete_vitpose_is_converted_from_its_official_names(shared_data, decoder):
    shapes = official_shapes(shared_data, f"vitpose_s_{decoder}")
    ours = {
        name: np.full((1, *shape[1:3]) if "position" in name else shape[:1], i)
        for i, (name, shape) in enumerate(shapes.items())
    }
    official = to_official(ours)
    assert not set(official) & set(ours)
    returned = names.rename_vitpose({**official, "backbone.cls_token": np.zeros(3)})
    assert set(returned) == set(ours)
    for name, array in ours.items():
        np.testing.assert_array_equal(returned[name], array)
    unchanged = names.rename_vitpose(ours)
    assert all(unchanged[name] is array for name, array in ours.items())


def test_rows_of_qkv_are_query_then_key_then_value():
    layer = "backbone.encoder.layer.3.attention.attention"
    rows = np.arange(12).reshape(6, 2)
    renamed = names.rename_vitpose({"backbone.blocks.3.attn.qkv.weight": rows})
    assert {name: array.tolist() for name, array in renamed.items()} == {
        f"{layer}.query.weight": [[0, 1], [2, 3]],
        f"{layer}.key.weight": [[4, 5], [6, 7]],
        f"{layer}.value.weight": [[8, 9], [10, 11]],
    }
    with pytest.raises(ValueError, match=r"attn.qkv.bias: expected a multiple of 3 rows, got \(4"):
        names.rename_vitpose({"backbone.layers.0.attn.qkv.bias": np.zeros(4)})


def test_only_mmpose_1_needs_a_zero_row_in_the_position_embedding():
    key, table = "backbone.embeddings.position_embeddings", np.ones((1, 4, 2))
    theirs = {"backbone.pos_embed": table, "backbone.layers.0.ln1.bias": np.zeros(2)}
    assert names.rename_vitpose(theirs)[key][0].tolist() == [[0, 0], [1, 1], [1, 1], [1, 1], [1, 1]]
    assert names.rename_vitpose({"backbone.pos_embed": table})[key] is table


class Head(nn.Module):
    """A network that was published with two namings."""

    def __init__(self):
        super().__init__()
        self.final_layer = nn.Conv2d(2, 3, 1)

    def rename_keys(self, state):
        return names.rename(super().rename_keys(state), names.HRNET)


@pytest.mark.parametrize("wrapper", ["", "module.", "module.model."])
@pytest.mark.parametrize("naming", ["", "keypoint_head.", "head."])
def test_a_network_loads_all_of_its_namings(wrapper, naming):
    net, state = Head(), {"weight": np.ones((3, 2, 1, 1)), "bias": np.arange(3.0)}
    missing, unexpected = net.load_state_dict(
        {f"{wrapper}{naming}final_layer.{leaf}": array for leaf, array in state.items()}
    )
    assert missing == unexpected == []
    assert net.final_layer.params["bias"].tolist() == [0, 1, 2]


def test_a_mismatch_is_reported_with_the_networks_own_names():
    theirs = {"module.head.final_layer.weight": np.ones((3, 2)), "module.head.extra": np.ones(1)}
    with pytest.raises(ValueError) as error:
        Head().load_state_dict(theirs)
    found = "missing: final_layer.bias; unexpected: extra; wrongly shaped: final_layer.weight ("
    assert found in str(error.value)
