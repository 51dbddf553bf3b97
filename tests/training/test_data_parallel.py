"""A batch in shares against the same batch in one."""

import threading

import numpy as np
import pytest

from npkpose import nn
from npkpose.engine import threads
from npkpose.engine.threads import everyones, run_all, run_shares, this_share
from npkpose.models.small import SmallTopDown
from npkpose.training.data_parallel import DataParallel


@pytest.fixture(params=[1, 2, 3])
def cores(request, monkeypatch):
    """A machine of so many cores, with a pool of its own."""
    monkeypatch.setattr(threads, "_workers", [])
    monkeypatch.setattr(threads, "_cores", lambda: request.param)
    return request.param


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


def test_shares_hear_of_each_other_again_and_again(cores):
    def work(t):
        assert this_share() == t
        return [everyones((t, step)) for step in range(50)]

    results = run_shares([lambda t=t: work(t) for t in range(cores)])
    expected = [[(t, step) for t in range(cores)] for step in range(50)]
    assert all(result == expected for result in results)
    assert this_share() == 0 and everyones(7) == [7]


def test_a_share_that_fails_lets_the_others_go(cores):
    def work(t):
        everyones(t)
        if t == cores - 1:
            raise KeyError("this one")
        everyones(t)
        everyones(t)

    for _ in range(3):
        with pytest.raises(KeyError, match="this one"):
            run_shares([lambda t=t: work(t) for t in range(cores)])
    assert run_all([lambda: 3] * 4) == [3] * 4


def test_a_batch_too_small_for_statistics_is_refused_on_every_thread(cores):
    network = nn.Sequential(nn.BatchNorm2d(2))
    with pytest.raises(ValueError, match="at least 2 values per channel"):
        DataParallel(network)(np.zeros((1, 2, 1, 1)))
    with pytest.raises(ValueError, match="at least 2 values per channel"):
        DataParallel(network)(np.zeros((0, 2, 1, 1)))
