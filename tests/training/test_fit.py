import subprocess
import sys

import numpy as np
import pytest

from npkpose import nn
from npkpose._numba import COMPILES
from npkpose.exercises.markers import train_markers
from npkpose.models import TinyKeypointNet
from npkpose.training.fit import adam_with_warmup, fit


def linear_problem(rng, steps):
    """Batches of y = 2 x + 1 for a 1x1 convolution to find."""
    for _ in range(steps):
        x = rng.normal(size=(8, 1, 2, 2)).astype(np.float32)
        yield x, 2 * x + 1, None


def test_a_linear_layer_learns_a_line(rng):
    layer = nn.Conv2d(1, 1, 1, rng=rng)
    seen = []
    losses = fit(layer, linear_problem(rng, 300), *adam_with_warmup(layer, 300, lr=0.1),
                 report=lambda step, loss: seen.append(step))  # fmt: skip
    assert len(losses) == 300 and seen == list(range(300)) and losses[-1] < 1e-6 * losses[0]
    np.testing.assert_allclose(layer.params["weight"].ravel(), 2, atol=1e-3)
    np.testing.assert_allclose(layer.params["bias"], 1, atol=1e-3)


def test_the_rate_warms_up_and_then_falls_to_zero():
    optimizer, schedule = adam_with_warmup(nn.Conv2d(1, 1, 1), 100, lr=0.5, warmup=10)
    rates = []
    for _ in range(101):
        rates.append(optimizer.lr)
        schedule.step()
    assert rates[0] == pytest.approx(0.05) and max(rates) == rates[10] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0, abs=1e-12) and rates[55] == pytest.approx(0.25)


def test_one_step_and_two_steps_are_schedules_too():
    for steps in (1, 2):
        optimizer, schedule = adam_with_warmup(nn.Conv2d(1, 1, 1), steps)
        assert optimizer.lr > 0
        schedule.step()


def test_a_loss_that_is_not_finite_stops_before_the_weights_change():
    net = TinyKeypointNet()
    before = net.state_dict()
    batch = (np.full((1, 3, 8, 8), np.nan, np.float32), np.zeros((1, 4, 8, 8), np.float32), None)
    with pytest.raises(FloatingPointError, match="loss is nan at step 0"):
        fit(net, [batch], nn.SGD(net, lr=0.1))
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_the_same_seed_trains_to_the_same_weights_to_the_bit():
    one, two = (train_markers(seed=3, steps=3).state_dict() for _ in range(2))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


STEPS = """
import resource
import numpy as np
from npkpose import nn
from npkpose.models import TinyKeypointNet
from npkpose.training.fit import adam_with_warmup, fit

def pages(size, steps):
    net, pages = TinyKeypointNet(), []
    def report(step, loss):
        pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    x, target = (np.ones((16, C, size, size), np.float32) for C in (3, 4))
    optimizer, schedule = adam_with_warmup(net, steps)
    report(0, 0)
    fit(net, steps * [(x, target, None)], optimizer, schedule, report)
    return np.diff(pages)

pages(8, 3)  # compiles
first, *others = pages(128, 30)
print(first, sum(others[-10:]))
"""


@pytest.mark.skipif(not COMPILES, reason="the twins take more memory")
def test_steps_use_the_memory_of_those_before():
    pytest.importorskip("resource", reason="counts pages of memory, which Windows does not")
    if sys.platform != "linux":
        pytest.skip("only glibc can be told to keep memory that is freed")
    run = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    first, last_ten = map(int, run.stdout.split())
    assert last_ten <= first  # a tenth each
