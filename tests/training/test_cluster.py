"""Gradients in parts against one backward pass of the whole batch; see also test_scale.py."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import nn
from npkpose.models.tiny import TinyKeypointNet
from npkpose.training.cluster import mean_gradients


class Batch(NamedTuple):
    x: np.ndarray
    target: np.ndarray


class LocalClient:
    """A client without a cluster: every task runs at once, in this process."""

    def submit(self, task, *arguments, pure):
        return task(*arguments)

    def gather(self, answers):
        return answers


def loss(output, batch):
    return nn.mse_loss(output, batch.target)


def random_batch(rng, count):
    shapes = (count, 3, 8, 8), (count, 4, 8, 8)
    return Batch(*(rng.normal(size=shape) for shape in shapes))


def cut(batch, ends):
    """Return the batch as parts that end before ``ends`` and at the end."""
    parts = zip(*(np.split(array, ends) for array in batch))
    return [Batch(*part) for part in parts]


def whole_gradients(network, batch):
    """Return the loss and gradients of one pass over the whole batch."""
    value, dy = loss(network.train()(batch.x), batch)
    network.backward(dy)
    return value, {name: array.copy() for name, array in network.named_gradients()}


def test_a_gradient_is_the_mean_of_the_parts_weighted_by_their_images():
    net = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False))
    net[0].params["weight"][:] = 3
    # L = mean (w x)^2 = w^2 mean x^2, so dL/dw = 2 w mean x^2 = 2 * 3 * (1 + 4 + 1) / 3 = 12.
    x = np.array([1.0, 2.0, -1.0]).reshape(3, 1, 1, 1)
    parts = cut(Batch(x, np.zeros_like(x)), [1])
    assert mean_gradients(LocalClient(), net, parts, loss) == pytest.approx(9 * 2)
    np.testing.assert_allclose(net[0].grads["weight"].item(), 12, rtol=1e-6)


@given(st.integers(0, 2**20), st.integers(1, 7), st.data())
@settings(max_examples=30)
def test_parts_of_any_size_give_the_gradient_of_the_whole_batch(seed, count, data):
    rng = np.random.default_rng(seed)
    ends = sorted(data.draw(st.sets(st.integers(1, count - 1)) if count > 1 else st.just([])))
    net = TinyKeypointNet(base=2, rng=rng).astype(np.float64)
    batch = random_batch(rng, count)
    value, expected = whole_gradients(net, batch)
    for module in net.layers:
        module.grads = {}
    mean = mean_gradients(LocalClient(), net, cut(batch, ends), loss)
    assert mean == pytest.approx(value, rel=1e-12)
    for name, gradient in net.named_gradients():
        largest = np.abs(expected[name]).max()
        np.testing.assert_allclose(gradient, expected.pop(name), rtol=0, atol=1e-12 * largest)
    assert not expected


def norm_net(rng, statistics):
    layers = nn.Conv2d(3, 4, 3, padding=1, rng=rng), nn.BatchNorm2d(4, statistics=statistics)
    return nn.Sequential(*layers).astype(np.float64)


def test_batch_norm_agrees_on_running_statistics_and_differs_in_training(rng):
    batch = random_batch(rng, 6)
    for statistics, agrees in (("running", True), ("auto", False)):
        net = norm_net(np.random.default_rng(0), statistics)
        _, expected = whole_gradients(norm_net(np.random.default_rng(0), statistics), batch)
        mean_gradients(LocalClient(), net, cut(batch, [2]), loss)
        near = [
            np.allclose(g, expected[n], rtol=1e-9, atol=1e-12) for n, g in net.named_gradients()
        ]
        assert all(near) == agrees and len(near) == len(expected)


def test_running_statistics_become_the_mean_of_the_parts(rng):
    net, batch = norm_net(rng, "auto"), random_batch(rng, 6)
    small, large = cut(batch, [2])
    maps = [net[0](part.x) for part in (small, large)]
    means = [m.mean(axis=(0, 2, 3)) for m in maps]
    mean_gradients(LocalClient(), net, [small, large], loss)
    expected = 0.1 * (means[0] * 2 + means[1] * 4) / 6  # momentum 0.1, from 0
    np.testing.assert_allclose(net[1].buffers["running_mean"], expected, rtol=1e-12)
    assert net[1].buffers["num_batches_tracked"] == 1
    assert net[1].buffers["num_batches_tracked"].dtype == np.int64


def test_parts_are_weighted_before_rounding_and_keep_their_dtype(rng):
    net = TinyKeypointNet(base=2, rng=rng)
    batch = Batch(*(array.astype(np.float32) for array in random_batch(rng, 5)))
    _, expected = whole_gradients(net, batch)
    mean_gradients(LocalClient(), net, cut(batch, [1, 3]), loss)
    for name, gradient in net.named_gradients():
        assert gradient.dtype == np.float32
        largest = np.abs(expected[name]).max()
        np.testing.assert_allclose(gradient, expected[name], rtol=0, atol=1e-5 * largest)


def test_empty_parts_and_random_layers_are_refused(rng):
    net, batch = TinyKeypointNet(base=2), random_batch(rng, 2)
    with pytest.raises(ValueError, match="parts: expected at least one, got none"):
        mean_gradients(LocalClient(), net, [], loss)
    with pytest.raises(ValueError, match="parts: expected images in each"):
        mean_gradients(LocalClient(), net, cut(batch, [2]), loss)
    with pytest.raises(ValueError, match="network: expected no random layers, got .* 1._rng"):
        dropout = nn.Sequential(nn.ReLU(), nn.Dropout(0.5, rng=rng))
        mean_gradients(LocalClient(), dropout, [batch], loss)
