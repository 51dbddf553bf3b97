import numpy as np
import pytest

from npkpose import nn
from npkpose.nn.fuse import run


def layers(rng, *, bias, statistics="auto"):
    norm = nn.BatchNorm2d(4, statistics=statistics)
    norm.load_state_dict(
        {
            "weight": rng.normal(size=4),
            "bias": rng.normal(size=4),
            "running_mean": rng.normal(size=4),
            "running_var": rng.uniform(0.5, 2, 4),
        }
    )
    conv = nn.Conv2d(3, 4, 3, padding=1, bias=bias, rng=rng)
    if bias:
        conv.params["bias"][:] = rng.normal(size=4)
    return [conv, norm, nn.ReLU()]


def one_by_one(layers, x, skip=None):
    for i, layer in enumerate(layers):
        x = layer(x + skip if skip is not None and i == len(layers) - 1 else x)
    return x


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("statistics", ["auto", "image"])
@pytest.mark.parametrize("with_skip", [False, True])
@pytest.mark.parametrize("keep", [(0, 1, 2), (0, 2), (0, 1), (1, 2)])
@pytest.mark.parametrize("training", [False, True])
def test_a_row_is_its_layers_one_by_one(bias, statistics, with_skip, keep, training, rng):
    row = layers(rng, bias=bias, statistics=statistics) + [nn.Conv2d(4, 4, 1, rng=rng), nn.ReLU()]
    row = [row[i] for i in keep] + row[3:] * (not with_skip)
    if with_skip and not isinstance(row[-1], nn.ReLU):
        row.append(nn.ReLU())
    for layer in row:
        layer.train(training)
    x = rng.normal(size=(2, 3 if keep[0] == 0 else 4, 5, 6))
    skip = rng.normal(size=(2, 4, 5, 6)) if with_skip else None
    before = x.copy()
    wanted = one_by_one(row, x, skip)
    np.testing.assert_allclose(run(row, x, skip), wanted, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kernel, groups", [(4, 1), (1, 1), (4, 2)])  # 1: it misses pixels
@pytest.mark.parametrize("with_relu", [False, True])
def test_a_transposed_convolution_takes_the_layers_after_it(bias, kernel, groups, with_relu, rng):
    row = layers(rng, bias=bias)[: 2 + with_relu]
    row[0] = nn.ConvTranspose2d(6, 4, kernel, 2, kernel // 4, 0, groups, bias, rng=rng)
    if bias:
        row[0].params["bias"][:] = rng.normal(size=4)
    x = rng.normal(size=(2, 6, 5, 3))
    for layer in row:
        layer.eval()
    wanted = one_by_one(row, x)
    np.testing.assert_allclose(run(row, x), wanted, rtol=0, atol=1e-12)


def test_no_layers_give_the_input_itself(rng):
    x = rng.normal(size=(2, 3))
    assert run([], x) is x


def test_weights_that_change_in_evaluation_count_at_once(rng):
    net = nn.Sequential(*layers(rng, bias=True)).eval()
    x = rng.normal(size=(1, 3, 5, 5))
    net(x)
    net[0].params["weight"] *= 2
    net[1].buffers["running_var"] *= 2
    np.testing.assert_allclose(net(x), one_by_one(net.layers, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("shape", [(1, 4, 1, 1), (5, 6), (2, 4, 5, 1)])
def test_a_skip_of_another_shape_is_broadcast_as_numpy_does(first, shape, rng):
    row = [layer.eval() for layer in layers(rng, bias=True)[first:]]
    x, skip = rng.normal(size=(2, 4 if first else 3, 5, 6)), rng.normal(size=shape)
    np.testing.assert_allclose(run(row, x, skip), one_by_one(row, x, skip), rtol=0, atol=1e-12)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("shape", [(2, 4, 6, 5), (1, 4, 60), (2, 3, 5, 6)])
def test_a_skip_that_does_not_fit_is_refused(first, shape, rng):
    row = [layer.eval() for layer in layers(rng, bias=True)[first:]]
    with pytest.raises(ValueError, match="could not be broadcast"):
        run(row, rng.normal(size=(2, 4 if first else 3, 5, 6)), np.ones(shape))


def test_statistics_of_another_number_of_channels_are_refused(rng):
    net = nn.BatchNorm2d(4).eval()
    net.buffers["running_mean"] = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match=r"expected shape \(4,\), got \(3,\)|broadcast"):
        net(rng.normal(size=(2, 4, 5, 6)))
