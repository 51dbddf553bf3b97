import numpy as np
import pytest

from npkpose.data.people import SyntheticPeople
from npkpose.training.recipes import (
    HELD_OUT_SEED,
    KEPT,
    RECIPES,
    RUNS,
    TRAIN_SEED,
    WATCH_SEED,
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


def test_a_continued_run_must_start_from_the_same_weights(run, tmp_path):
    save_npz(tmp_path / "other.npz", {n: a + 1 for n, a in run.average.averages.items()})
    trainer = make_trainer("topdown", tmp_path / "run", steps=2)
    start_from(trainer, run.folder / "weights.npz")
    trainer.run(1)
    resumed = make_trainer("topdown", tmp_path / "run", steps=2)
    start_from(resumed, run.folder / "weights.npz")  # which loads nothing
    for name, array in trainer.model.state_dict().items():
        np.testing.assert_array_equal(resumed.model.state_dict()[name], array, err_msg=name)
    with pytest.raises(ValueError, match="expected the weights that the run in .* started from"):
        start_from(resumed, tmp_path / "other.npz")
    with pytest.raises(ValueError, match="expected the weights that the run in .* started from"):
        start_from(make_trainer("topdown", run.folder, steps=2), tmp_path / "other.npz")


def test_a_run_of_another_recipe_seed_length_or_data_set_is_not_continued(tmp_path):
    make_trainer("topdown", tmp_path, steps=2).run(1)
    data = SyntheticPeople(9, 1)
    for arguments, message in (
        ({"name": "paf"}, "network: expected 'topdown', as in the checkpoint, got 'paf'"),
        ({"seed": 1}, "seed: expected 0, as in the checkpoint, got 1"),
        ({"steps": 3}, "steps: expected 2, as in the checkpoint, got 3"),
        ({"data": data}, "strength: expected 0.1, as in the checkpoint, got 1.0"),
        ({"watch": data}, "held_out: expected 'SyntheticPeople.100, seed=102, .* got 'Synthetic"),
    ):
        with pytest.raises(ValueError, match=message):
            make_trainer(**{"name": "topdown", "folder": tmp_path, "steps": 2} | arguments)


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="one of topdown, paf, tags, detector, got 'hrnet'"):
        make_trainer("hrnet", tmp_path)


def test_every_run_starts_from_weights_that_an_earlier_run_leaves():
    left = set()
    for run in RUNS:
        assert run.recipe in RECIPES and (run.start is None or run.start in left)
        left |= {f"{run.folder}/weights.npz", run.export}
    assert {f"{name}.npz" for name in RECIPES} <= left
