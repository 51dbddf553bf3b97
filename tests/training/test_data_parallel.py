"""A batch that is split among threads against the same batch in one."""

import threading

import numpy as np
import pytest

from npkpose import nn
from npkpose.engine import use_threads
from npkpose.models.small import SmallTopDown
from npkpose.training.data_parallel import DataParallel


@pytest.fixture(params=[1, 2, 3])
def cores(request):
    """A machine with this number of cores."""
    with use_threads(request.param):
        yield request.param


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_outputs_gradients_and_statistics_are_those_of_the_whole_batch(cores, batch, rng):
    whole, shared = (SmallTopDown((32, 16), 4).astype(np.float64).train() for _ in range(2))
    x = rng.normal(size=(batch, 3, 32, 16))
    parallel = DataParallel(shared)
    for _ in range(2):
        y = whole(x)
        np.testing.assert_allclose(parallel(x), y, rtol=0, atol=1e-11)
        dy = rng.normal(size=y.shape)
        np.testing.assert_allclose(parallel.backward(dy), whole.backward(dy), rtol=0, atol=1e-9)
        expected = dict(whole.named_gradients())
        assert dict(shared.named_gradients()).keys() == expected.keys()
        for name, gradient in shared.named_gradients():
            np.testing.assert_allclose(gradient, expected[name], rtol=0, atol=1e-8, err_msg=name)
    for name, array in whole.state_dict().items():
        np.testing.assert_allclose(shared.state_dict()[name], array, rtol=0, atol=1e-11)


def test_no_input_gradient_reaches_the_network_inside(cores, rng):
    parallel = DataParallel(nn.Sequential(nn.Conv2d(1, 2, 3)))
    y = parallel(rng.normal(size=(4, 1, 5, 5)))
    with nn.no_input_gradient(parallel):
        assert parallel.backward(np.ones_like(y)) is None


def test_a_network_that_draws_or_is_large_is_not_shared_out(cores):
    class Asks(nn.Module):
        def forward(self, x):
            return np.full(len(x), threading.get_ident())

    large = nn.Linear(2048, 1024)
    for layers in ([nn.Dropout(0)], []):
        network = nn.Sequential(*layers, Asks())
        ids = DataParallel(network)(np.zeros((6, 1)))
        assert len(set(ids)) == (1 if layers else cores)
    ids = DataParallel(nn.Sequential(Asks()))
    ids.module.layers.append(large)
    assert not DataParallel(ids.module)._divisible


def test_modes_frozen_statistics_and_loaded_weights_reach_the_replicas(cores, rng):
    whole, shared = (
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).astype(np.float64) for _ in range(2)
    )
    parallel, x = DataParallel(shared), rng.normal(size=(6, 1, 4, 4))
    parallel(x), whole(x)
    for network in (whole, shared):
        nn.freeze_statistics(network)
        network[0].load_state_dict({"weight": np.ones((2, 1, 3, 3)), "bias": np.ones(2)})
    np.testing.assert_allclose(parallel(x), whole(x), rtol=0, atol=1e-12)
    np.testing.assert_allclose(parallel.eval()(x), whole.eval()(x), rtol=0, atol=1e-12)
    assert whole[1].buffers["num_batches_tracked"] == shared[1].buffers["num_batches_tracked"] == 1


def test_a_batch_too_small_for_statistics_is_refused_on_every_thread(cores):
    network = nn.Sequential(nn.BatchNorm2d(2))
    with pytest.raises(ValueError, match="at least 2 values per channel"):
        DataParallel(network)(np.zeros((1, 2, 1, 1)))
    with pytest.raises(ValueError, match="at least 2 values per channel"):
        DataParallel(network)(np.zeros((0, 2, 1, 1)))
