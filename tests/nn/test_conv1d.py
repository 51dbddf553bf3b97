from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose.nn.fuse import run


@st.composite
def convolutions(draw):
    """Constructor arguments of a Conv1d, and an input length it accepts."""
    groups = draw(st.integers(1, 3))
    kernel, stride, dilation = (draw(st.integers(1, 3)) for _ in range(3))
    padding = draw(st.integers(0, 2))
    length = max(1, dilation * (kernel - 1) + 1 - 2 * padding) + draw(st.integers(0, 6))
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    return (inputs, outputs, kernel, stride, padding, dilation, groups, draw(st.booleans())), length


def test_five_numbers_under_a_kernel_of_three():
    conv = nn.Conv1d(1, 1, 3)
    conv.params["weight"][:], conv.params["bias"][:] = [[[1, 2, 3]]], 10
    x = np.array([[[1.0, 0, 2, 0, 5]]])
    np.testing.assert_array_equal(conv(x), [[[17, 14, 27]]])  # 10 + 1*1 + 2*0 + 3*2, ...
    np.testing.assert_array_equal(conv.backward([[[1.0, 0, 2]]]), [[[1, 2, 5, 4, 6]]])
    np.testing.assert_array_equal(conv.grads["weight"], [[[5, 0, 12]]])
    np.testing.assert_array_equal(conv.grads["bias"], [3])


@given(convolutions(), st.integers(0, 2), st.integers(0, 99))
def test_outputs_and_gradients_agree_with_torch(assert_same_as_torch, case, N, seed):
    torch = pytest.importorskip("torch")
    arguments, length = case
    rng = np.random.default_rng(seed)
    layer, twin = nn.Conv1d(*arguments, rng=rng), torch.nn.Conv1d(*arguments)
    assert_same_as_torch(layer, twin, rng.normal(size=(N, arguments[0], length)), rng)


@given(convolutions(), st.integers(0, 99))
def test_gradients_agree_with_central_differences(case, seed):
    arguments, length = case
    rng = np.random.default_rng(seed)
    nn.check_layer(nn.Conv1d(*arguments, rng=rng), rng.normal(size=(2, arguments[0], length)), rng)


@given(convolutions(), st.integers(0, 99))
def test_an_image_of_one_row_is_a_sequence(case, seed):
    arguments, length = case
    rng = np.random.default_rng(seed)
    conv, x = nn.Conv1d(*arguments, rng=rng), rng.normal(size=(2, arguments[0], length))
    y = conv(x)
    dx, gradients = conv.backward(y), dict(conv.grads)
    np.testing.assert_array_equal(conv(x[:, :, None]), y[:, :, None])
    np.testing.assert_array_equal(conv.backward(y[:, :, None]), dx[:, :, None])
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(conv.grads[name], gradient)


@pytest.mark.parametrize("training", [False, True])
def test_fused_with_what_follows_it_gives_what_the_layers_give(training, rng):
    norm = nn.BatchNorm2d(4)
    norm.buffers["running_var"] += rng.uniform(0, 1, 4).astype(np.float32)
    layers = [nn.Conv1d(3, 4, 3, rng=rng), norm, nn.ReLU(), nn.Conv1d(4, 4, 1), nn.ReLU()]
    for layer in layers:
        layer.train(training)
    x = rng.normal(size=(2, 3, 1, 9))
    wanted = x
    for layer in layers:
        wanted = layer(wanted)
    np.testing.assert_allclose(run(layers, x), wanted, rtol=0, atol=1e-12)
    sequence = [layers[3], layers[4]]  # without BatchNorm2d, sequences need no row
    y = rng.normal(size=(2, 4, 9))
    np.testing.assert_array_equal(run(sequence, y), run(sequence, y[:, :, None])[:, :, 0])


def test_inference_writes_to_no_parameter(rng):
    conv = nn.Conv1d(3, 4, 3, rng=rng).eval()
    x = rng.normal(size=(2, 3, 1, 9)).astype(np.float32)
    y = conv(x)
    conv.params = MappingProxyType(conv.params)  # raises on a write
    np.testing.assert_array_equal(run([conv], x), y)
    np.testing.assert_array_equal(conv(x), y)


def test_threads_may_share_a_network(rng):
    net = nn.Sequential(nn.Conv1d(3, 8, 3, rng=rng), nn.ReLU(), nn.Conv1d(8, 2, 1, rng=rng)).eval()
    xs = rng.normal(size=(400, 1, 3, 1, 20)).astype(np.float32)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(net, xs))
    np.testing.assert_array_equal(found, [net(x) for x in xs])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.Conv1d(0, 1, 1), "in_channels: expected at least 1, got 0"),
    (lambda: nn.Conv1d(1, 1, (3, 3)), r"kernel_size: expected an integer, got \(3, 3\)"),
    (lambda: nn.Conv1d(1, 1, 1, padding=-1), "padding: expected at least 0, got -1"),
    (lambda: nn.Conv1d(4, 3, 1, groups=2), "groups: expected a divisor"),
    (lambda: nn.Conv1d(2, 1, 1)(np.ones((1, 3, 4))), r"x: expected shape \(N, 2, L\), got"),
    (lambda: nn.Conv1d(2, 1, 1)(np.ones((1, 2, 3, 4))), r"x: expected shape \(N, 2, 1, L\), got"),
    (lambda: nn.Conv1d(1, 1, 5)(np.ones((1, 1, 4))), "x: expected at least 5 pixels"),
    (lambda: nn.Conv1d(1, 1, 1, bias=None), "bias: expected True or False"),
])  # fmt: skip
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
