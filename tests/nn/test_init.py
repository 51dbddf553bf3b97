import numpy as np
import pytest

from npkpose import nn


def test_the_variance_is_two_over_fan_in(rng):
    weight = nn.kaiming_normal((400, 500), 50, rng)
    assert weight.dtype == np.float32
    assert abs(weight.var() - 0.04) < 0.001 and abs(weight.mean()) < 0.002


def test_no_rng_means_the_same_weights_every_time():
    first, second = nn.kaiming_normal((3, 4), 4), nn.kaiming_normal((3, 4), 4)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, nn.kaiming_normal((3, 4), 4, np.random.default_rng(0)))


@pytest.mark.parametrize(("arguments", "message"), [
    ((3, 1), "shape: expected a sequence, got 3"),
    (({3, 4}, 1), "shape: expected a sequence, got {3, 4}"),
    (((3, 0.5), 1), "shape: expected an integer, got 0.5"),
    (((2**40, 2**40), 1), "shape: expected a result that fits in memory"),
    (((2,), 0), "fan_in: expected more than 0"),
    (((2,), 1, 7), "rng: expected a numpy.random.Generator, got 7"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.kaiming_normal(*arguments)
