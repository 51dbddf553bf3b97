import numpy as np
import pytest

from npkpose import nn
from npkpose.training.randomness import generators, random_state, set_random_state


def test_dropout_draws_the_same_numbers_after_its_state_is_restored(rng):
    net = nn.Sequential(nn.ReLU(), nn.Dropout(0.5, rng=rng), nn.Dropout(0.5))
    assert [name for name, _ in generators(net)] == ["1._rng", "2._rng"]
    x = np.ones((2, 3, 4, 4), np.float32)
    state = random_state(net)
    first, second = net(x), net(x)
    assert (first != second).any()
    set_random_state(net, state)
    np.testing.assert_array_equal(net(x), first)
    np.testing.assert_array_equal(net(x), second)


def test_states_of_other_layers_are_refused(rng):
    state = random_state(nn.Sequential(nn.Dropout(0.5, rng=rng)))
    with pytest.raises(
        ValueError, match=r"state: expected random generators \[\], got \['0._rng'\]"
    ):
        set_random_state(nn.ReLU(), state)
