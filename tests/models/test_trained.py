"""The weights in the package: they load, they are small, and their scores are the recorded ones."""

import numpy as np
import pytest

from npkpose._numba import COMPILES
from npkpose.data.people import SyntheticPeople
from npkpose.models import small
from npkpose.models.small import load_trained, trained_record
from npkpose.pipeline.topdown import TopDown
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.recipes import HELD_OUT_SEED, RECIPES
from npkpose.training.score import score
from npkpose.weights import load_npz

NAMES = tuple(RECIPES)
# AP of the first of the 1,000 held-out scenes. New weights have new ones: the test prints them.
SLICE = 6 if not COMPILES else 60
SLICE_AP = {
    6: {"topdown": 0.7970, "paf": 0.6508, "tags": 0.6155, "detector": 0.6238},
    60: {"topdown": 0.8107, "paf": 0.6335, "tags": 0.6164, "detector": 0.6570},
}
SLICE_TOP_DOWN = {6: 0.7988, 60: 0.7723}  # OKS AP in the boxes that the detector finds


@pytest.fixture(scope="module")
def scenes():
    return CachedDataset(SyntheticPeople(SLICE, HELD_OUT_SEED), SLICE)


def test_the_four_together_take_at_most_four_megabytes():
    files = sorted(path.name for path in small.TRAINED.iterdir())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("npz", "json"))
    assert sum((small.TRAINED / f"{name}.npz").stat().st_size for name in NAMES) <= 3.6e6


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
    result = RECIPES[name].task(network, scenes, scenes).score(network)
    ap = getattr(result, "stats", result).ap
    assert ap == pytest.approx(SLICE_AP[SLICE][name], abs=0.01)
    assert ap == pytest.approx(trained_record(name)["scores"]["ap"], abs=0.1)  # of all scenes


def test_people_in_found_boxes_score_what_the_record_says(scenes):
    network, detector = load_trained("topdown"), load_trained("detector")
    find = TopDown(network, detector=detector, keypoint_threshold=0)
    ap = score(scenes, lambda scene: find(scene.image)).stats.ap
    assert ap == pytest.approx(SLICE_TOP_DOWN[SLICE], abs=0.01)
    recorded = trained_record("detector")["top_down_ap"]
    assert recorded["true_boxes"] == trained_record("topdown")["scores"]["ap"]
    assert recorded["true_boxes"] > recorded["detector"] > recorded["paf"] > 0.6
    assert ap == pytest.approx(recorded["detector"], abs=0.1)


def test_unknown_names_are_refused():
    for function in (load_trained, trained_record):
        with pytest.raises(ValueError, match="one of topdown, paf, tags, detector, got 'x'"):
            function("x")
