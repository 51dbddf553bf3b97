import json

import numpy as np
import pytest

from npkpose.data.people import SyntheticPeople
from npkpose.models.small import SmallTopDown
from npkpose.training.recipes import (
    HELD_OUT_SEED,
    KEPT,
    RECIPES,
    RUNS,
    TRAIN_SEED,
    WATCH_SEED,
    export_weights,
    held_out_score,
    make_trainer,
    start_from,
)  # fmt: skip
from npkpose.weights import load_npz, save_npz


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    trainer = make_trainer("topdown", tmp_path_factory.mktemp("run"), steps=2)
    assert trainer.run(2)
    return trainer


def test_seeds_differ_and_every_recipe_makes_a_trainer(tmp_path):
    assert len({TRAIN_SEED, WATCH_SEED, HELD_OUT_SEED}) == 3
    for name, recipe in RECIPES.items():
        trainer = make_trainer(name, tmp_path / name, steps=10)
        assert type(trainer.model) is recipe.network
        scenes = trainer.task.dataset
        assert len(scenes) == recipe.scenes and (recipe.scenes > KEPT) == (name == "topdown")
        assert getattr(scenes, "dataset", scenes).seed == TRAIN_SEED
        assert trainer.task.held_out.seed == WATCH_SEED and trainer.task.strength == 0.1


def test_the_same_seed_gives_the_same_weights(run, tmp_path):
    again = make_trainer("topdown", tmp_path, steps=2)
    again.run(2)
    for name, array in run.model.state_dict().items():
        np.testing.assert_array_equal(again.model.state_dict()[name], array)


def test_a_recipe_that_was_stopped_continues_to_the_same_bits(run, tmp_path):
    make_trainer("topdown", tmp_path, steps=2).run(1)
    resumed = make_trainer("topdown", tmp_path, steps=2)
    assert resumed.step == 1 and resumed.run(2)
    one, other = resumed.state_dict(), run.state_dict()
    for name in one.keys() - {"run.seconds", "run.sums"}:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_exported_weights_are_small_have_a_record_and_load_again(run, tmp_path):
    result = held_out_score(run, 3)
    path = tmp_path / "small.npz"
    export_weights(run, path, "npkpose train topdown", result)
    assert path.stat().st_size < 900_000
    record = json.loads(path.with_suffix(".json").read_text())
    assert record["command"] == "npkpose train topdown" and record["steps"] == 2
    assert record["held_out_seed"] == HELD_OUT_SEED and record["held_out_scenes"] == 3
    assert record["scores"]["ap"] == pytest.approx(result.stats.ap, abs=1e-4)
    network = SmallTopDown()
    network.load_state_dict(load_npz(path))
    x = network.preprocess(SyntheticPeople(1, size=(64, 48))[0].image)
    exact = run.average.network()(x)
    np.testing.assert_allclose(network.eval()(x), exact, atol=0.01 * np.abs(exact).max())


def test_a_trunk_is_taken_over_and_the_other_layers_stay_new(run, tmp_path):
    trainer = make_trainer("tags", tmp_path / "tags", steps=10)
    own = trainer.model.state_dict()
    start_from(trainer, run.folder / "weights.npz")
    weights, state = load_npz(run.folder / "weights.npz"), trainer.model.state_dict()
    for name, array in state.items():
        wanted = own if name.startswith(("head.", "tags.")) else weights
        np.testing.assert_array_equal(array, wanted[name], err_msg=name)
        np.testing.assert_array_equal(trainer.average.averages[name], array, err_msg=name)
    save_npz(tmp_path / "other.npz", {"layer.weight": np.zeros(3)})
    with pytest.raises(ValueError, match="path: expected weights of a small network, found none"):
        start_from(trainer, tmp_path / "other.npz")


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="name: expected one of topdown, paf, tags, got 'hrnet'"):
        make_trainer("hrnet", tmp_path)


def test_every_run_starts_from_weights_that_an_earlier_run_leaves():
    left = set()
    for run in RUNS:
        assert run.recipe in RECIPES and (run.start is None or run.start in left)
        left |= {f"{run.folder}/weights.npz", run.export}
    assert {f"{name}.npz" for name in RECIPES} <= left
