import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose.nn.batchnorm import freeze_statistics

sizes = st.tuples(st.integers(2, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
MODES = ("auto", "batch", "running", "image")


def random_layer(C, rng, *args, **kwargs):
    """A layer whose arrays are all away from their defaults."""
    layer = nn.BatchNorm2d(C, *args, **kwargs)
    layer.load_state_dict({
        "weight": rng.normal(size=C), "bias": rng.normal(size=C),
        "running_mean": rng.normal(size=C), "running_var": rng.uniform(0.5, 2.0, C),
    })
    return layer


def test_two_images_of_one_pixel():
    layer = nn.BatchNorm2d(1, eps=0.0)
    y = layer([[[[1.0]]], [[[5.0]]]])
    np.testing.assert_array_equal(y.ravel(), [-1, 1])  # mean 3, deviation 2
    np.testing.assert_allclose(layer.buffers["running_mean"], [0.3], rtol=1e-6)  # 0.1 * 3
    np.testing.assert_allclose(layer.buffers["running_var"], [0.9 + 0.8], rtol=1e-6)  # 0.1 * 16/2
    assert layer.buffers["num_batches_tracked"] == 1
    np.testing.assert_allclose(layer.backward([[[[1.0]]], [[[0.0]]]]), 0, atol=1e-7)


def test_image_statistics_treat_each_image_alone(rng):
    layer = random_layer(3, rng, statistics="image")
    x = rng.normal(size=(4, 3, 5, 6))
    alone = nn.BatchNorm2d(3, statistics="batch")
    alone.load_state_dict(layer.state_dict())
    for y, image in zip(layer(x), x):
        np.testing.assert_allclose(y, alone(image[None])[0], rtol=0, atol=1e-12)
    assert layer.buffers["num_batches_tracked"] == 0


@given(sizes, st.booleans(), st.booleans(), st.integers(0, 99))
def test_two_passes_agree_with_torch(assert_same_as_torch, size, affine, track, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    arguments = (size[1], 1e-3, 0.3, affine, track)
    layer, twin = nn.BatchNorm2d(*arguments), torch.nn.BatchNorm2d(*arguments)
    for scale in (1.0, 3.0):  # the second pass starts from moved running statistics
        assert_same_as_torch(layer, twin, scale * rng.normal(size=size), rng)
    for name, array in layer.state_dict().items():
        np.testing.assert_allclose(array, twin.state_dict()[name], rtol=1e-10, atol=1e-12)
    x = rng.normal(size=size)
    expected = twin.eval()(torch.tensor(x)).detach()
    np.testing.assert_allclose(layer.eval()(x), expected, rtol=0, atol=1e-10)


@given(sizes, st.sampled_from(MODES), st.booleans(), st.integers(0, 99))
def test_gradients_agree_with_central_differences(size, statistics, affine, seed):
    rng = np.random.default_rng(seed)
    size = (*size[:2], size[2] + 1, size[3] + 2)  # pixels enough for a curve to be smooth
    layer = nn.BatchNorm2d(size[1], 0.1, affine=affine, statistics=statistics)
    nn.check_layer(layer, rng.normal(size=size), rng)


@pytest.mark.parametrize("statistics", MODES)
def test_evaluation_moves_no_statistics(statistics, rng):
    layer = random_layer(2, rng, statistics=statistics).eval()
    before = layer.state_dict()
    layer(rng.normal(size=(2, 2, 3, 3)))
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_running_statistics_are_constants_in_training_too(rng):
    layer = random_layer(2, rng, statistics="running")
    x = rng.normal(size=(2, 2, 3, 3))
    trained = layer(x)
    dx = layer.backward(np.ones_like(x))
    slope = layer.params["weight"] / np.sqrt(layer.buffers["running_var"] + layer.eps)
    np.testing.assert_allclose(dx, np.broadcast_to(slope[:, None, None], x.shape), rtol=1e-6)
    np.testing.assert_array_equal(layer.eval()(x), trained)
    assert layer.buffers["num_batches_tracked"] == 0


def test_frozen_statistics_are_those_of_evaluation(rng):
    net = nn.Sequential(random_layer(2, rng), random_layer(2, rng, statistics="image"))
    x = rng.normal(size=(2, 2, 3, 3))
    evaluated = net.eval()(x)
    assert freeze_statistics(net.train()) is net
    np.testing.assert_array_equal(net(x), evaluated)
    assert net[0].statistics == "running" and net[1].statistics == "image"
    freeze_statistics(net, False)
    assert net[0].statistics == "auto" and net[1].statistics == "image"


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.BatchNorm2d(0), "num_features: expected at least 1"),
    (lambda: nn.BatchNorm2d(1, eps=-1), "eps: expected at least 0"),
    (lambda: nn.BatchNorm2d(1, momentum=None), "momentum: expected a finite number"),
    (lambda: nn.BatchNorm2d(1, statistics="layer"), "statistics: expected one of auto, running"),
    (lambda: nn.BatchNorm2d(1, 1e-5, 0.1, True, False, statistics="running"), "statistics: "),
    (lambda: nn.BatchNorm2d(2)(np.ones((1, 3, 2, 2))), r"x: expected shape \(N, 2, H, W\)"),
    (lambda: nn.BatchNorm2d(2)(np.ones((0, 2, 2, 2))), "x: expected at least 2 values per channel"),
    (lambda: nn.BatchNorm2d(2)(np.ones((1, 2, 1, 1))), "x: expected at least 2 values per channel"),
    (lambda: nn.BatchNorm2d(2, statistics="image")(np.ones((1, 2, 0, 1))), "x: expected at le"),
    (lambda: nn.BatchNorm2d(2, affine=None), "affine: expected True or False"),
    (lambda: nn.BatchNorm2d(2, track_running_stats=2), "track_running_stats: expected True or"),
    (lambda: nn.freeze_statistics(nn.BatchNorm2d(2), "no"), "frozen: expected True or False"),
    (lambda: nn.freeze_statistics([nn.BatchNorm2d(2)]), "module: expected a Module"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
