import numpy as np
import pytest

from npkpose import nn
from npkpose.data.people import SyntheticPeople
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.fit import warmup_and_cosine
from npkpose.training.settings import (
    check_settings,
    run_settings,
    settings_from_array,
    settings_to_array,
)


class Task:
    seed, size = 3, (16, 24)
    dataset, held_out = CachedDataset(SyntheticPeople(9, seed=1), 4), [1, 2]


def settings(lr=0.01, steps=50, optimizer=nn.Adam, **given):
    optimizer = optimizer(nn.Conv2d(1, 1, 1), lr)
    return run_settings(Task(), optimizer, warmup_and_cosine(optimizer, steps, 5), given)


def test_settings_are_plain_values_of_all_parts():
    found = settings(steps_in_all=50)
    assert list(found)[:3] == ["steps_in_all", "seed", "size"] and found["size"] == [16, 24]
    assert found["dataset"].startswith("the first 4 of SyntheticPeople(9, seed=1")
    assert found["held_out"] == "list of 2 scenes"
    assert found["optimizer"]["class"] == "Adam" and found["optimizer"]["betas"] == [0.9, 0.999]
    assert found["learning_rates"][0] == pytest.approx(0.002)
    assert settings_from_array(settings_to_array(found)) == found


def test_equal_settings_are_accepted_and_the_first_difference_is_named():
    check_settings(settings(), settings())
    check_settings({}, settings())  # an old checkpoint
    for other, message in (
        (settings(lr=0.02), "schedule: expected a learning rate of 0.004 at step 0"),
        (settings(steps=51), "schedule: expected .* at step 8, as in the checkpoint"),
        (settings(optimizer=nn.SGD), "optimizer: expected {'class': 'SGD'"),
        (settings() | {"seed": 4}, "seed: expected 4, as in the checkpoint, got 3"),
    ):
        with pytest.raises(ValueError, match=message):
            check_settings(other, settings())


@pytest.mark.parametrize("text", [b"{", b"\xff", b"[1]", b"3"])
def test_damaged_settings_are_refused(text):
    with pytest.raises(ValueError, match="settings: expected"):
        settings_from_array(np.frombuffer(text, np.uint8))
