import json

import numpy as np
import pytest

from npkpose import weights
from npkpose.models import HRNet, ViTPose, pretrained
from npkpose.models.vitpose import SIZES, ClassicDecoder, SimpleDecoder

LARGE = {"vitpose-b-simple", "vitpose-b", "vitpose-l", "vitpose-h"}
LARGE_SIMPLE = {"vitpose-l-simple", "vitpose-h-simple"}


def count(model):
    return sum(array.size for _, array in model._named("params"))


@pytest.mark.parametrize("name", sorted(set(pretrained.PRETRAINED) - LARGE - LARGE_SIMPLE))
def test_the_table_has_the_number_of_parameters_and_the_attributes_of_a_pipeline(name):
    row = pretrained.PRETRAINED[name]
    model = row.build()
    assert count(model) == row.parameters
    assert (row.finds == "one") == hasattr(model, "input_size")
    if row.finds == "one":
        assert row.size == "{}x{}".format(*model.input_size)
    assert model.skeleton.num_keypoints >= 17 and callable(model.preprocess)


@pytest.mark.parametrize("name", sorted(LARGE))
def test_the_table_has_the_number_of_parameters_of_large_transformers(name):
    _, size, *decoder = name.split("-")
    D, blocks, heads = SIZES[size.upper()]
    decoder = decoder[0] if decoder else "classic"
    one, two = (count(ViTPose((D, n, heads), decoder)) for n in (1, 2))
    assert one + (blocks - 1) * (two - one) == pretrained.PRETRAINED[name].parameters


@pytest.mark.parametrize("name", sorted(LARGE_SIMPLE))
def test_a_simple_decoder_is_the_difference_to_the_classic_one(name):
    classic = name.removesuffix("-simple")
    D, rng = SIZES[classic[-1].upper()][0], np.random.default_rng(0)
    simple, deconvolutions = (count(make(D, 17, rng)) for make in (SimpleDecoder, ClassicDecoder))
    table = pretrained.PRETRAINED
    assert table[name].parameters == table[classic].parameters + simple - deconvolutions


def small():
    return HRNet(4, modules=(1, 1, 1), blocks=1, rng=np.random.default_rng(1))


@pytest.fixture
def small_weights(monkeypatch, tmp_path):
    """A file of a small HRNet's weights; the table's hrnet-w32 is that network now."""
    row = pretrained.PRETRAINED["hrnet-w32"]
    monkeypatch.setitem(pretrained.PRETRAINED, "hrnet-w32", row._replace(build=small))
    path = tmp_path / "small.safetensors"
    weights.save(path, small().state_dict())
    return path


def test_a_file_is_loaded_into_the_network_of_that_name(small_weights):
    model = pretrained.load("hrnet-w32", small_weights)
    x = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    np.testing.assert_array_equal(model(x), small().eval()(x))


def test_another_networks_file_and_unknown_names_are_refused(tmp_path):
    weights.save(tmp_path / "w.npz", {"a": np.ones(3)})
    with pytest.raises(ValueError, match="w.npz: not the weights of hrnet-w32 .*missing") as error:
        pretrained.load("hrnet-w32", tmp_path / "w.npz")
    assert "1,458 more" in str(error.value) and "has its 3 parameters" in str(error.value)
    with pytest.raises(ValueError, match="model: expected one of hrnet-w32, .* got 'resnet'"):
        pretrained.load("resnet", tmp_path / "w.npz")


FITTING = {
    "hrnet_w32": "hrnet-w32 and hrnet-w32-384", "higherhrnet_w32": "higherhrnet-w32",
    "openpose_body25": "openpose-body25", "openpose_coco": "openpose-coco",
    "vitpose_s_classic": "vitpose-s", "vitpose_s_simple": "vitpose-s-simple",
}  # fmt: skip


@pytest.mark.parametrize("model", ["openpose-mobilenetv2", "openpose-lightweight"])
@pytest.mark.parametrize("network", FITTING)
def test_a_file_of_another_network_gets_a_short_message_that_names_its_own(
    shared_data, monkeypatch, network, model
):
    path = shared_data.parent / "fixtures" / f"{network}.shapes.json"
    shapes = json.loads(path.read_text(encoding="utf-8"))
    state = {f"module.{name}": np.broadcast_to(np.float16(0), s) for name, s in shapes.items()}
    monkeypatch.setattr(weights, "load", lambda path: state)
    with pytest.raises(ValueError) as error:
        pretrained.load(model, "w.pth")
    message = str(error.value)
    assert message.startswith(f"w.pth: not the weights of {model} (") and len(message) < 1000
    assert message.endswith(f"parameters are those of {FITTING[network]}")
    assert message.count(",") < 30
