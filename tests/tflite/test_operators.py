"""Each operator against its definition, on images with their channels last."""

import numpy as np
import pytest

from npkpose.tflite import Session
from tests.tflite.writer import floats, network, tensor

IMAGE = floats(1, 5, 6, 4)


@pytest.fixture
def run(tmp_path):
    """Return a function that runs one operator on an array, with constants as further inputs."""

    def call(name, x, shape, *constants, options=None):
        fixed = [tensor(f"c{k}", array=array) for k, array in enumerate(constants)]
        tensors = [tensor("x", x.shape), *fixed]
        inputs = list(range(len(tensors)))
        operator = (name, inputs, [len(tensors)], {} if options is None else options)
        path = tmp_path / "network.tflite"
        path.write_bytes(network([*tensors, tensor("y", shape)], [operator]))
        return Session(path).run({"x": x})["y"]

    return call


def ints(*numbers):
    return np.array(numbers, "<i4")


def convolve(x, weight, stride, dilation, same):
    """Return a convolution of one image by its definition; ``weight`` (O, h, w, C)."""
    size, pads = [], []
    for n, k in zip(x.shape[1:3], weight.shape[1:3]):
        reach = dilation * (k - 1) + 1
        size.append(-(-n // stride) if same else -(-(n - reach + 1) // stride))
        total = max((size[-1] - 1) * stride + reach - n, 0) if same else 0
        pads.append((total // 2, total - total // 2))
    x, y = np.pad(x[0], [*pads, (0, 0)]), np.zeros((1, *size, len(weight)))
    for i, j in np.ndindex(*size):
        for a, b in np.ndindex(*weight.shape[1:3]):
            y[0, i, j] += weight[:, a, b] @ x[i * stride + a * dilation, j * stride + b * dilation]
    return y


@pytest.mark.parametrize("same, stride, dilation", [(1, 1, 1), (1, 2, 1), (0, 2, 1), (1, 1, 2)])
def test_convolutions_with_each_padding(run, same, stride, dilation):
    weight, bias = floats(2, 3, 2, 4), floats(2, seed=1)
    wanted = convolve(IMAGE, weight, stride, dilation, same) + bias
    options = {0: 1 - same, 1: stride, 2: stride, 4: dilation, 5: dilation}
    got = run("CONV_2D", IMAGE, wanted.shape, weight, bias, options=options)
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_a_depthwise_convolution_has_its_filters_channel_by_channel(run):
    weight, bias = floats(1, 3, 3, 8), floats(8, seed=1)
    full = np.zeros((8, 3, 3, 4))
    for k in range(8):
        full[k, :, :, k // 2] = weight[0, :, :, k]
    wanted = np.clip(convolve(IMAGE, full, 2, 1, True) + bias, 0, 6)
    options = {0: 0, 1: 2, 2: 2, 3: 2, 4: 3}
    got = run("DEPTHWISE_CONV_2D", IMAGE, wanted.shape, weight, bias, options=options)
    np.testing.assert_allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize("code, function", [
    (0, lambda x: x), (1, lambda x: np.maximum(x, 0)), (2, lambda x: np.clip(x, -1, 1)),
    (3, lambda x: np.clip(x, 0, 6)), (4, np.tanh),
])  # fmt: skip
def test_a_sum_with_its_fused_activation(run, code, function):
    bias = 3 * floats(4, seed=1)
    got = run("ADD", IMAGE, IMAGE.shape, bias, options={0: code})
    np.testing.assert_allclose(got, function(IMAGE + bias), atol=1e-6)


@pytest.mark.parametrize("name, function", [
    ("SUB", np.subtract), ("MUL", np.multiply), ("DIV", np.divide), ("MAXIMUM", np.maximum),
    ("MINIMUM", np.minimum),
])  # fmt: skip
def test_pairs_of_numbers(run, name, function):
    other = floats(4, seed=1) + 3
    got = run(name, IMAGE, IMAGE.shape, other)
    np.testing.assert_allclose(got, function(IMAGE, other), rtol=1e-6)


@pytest.mark.parametrize("name, function", [
    ("RELU6", lambda x: np.clip(x, 0, 6)), ("TANH", np.tanh), ("ABS", np.abs), ("EXP", np.exp),
    ("HARD_SWISH", lambda x: x * np.clip(x + 3, 0, 6) / 6), ("NEG", np.negative),
])  # fmt: skip
def test_numbers_alone(run, name, function):
    np.testing.assert_allclose(run(name, IMAGE, IMAGE.shape), function(IMAGE), 1e-5, 1e-6)


def test_slopes_are_those_of_channels(run):
    slope = floats(1, 1, 4, seed=1)
    got = run("PRELU", IMAGE, IMAGE.shape, slope)
    np.testing.assert_allclose(got, np.where(IMAGE < 0, slope * IMAGE, IMAGE))


def test_the_border_that_each_axis_gets(run):
    widths = np.array([[0, 0], [1, 2], [0, 3], [0, 1]], "<i4")
    wanted = np.pad(IMAGE, widths)
    np.testing.assert_array_equal(run("PAD", IMAGE, wanted.shape, widths), wanted)


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("axes", [(1, 2), (-1,), (2, 3)])
def test_means_with_and_without_the_axes(run, axes, kept):
    wanted = IMAGE.mean(axis=axes, keepdims=bool(kept))
    got = run("MEAN", IMAGE, wanted.shape, ints(*axes), options={0: kept})
    np.testing.assert_allclose(got, wanted, atol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_arrays_one_after_the_other(run, axis):
    other = floats(*IMAGE.shape, seed=1)
    wanted = np.concatenate([IMAGE, other], axis)
    got = run("CONCATENATION", IMAGE, wanted.shape, other, options={0: axis})
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("options, at", [
    ({}, [0, 0.5, 1, 1.5]), ({2: 1}, [0, 1 / 3, 2 / 3, 1]), ({3: 1}, [-0.25, 0.25, 0.75, 1.25]),
])  # fmt: skip
def test_the_places_at_which_an_image_is_read(run, options, at):
    x = np.array([2, 10], np.float32).reshape(1, 1, 2, 1)
    got = run("RESIZE_BILINEAR", x, (1, 1, 4, 1), ints(1, 4), options=options)
    np.testing.assert_allclose(got.ravel(), 2 + 8 * np.clip(at, 0, 1), rtol=1e-6)


def test_channels_become_pixels(run):
    x = np.arange(8, dtype=np.float32).reshape(1, 1, 1, 8)
    got = run("DEPTH_TO_SPACE", x, (1, 2, 2, 2), options={0: 2})
    np.testing.assert_array_equal(got.ravel(), range(8))
    np.testing.assert_array_equal(got[0, 0, 1], [2, 3])


def test_a_matrix_takes_an_image_in_the_order_of_the_file(run):
    matrix, bias = floats(3, 120), floats(3, seed=1)
    got = run("FULLY_CONNECTED", IMAGE, (1, 3), matrix, bias)
    np.testing.assert_allclose(got, IMAGE.reshape(1, -1) @ matrix.T + bias, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 30, 4), (1, 6, 5, 4), (2, 60), (1, -1, 2)])
def test_a_shape_is_filled_in_the_order_of_the_file(run, shape):
    wanted = IMAGE.reshape(shape)
    np.testing.assert_array_equal(run("RESHAPE", IMAGE, wanted.shape, ints(*shape)), wanted)
    got = run("RESHAPE", IMAGE, wanted.shape, options={0: ints(*shape)})
    np.testing.assert_array_equal(got, wanted)


def test_slices_with_masks(run):
    bounds = ints(0, 4, 1, 0), ints(1, 0, -1, 2), ints(1, -2, 2, 1)
    wanted = IMAGE[0:1, 4:0:-2, 1:-1:2, 0:2]
    np.testing.assert_array_equal(run("STRIDED_SLICE", IMAGE, wanted.shape, *bounds), wanted)
    wanted = IMAGE[0:1, ::-2, 1::2, 0]  # begin 1, end 1 and 2 are left out, axis 3 goes
    got = run("STRIDED_SLICE", IMAGE, wanted.shape, *bounds, options={0: 2, 1: 6, 4: 8})
    np.testing.assert_array_equal(got, wanted)


def test_the_largest_of_each_window_and_other_numbers_alone(run):
    got = run("MAX_POOL_2D", IMAGE, (1, 3, 3, 4), options={0: 0, 1: 2, 2: 2, 3: 2, 4: 2})
    np.testing.assert_array_equal(got[0, 2, 0], IMAGE[0, 4:, :2].max(axis=(0, 1)))
    got = run("AVERAGE_POOL_2D", IMAGE, (1, 3, 3, 4), options={0: 0, 1: 2, 2: 2, 3: 2, 4: 2})
    np.testing.assert_allclose(got[0, 2, 0], IMAGE[0, 4:, :2].mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_array_equal(run("RELU", IMAGE, IMAGE.shape), np.maximum(IMAGE, 0))
    sigmoid = run("LOGISTIC", IMAGE, IMAGE.shape)
    np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-IMAGE)), rtol=1e-6)


BAD = [
    ("got SOFTMAX", "SOFTMAX", (), {}),
    ("got CUSTOM Landmarks2TransformMatrix", "Landmarks2TransformMatrix", (), {}),
    ("a fused activation, got 5", "ADD", (floats(4),), {0: 5}),
    ("padding SAME", "CONV_2D", (floats(2, 3, 2, 4),), {0: 2}),
    ("constant floats, got int32", "CONV_2D", (np.ones((2, 3, 2, 4), "<i4"),), {}),
    ("constant integers", "PAD", (floats(4, 2),), {}),
    ("8 paddings", "PAD", (ints(1, 1),), {}),
    ("2 to 3 inputs", "CONV_2D", (), {}),
    ("an axis of 4", "MEAN", (ints(4),), {0: 1}),
    ("float16", "DEQUANTIZE", (), {}),
    ("sparse weights", "DENSIFY", (), {}),
]


@pytest.mark.parametrize("message, name, constants, options", BAD, ids=[each[0] for each in BAD])
def test_what_is_not_provided_is_refused_by_name_before_it_runs(
    run, message, name, constants, options
):
    with pytest.raises(ValueError, match=rf"network.tflite: .* at byte \d+: expected .*{message}"):
        run(name, IMAGE, IMAGE.shape, *constants, options=options)
