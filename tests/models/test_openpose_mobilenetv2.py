"""OpenPose with MobileNetV2: TensorFlow's stored outputs, parts, errors."""

import numpy as np
import pytest

from npkpose import nn, weights
from npkpose.models.openpose_mobilenetv2 import (
    OpenPoseMobileNetV2,
    Separable,
    Stage,
    convert_tensorflow,
)

PHOTOS = ("000000000785", "000000197388")


@pytest.fixture(scope="module")
def small():
    """A network of two stages with random weights, in evaluation mode."""
    return OpenPoseMobileNetV2(num_stages=2, rng=np.random.default_rng(0)).eval()


@pytest.fixture
def pretrained(shared_data):
    return shared_data / "openpose-mobilenetv2-small"


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_output_is_the_stored_one_of_tensorflow(pretrained, photo):
    model = OpenPoseMobileNetV2.from_file(pretrained / "graph_opt.pb")
    with np.load(pretrained / f"{photo}.npz") as stored:
        image, expected = stored["image"], stored["output"]
    maps = model(model.preprocess(image))
    assert maps.shape == (1, *expected.shape) and maps.dtype == np.float32
    np.testing.assert_allclose(maps[0], expected, rtol=0, atol=1e-4 * abs(expected).max())


def test_every_weight_of_the_graph_is_used(pretrained):
    arrays = weights.load(pretrained / "graph_opt.pb")
    state = convert_tensorflow(arrays)
    unused = set(arrays) - {name for name in arrays if convert_tensorflow({name: arrays[name]})}
    assert len(state) == 39 * 3 + 60 * 6
    assert all(arrays[name].size == 0 or arrays[name].dtype == np.int32 for name in unused)


def test_a_graph_without_one_weight_is_refused_by_name(pretrained):
    arrays = weights.load(pretrained / "graph_opt.pb")
    del arrays["MobilenetV2/Conv/weights/read/_2__cf__2"]
    with pytest.raises(ValueError, match=r"missing: backbone\.shallow\.0\.conv\.weight$"):
        OpenPoseMobileNetV2().load_state_dict(convert_tensorflow(arrays))


def test_the_network_has_477270_parameters_and_99_normalisations():
    model = OpenPoseMobileNetV2()
    assert model.num_parameters() == 477_270
    norms = [m for _, m in model.named_modules() if isinstance(m, nn.BatchNorm2d)]
    assert sum(norm.statistics == "image" for norm in norms) == 39
    assert sum(norm.statistics == "auto" for norm in norms) == 60


def test_state_dict_keys_are_paths_of_layers(small):
    state = small.state_dict()
    assert state["backbone.shallow.0.conv.weight"].shape == (16, 3, 3, 3)
    assert state["backbone.shallow.2.depthwise.norm.bias"].shape == (48,)
    assert state["backbone.deep.6.project.conv.weight"].shape == (48, 288, 1, 1)
    assert state["stages.0.pafs.0.depthwise.weight"].shape == (64, 1, 3, 3)
    assert state["stages.1.heatmaps.0.pointwise.weight"].shape == (64, 121, 1, 1)
    assert state["stages.1.pafs.4.norm.running_var"].shape == (38,)


def test_maps_have_57_channels_at_an_eighth_of_the_size(small, rng):
    x = rng.normal(size=(2, 3, 32, 48)).astype(np.float32)
    maps = small(x)
    assert maps.shape == (2, 57, 4, 6) and maps.dtype == np.float32
    assert small.stride == 8 and small.size_multiple == 16


def test_images_of_a_batch_do_not_influence_each_other(small, rng):
    x = rng.normal(size=(2, 3, 32, 48))
    together = small(x)
    np.testing.assert_allclose(together[1:], small(x[1:]), rtol=0, atol=1e-9)


def test_an_empty_batch_gives_empty_maps(small):
    assert small(np.zeros((0, 3, 32, 48), np.float32)).shape == (0, 57, 4, 6)


def test_heatmaps_come_before_fields(small, rng):
    x = rng.normal(size=(1, 3, 32, 32)).astype(np.float32)
    features = small.backbone(x)
    maps = small.stages[1](np.concatenate([small.stages[0](features), features], axis=1))
    np.testing.assert_array_equal(small(x)[:, 19:], maps[:, :38])
    np.testing.assert_array_equal(small(x)[:, :19], maps[:, 38:])


def test_preprocessing_turns_rgb_bytes_into_bgr_between_minus_one_and_one(small):
    image = np.zeros((16, 32, 3), np.uint8)
    image[0, 1] = 255, 51, 0  # red, green, blue
    x = small.preprocess(image)
    assert x.shape == (1, 3, 16, 32) and x.dtype == np.float32
    np.testing.assert_allclose(x[0, :, 0, 1], [-1.0, -0.6, 1.0], rtol=0, atol=1e-7)
    assert (x[0, :, 1] == -1).all()
    np.testing.assert_array_equal(small.preprocess(np.stack([image] * 2)), np.concatenate([x, x]))


def test_saved_weights_load_as_the_same_network(tmp_path, rng):
    model = OpenPoseMobileNetV2(rng=rng).eval()
    weights.save(tmp_path / "w.npz", model.state_dict())
    x = rng.normal(size=(1, 3, 16, 32)).astype(np.float32)
    loaded = OpenPoseMobileNetV2.from_file(tmp_path / "w.npz")
    np.testing.assert_array_equal(loaded(x), model(x))


def test_convolutions_are_transposed_from_tensorflows_axes_to_ours(rng):
    pointwise, depthwise = rng.normal(size=(1, 1, 64, 38)), rng.normal(size=(3, 3, 16, 1))
    state = convert_tensorflow({
        "Openpose/MConv_Stage2_L1_5_pointwise/weights/read/_1__cf__1": pointwise,
        "MobilenetV2/expanded_conv/depthwise/depthwise_weights": depthwise,
        "feat_concat/axis": np.array(3),
    })
    assert list(state) == [
        "stages.1.pafs.4.pointwise.weight", "backbone.shallow.1.depthwise.conv.weight"
    ]
    kernel = state["backbone.shallow.1.depthwise.conv.weight"]
    assert state["stages.1.pafs.4.pointwise.weight"][5, 7, 0, 0] == pointwise[0, 0, 7, 5]
    assert kernel.shape == (16, 1, 3, 3) and kernel[4, 0, 1, 2] == depthwise[1, 2, 4, 0]


@pytest.mark.parametrize("make, channels", [
    (lambda rng: Separable(8, 5, 3, rng=rng), 8),
    (lambda rng: Stage(6, ((3, 5), (1, 7)), rng), 6),
], ids=["separable", "stage"])
def test_the_gradient_of_each_part_is_right(make, channels, rng):
    nn.check_layer(make(rng), rng.normal(size=(2, channels, 6, 4)), rng)


def test_the_gradient_of_the_whole_network_is_right(smoothed, rng):
    model = smoothed(OpenPoseMobileNetV2(num_stages=3, rng=rng))
    nn.check_layer(model, rng.normal(size=(1, 3, 32, 48)), rng, rtol=1e-5)


def test_backward_needs_a_forward_pass_in_training_mode(small):
    small(np.zeros((1, 3, 16, 16), np.float32))
    with pytest.raises(RuntimeError, match="training mode"):
        small.backward(np.zeros((1, 57, 2, 2), np.float32))


@pytest.mark.parametrize("image, message", [
    (np.zeros((16, 16), np.uint8), r"image: expected shape \(H, W, 3\) or .* of uint8"),
    (np.zeros((16, 16, 4), np.uint8), r"image: expected shape \(H, W, 3\) or .* of uint8"),
    (np.zeros((16, 16, 3)), "image: expected .* of float64"),
    (np.zeros((16, 20, 3), np.uint8), r"image: .* multiples of 16, got \(16, 20\)"),
    (np.zeros((0, 16, 3), np.uint8), r"image: .* multiples of 16, got \(0, 16\)"),
])
def test_preprocessing_refuses_a_wrong_shape_dtype_or_size(small, image, message):
    with pytest.raises(ValueError, match=message):
        small.preprocess(image)


@pytest.mark.parametrize("shape, message", [
    ((1, 3, 16, 24), r"x: .* multiples of 16, got \(16, 24\)"),
    ((3, 16, 16), "x: expected height and width"),
    ((1, 4, 16, 16), r"x: expected shape \(N, 3, H, W\)"),
])
def test_forward_refuses_other_shapes(small, shape, message):
    with pytest.raises(ValueError, match=message):
        small(np.zeros(shape, np.float32))


def test_a_file_of_another_network_is_refused_with_its_path(tmp_path):
    weights.save(tmp_path / "other.npz", {"conv.weight": np.ones((2, 3, 1, 1))})
    with pytest.raises(ValueError, match="other.npz: state: expected .* unexpected: conv.weight"):
        OpenPoseMobileNetV2.from_file(tmp_path / "other.npz")


def test_a_weight_with_the_wrong_number_of_axes_is_refused(rng):
    with pytest.raises(ValueError, match="MobilenetV2/Conv/weights: expected 4 axes"):
        convert_tensorflow({"MobilenetV2/Conv/weights": np.ones(3)})
