"""The weights in the package: they load, they are small, and their scores are the recorded ones."""

import numpy as np
import pytest

from npkpose._numba import COMPILES
from npkpose.data.people import SyntheticPeople
from npkpose.models import small
from npkpose.models.small import load_trained, trained_record
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.recipes import HELD_OUT_SEED, RECIPES
from npkpose.weights import load_npz

NAMES = tuple(RECIPES)
# AP of the first of the 1,000 held-out scenes. New weights have new ones: the test prints them.
SLICE = 6 if not COMPILES else 60
SLICE_AP = {
    6: {"topdown": 0.7970, "paf": 0.6508, "tags": 0.6155},
    60: {"topdown": 0.8107, "paf": 0.6335, "tags": 0.6164},
}


@pytest.fixture(scope="module")
def scenes():
    return CachedDataset(SyntheticPeople(SLICE, HELD_OUT_SEED), SLICE)


def test_the_three_together_take_at_most_three_megabytes():
    files = sorted(path.name for path in small.TRAINED.iterdir())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("npz", "json"))
    assert sum((small.TRAINED / f"{name}.npz").stat().st_size for name in NAMES) <= 3e6


@pytest.mark.parametrize("name", NAMES)
def test_a_record_says_how_the_weights_were_made(name):
    record = trained_record(name)
    assert record["network"] == type(load_trained(name)).__name__
    assert record["held_out_seed"] == HELD_OUT_SEED and record["held_out_scenes"] == 1000
    assert f"npkpose train {name}" in record["command"] and record["steps"] > 0
    assert 0 < record["scores"]["ap"] < 1 and record["minutes"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_finite_and_in_evaluation_mode(name):
    weights = load_npz(small.TRAINED / f"{name}.npz")
    assert all(np.isfinite(array).all() for array in weights.values())
    assert not load_trained(name).training


@pytest.mark.parametrize("name", NAMES)
def test_the_first_held_out_scenes_score_what_these_weights_scored(name, scenes):
    network = load_trained(name)
    ap = RECIPES[name].task(network, scenes, scenes).score(network).stats.ap
    assert ap == pytest.approx(SLICE_AP[SLICE][name], abs=0.01)
    assert ap == pytest.approx(trained_record(name)["scores"]["ap"], abs=0.1)  # of all scenes


def test_unknown_names_are_refused():
    for function in (load_trained, trained_record):
        with pytest.raises(ValueError, match="name: expected one of topdown, paf, tags, got 'x'"):
            function("x")
