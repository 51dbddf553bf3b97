"""The weights in the package: they load, they are small, and they score what their records say."""

import numba
import numpy as np
import pytest

from npkpose.data.people import SyntheticPeople
from npkpose.models import small
from npkpose.models.small import load_trained, trained_record
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.recipes import HELD_OUT_SEED, RECIPES
from npkpose.weights import load_npz

NAMES = tuple(RECIPES)
# Of the 1,000 held-out scenes, and how far the AP of so few may lie from that of all.
SLICE, TOLERANCE = (15, 0.2) if numba.config.DISABLE_JIT else (60, 0.1)


@pytest.fixture(scope="module")
def scenes():
    return CachedDataset(SyntheticPeople(SLICE, HELD_OUT_SEED), SLICE)


def test_the_three_together_take_at_most_three_megabytes():
    files = sorted(path.name for path in small.TRAINED.iterdir())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("npz", "json"))
    assert sum((small.TRAINED / f"{name}.npz").stat().st_size for name in NAMES) <= 3e6


@pytest.mark.parametrize("name", NAMES)
def test_a_record_says_how_the_weights_came_about(name):
    record = trained_record(name)
    assert record["network"] == type(load_trained(name)).__name__
    assert record["held_out_seed"] == HELD_OUT_SEED and record["held_out_scenes"] == 1000
    assert f"npkpose train {name}" in record["command"] and record["steps"] > 0
    assert 0 < record["scores"]["ap"] < 1 and record["minutes"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_finite_and_ready_to_use(name):
    weights = load_npz(small.TRAINED / f"{name}.npz")
    assert all(np.isfinite(array).all() for array in weights.values())
    assert not load_trained(name).training


@pytest.mark.parametrize("name", NAMES)
def test_a_slice_of_the_held_out_scenes_scores_about_what_the_record_says(name, scenes):
    network = load_trained(name)
    task = RECIPES[name].task(network, scenes, scenes)
    ap = task.score(network).stats.ap
    assert ap == pytest.approx(trained_record(name)["scores"]["ap"], abs=TOLERANCE)


def test_unknown_names_are_refused():
    for function in (load_trained, trained_record):
        with pytest.raises(ValueError, match="name: expected one of topdown, paf, tags, got 'x'"):
            function("x")
