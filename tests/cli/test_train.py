import argparse
import json

import pytest

from npkpose.cli import train as cli_train
from npkpose.cli.main import main
from npkpose.data.coco_writer import write_coco
from npkpose.data.people import SyntheticPeople
from npkpose.training import read_log
from npkpose.training.recipes import RECIPES


def run(*arguments):
    """Run the command as the program does; return its status."""
    parser = argparse.ArgumentParser()
    cli_train.add_command(parser.add_subparsers(dest="command", required=True))
    options = parser.parse_args(["train", *map(str, arguments)])
    return options.run(options)


def test_the_command_knows_every_recipe():
    assert cli_train.NETWORKS == tuple(RECIPES)


def test_training_ends_with_a_score_curves_and_weights(tmp_path, capsys):
    out, weights = tmp_path / "run", tmp_path / "small.npz"
    status = run("topdown", "--out", out, "--steps", 2, "--evaluate-every", 0,
                 "--held-out", 2, "--export", weights)  # fmt: skip
    assert status == 0 and "Average Precision" in capsys.readouterr().out
    assert weights.exists() and len(read_log(out / "log.csv")) == 1
    record = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["command"] == "npkpose train topdown --steps 2 --seed 0"
    assert run("topdown", "--out", out, "--steps", 2, "--held-out", 0) == 0
    assert "continuing at step 2 of 2" in capsys.readouterr().out


def test_coco_files_can_be_trained_on(tmp_path):
    pytest.importorskip("PIL", reason="images need Pillow")
    annotations = write_coco(SyntheticPeople(3, seed=1, size=(48, 72)), tmp_path / "coco")
    files = "--annotations", annotations, "--images", tmp_path / "coco" / "images"
    for network in ("topdown", "detector"):
        folder = tmp_path / network
        assert run(network, "--out", folder, "--steps", 1, "--held-out", 0, *files) == 0


def test_a_record_says_which_weights_a_run_started_from(tmp_path):
    assert run("topdown", "--out", tmp_path / "trunk", "--steps", 1, "--held-out", 0) == 0
    start, weights = tmp_path / "trunk" / "weights.npz", tmp_path / "small.npz"
    assert run("paf", "--out", tmp_path / "paf", "--steps", 1, "--start", start,
               "--held-out", 1, "--export", weights) == 0  # fmt: skip
    record = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["command"].endswith("--seed 0 --start trunk/weights.npz")


def test_all_trains_every_network_from_the_one_before_and_exports_it(tmp_path, capsys):
    out = tmp_path / "all"
    arguments = "--out", out, "--steps", 1, "--evaluate-every", 0, "--held-out", 1
    assert run("all", *arguments) == 0
    exported = {path.stem: json.loads(path.read_bytes())["command"] for path in out.glob("*.json")}
    assert exported == {
        "paf": "npkpose train paf --steps 1 --seed 0 --start trunk/weights.npz",
        "topdown": "npkpose train topdown --steps 1 --seed 0 --start all/paf.npz",
        "tags": "npkpose train tags --steps 1 --seed 0 --start all/paf.npz",
        "detector": "npkpose train detector --steps 1 --seed 0 --start all/paf.npz",
    }
    capsys.readouterr()
    assert run("all", *arguments) == 0  # nothing is trained twice
    assert capsys.readouterr().out.count("continuing at step 1 of 1") == 5


def test_all_refuses_what_it_sets_itself(tmp_path):
    for option in ("--start", "--export"):
        with pytest.raises(ValueError, match=f"{option}: expected none with all"):
            run("all", "--out", tmp_path / "all", option, "weights.npz")
    assert not (tmp_path / "all").exists()


def test_a_run_is_not_continued_with_fewer_steps_or_another_seed(tmp_path, capsys):
    fixed = "train", "topdown", "--out", str(tmp_path / "run"), "--held-out", "0"
    assert main([*fixed, "--steps", "2", "--evaluate-every", "0"]) == 0
    capsys.readouterr()
    for option in (["--steps", "1"], ["--steps", "2", "--seed", "1"], ["--steps", "0"]):
        assert main([*fixed, *option]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "expected" in error
        assert f"{option[-2].removeprefix('--')}: expected" in error


def test_an_export_never_replaces_a_file_of_the_user(tmp_path):
    mine = tmp_path / "w.npz"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="--export: expected a new file or an older export"):
        run("topdown", "--out", tmp_path / "run", "--steps", 1, "--export", mine)
    assert mine.read_text(encoding="utf-8") == "mine" and not (tmp_path / "run").exists()


def test_an_export_without_a_score_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(ValueError, match="--export: expected --held-out above 0"):
        run("topdown", "--out", tmp_path / "run", "--held-out", 0, "--export", tmp_path / "x.npz")
    assert not (tmp_path / "run").exists()


def test_an_export_into_no_folder_is_refused_before_anything_is_trained(tmp_path):
    out = tmp_path / "none" / "x.npz"
    with pytest.raises(ValueError, match="--export: expected a folder that exists, got .*none"):
        run("topdown", "--out", tmp_path / "run", "--export", out)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("option, value", [
    ("--steps", "0"), ("--seed", "-1"), ("--workers", "-1"), ("--save-every", "0"),
    ("--evaluate-every", "-1"), ("--held-out", "-1"),
])  # fmt: skip
def test_a_number_out_of_range_is_named_by_its_option(tmp_path, capsys, option, value):
    assert main(["train", "topdown", "--out", str(tmp_path / "run"), option, value]) == 1
    error = capsys.readouterr().err
    assert f"npkpose train: {option}: expected at least " in error and error.count("\n") == 1


def test_half_of_a_pair_of_options_is_refused(tmp_path):
    with pytest.raises(ValueError, match="--annotations, --images: expected both or neither"):
        run("topdown", "--out", tmp_path, "--images", tmp_path)
