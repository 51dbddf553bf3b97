import numpy as np
import pytest

from npkpose import nn


def optimizer(lr=0.8):
    return nn.SGD(nn.Conv2d(1, 1, 1), lr)


def rates(schedule, steps):
    """The learning rate at step 0 and after each of ``steps`` steps."""
    seen = [schedule.optimizer.lr]
    for _ in range(steps):
        schedule.step()
        seen.append(schedule.optimizer.lr)
    return seen


def test_some_rates_by_hand():
    assert rates(nn.MultiStepLR(optimizer(), [1, 3], 0.5), 4) == [0.8, 0.4, 0.4, 0.2, 0.2]
    warm_up = nn.LinearLR(optimizer(), 0.5, 1.0, 2)
    np.testing.assert_allclose(rates(warm_up, 3), [0.4, 0.6, 0.8, 0.8])
    np.testing.assert_allclose(rates(nn.CosineAnnealingLR(optimizer(), 2, 0.2), 2), [0.8, 0.5, 0.2])


CASES = [
    ("MultiStepLR", {"milestones": [5, 2, 5], "gamma": 0.3}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 7}),
    ("CosineAnnealingLR", {"T_max": 6}),
    ("CosineAnnealingLR", {"T_max": 10, "eta_min": 0.05}),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_every_step_agrees_with_torch(name, options):
    torch = pytest.importorskip("torch")
    twin_optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.8)
    twin = getattr(torch.optim.lr_scheduler, name)(twin_optimizer, **options)
    schedule = getattr(nn, name)(optimizer(), **options)
    for lr in rates(schedule, 14):
        np.testing.assert_allclose(lr, twin.get_last_lr()[0], rtol=1e-12, atol=1e-15)
        assert type(lr) is float
        twin_optimizer.step()
        twin.step()


def test_a_warm_up_and_then_a_cosine_agree_with_torch():
    torch = pytest.importorskip("torch")
    twin_optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.8)
    twin, schedule = (
        kinds.SequentialLR(
            sgd, [kinds.LinearLR(sgd, 0.1, 1.0, 4), kinds.CosineAnnealingLR(sgd, 6)], [4]
        )
        for kinds, sgd in ((torch.optim.lr_scheduler, twin_optimizer), (nn, optimizer()))
    )
    for lr in rates(schedule, 10):
        np.testing.assert_allclose(lr, twin_optimizer.param_groups[0]["lr"], rtol=1e-12, atol=1e-15)
        twin_optimizer.step()
        twin.step()


def test_a_resumed_schedule_goes_on_where_it_stopped():
    whole = rates(nn.CosineAnnealingLR(optimizer(), 9), 9)
    first = nn.CosineAnnealingLR(optimizer(), 9)
    rates(first, 4)
    second = nn.CosineAnnealingLR(optimizer(0.3), 9)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    second.load_state_dict(first.state_dict())
    assert rates(second, 5) == whole[4:]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: nn.MultiStepLR(optimizer(), [-1]), "milestones: expected at least 0"),
    (lambda: nn.MultiStepLR(optimizer(), [1], gamma=-1), "gamma: expected at least 0"),
    (lambda: nn.LinearLR(optimizer(), total_iters=0), "total_iters: expected at least 1"),
    (lambda: nn.CosineAnnealingLR(optimizer(), 2.5), "T_max: expected an integer"),
    (lambda: nn.SequentialLR(optimizer(), [], [1]), "milestones: expected"),
    (lambda: nn.MultiStepLR(optimizer(), [1, 2], 1e300).lr_at(3), "gamma: expected a finite rate"),
    (lambda: nn.SequentialLR(optimizer(), 7, []), "schedulers: expected a sequence, got 7"),
    (lambda: nn.SequentialLR(optimizer(), ["a"], []), r"schedulers\[0\]: expected a Schedule"),
    (lambda: nn.MultiStepLR(optimizer(), 3), "milestones: expected shape"),
    (lambda: nn.LinearLR("adam"), "optimizer: expected an Optimizer"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
