import json

import numpy as np
import pytest

from npkpose.data.people import SyntheticPeople
from npkpose.models.small import SmallTopDown
from npkpose.training.export import check_export, export_weights
from npkpose.training.recipes import HELD_OUT_SEED, held_out_score, make_trainer
from npkpose.weights import load_npz


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    trainer = make_trainer("topdown", tmp_path_factory.mktemp("run"), steps=1)
    assert trainer.run(1)
    return trainer


def test_exported_weights_are_small_have_a_record_and_load_again(run, tmp_path):
    result = held_out_score(run, 3)
    path = tmp_path / "small.npz"
    export_weights(run, path, "npkpose train topdown", result)
    assert path.stat().st_size < 900_000
    record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["command"] == "npkpose train topdown" and record["steps"] == 1
    assert record["held_out_seed"] == HELD_OUT_SEED and record["held_out_scenes"] == 3
    assert record["scores"]["ap"] == pytest.approx(result.stats.ap, abs=1e-4)
    network = SmallTopDown()
    network.load_state_dict(load_npz(path))
    x = network.preprocess(SyntheticPeople(1, size=(64, 48))[0].image)
    exact = run.average.network()(x)
    np.testing.assert_allclose(network.eval()(x), exact, atol=0.01 * np.abs(exact).max())


def test_an_export_may_replace_an_export_and_no_other_file(run, tmp_path):
    path, folder = tmp_path / "small.npz", tmp_path / "run"
    check_export(path, folder)
    export_weights(run, path, "npkpose train topdown", held_out_score(run, 1))
    check_export(path, folder)
    for content in ("mine", "[]", '{"command": 1}'):
        path.with_suffix(".json").write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match="expected a new file or an older export, got .*npz"):
            check_export(path, folder)
    path.unlink()
    with pytest.raises(ValueError, match="expected a new file or an older export, got .*json"):
        check_export(path, folder)


def test_the_weights_to_start_from_and_the_runs_own_files_are_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    path = tmp_path / "w.npz"
    with pytest.raises(ValueError, match="expected another file than the weights to start from"):
        check_export(path, tmp_path / "run", tmp_path / "a" / ".." / "w.npz")
    with pytest.raises(ValueError, match="expected a file outside the run's folder"):
        check_export(path, tmp_path)
    with pytest.raises(ValueError, match="expected a file ending in .npz, got .*w.json"):
        check_export(tmp_path / "w.json", tmp_path / "run")
