import numpy as np
import pytest

from npkpose import nn
from npkpose.training.average import WeightAverage


def test_the_average_by_hand():
    layer = nn.Conv2d(1, 1, 1)
    layer.params["weight"][...] = 1
    average = WeightAverage(layer, 0.5)
    layer.params["weight"][...] = 2
    average.update(1)  # d = 2/11
    assert average.averages["weight"].item() == pytest.approx(1 * 2 / 11 + 2 * 9 / 11)
    average.averages["weight"][...] = 0
    average.update(1000)  # d = 0.5
    assert average.averages["weight"].item() == 1
    assert layer.params["weight"].item() == 2


def test_the_averaged_network_is_a_copy_with_running_statistics(rng):
    net = nn.Sequential(nn.Conv2d(2, 2, 1, rng=rng), nn.BatchNorm2d(2))
    average = WeightAverage(net, 0.0)
    net(rng.normal(size=(4, 2, 3, 3)).astype(np.float32))
    average.update(1)
    other = average.network()
    assert not other.training and net.training
    for name, array in net.state_dict().items():
        np.testing.assert_allclose(other.state_dict()[name], array, rtol=1e-6)
    other.layers[0].params["weight"][...] = 0
    assert net.layers[0].params["weight"].any() and average.averages["0.weight"].any()
    assert average.averages["1.num_batches_tracked"] == 1


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="decay: expected less than 1, got 1"):
        WeightAverage(nn.ReLU(), 1)
    with pytest.raises(ValueError, match="module: expected a Module, got 'net'"):
        WeightAverage("net")
    with pytest.raises(ValueError, match="t: expected an integer, got None"):
        WeightAverage(nn.ReLU()).update(None)
