import json
import re

import numpy as np
import pytest

from npkpose import HAND_21
from npkpose.cli.main import main
from npkpose.metrics import evaluate_coco
from tests.metrics.coco.test_wholebody import one_person as wholebody_person


def test_the_table_is_printed_and_nothing_else(run_on_coco, tmp_path, capsys):
    run_on_coco("eval")
    capsys.readouterr()  # of a first run: a note that kernels compile
    assert run_on_coco("eval") == 0
    shown = capsys.readouterr()
    assert shown.out == f"{evaluate_coco(tmp_path / 'gt.json', tmp_path / 'dt.json')}\n"
    assert shown.out.count("= 1.000\n") == 6 and shown.err == ""


def test_each_warning_is_one_line(run_on_coco, person, capsys):
    for flags, first in (([], "= 1.000"), (["--strict"], "= 0.000")):
        assert run_on_coco("eval", *flags, person=person | {"id": 0}) == 0
        shown = capsys.readouterr()
        assert shown.out.splitlines()[0].endswith(first)
        assert shown.err.startswith("npkpose eval: warning: ") and shown.err.count("\n") == 1


def test_errors_prints_the_ap_that_each_kind_costs(run_on_coco, result, capsys):
    stray = result | {"score": 0.9, "keypoints": [5000] * 51}
    assert run_on_coco("eval", "--errors", results=(stray, result)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("= 0.500")
    (background,) = (line.split() for line in lines if line.startswith("background"))
    assert background[1:3] == ["1", "0.500"]


def test_plot_writes_a_plot(run_on_coco, tmp_path):
    pytest.importorskip("matplotlib")
    assert run_on_coco("eval", "--plot", str(tmp_path / "plot.png")) == 0
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("name, message", [
    ("dt.json", "--plot: expected a file ending in .*png.*svg.* got"),
    ("none/a.png", "--plot: expected a folder that exists"),
    ("mine.png", "--plot: expected a new file or one that npkpose wrote"), ("plot", "in .*.png"),
])  # fmt: skip
def test_a_plot_that_cannot_be_written_is_refused_before_the_score(
    run_on_coco, tmp_path, capsys, name, message
):
    pytest.importorskip("matplotlib")
    (tmp_path / "mine.png").write_text("mine", encoding="utf-8")
    assert run_on_coco("eval", "--plot", str(tmp_path / name)) == 1
    output, error = capsys.readouterr()
    assert output == "" and re.search(message, error)
    assert (tmp_path / "mine.png").read_text(encoding="utf-8") == "mine"


def test_an_id_with_codes_does_not_act_on_the_terminal(run_on_coco, result, capsys):
    for command in ("eval", "doctor"):
        run_on_coco(command, results=[result | {"image_id": "\x1b[2Kx"}])
        assert "\x1b" not in "".join(capsys.readouterr())


def test_a_malformed_file_is_an_error_that_names_it(run_on_coco, person, capsys):
    assert run_on_coco("eval", person=person | {"area": None}) == 1
    assert "gt.json: annotations[0].area: expected a number" in capsys.readouterr().err


def write(tmp_path, truth, results):
    paths = tmp_path / "truth.json", tmp_path / "results.json"
    for path, data in zip(paths, (truth, results)):
        path.write_text(json.dumps(data), encoding="utf-8")
    return [str(path) for path in paths]


def hands(tmp_path, **category):
    """Write annotations of one hand, and a result that finds it."""
    points = np.c_[np.arange(21), np.arange(21) * 2, np.full(21, 2)].ravel().tolist()
    entry = {"image_id": 1, "category_id": 4, "keypoints": points}
    hand = {**entry, "id": 1, "area": 900, "bbox": [0, 0, 30, 50], "iscrowd": 0,
            "num_keypoints": 21}  # fmt: skip
    categories = [{"id": 4, "name": "hand", "keypoints": list(HAND_21.keypoints), **category}]
    truth = {"images": [{"id": 1}], "annotations": [hand], "categories": categories}
    return write(tmp_path, truth, [{**entry, "score": 0.5}])


def test_other_keypoints_are_scored_by_the_skeleton_of_the_file(tmp_path, capsys):
    paths = hands(tmp_path)
    for flags in (["--skeleton", "auto"], ["--skeleton", "hand-21", "--category", "hand"]):
        assert main(["eval", *paths, "--protocol", "xtcoco", *flags]) == 0
        assert capsys.readouterr().out.splitlines()[0].endswith("= 1.000")
    assert main(["eval", *paths]) == 1
    assert "21 keypoints" in capsys.readouterr().err
    assert main(["eval", *paths, "--protocol", "xtcoco", "--category", "foot"]) == 1
    assert "--category: expected one of hand (4), got 'foot'" in capsys.readouterr().err


def test_sigmas_are_to_be_given_where_nobody_published_them(tmp_path, capsys):
    paths = hands(tmp_path, name="paw", keypoints=[f"p{k}" for k in range(21)])
    flags = ["--protocol", "xtcoco", "--skeleton", "auto"]
    assert main(["eval", *paths, *flags]) == 1
    assert "constants of paw, got none for 21 of 21 keypoints" in capsys.readouterr().err
    assert main(["eval", *paths, *flags, "--sigmas", "0.05"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].endswith("= 1.000") and "is a guess" in shown.err


def test_distances_are_printed_by_name(tmp_path, capsys):
    paths = hands(tmp_path)
    assert main(["eval", *paths, "--protocol", "onehand10k"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["PCK@0.2", "=", "1.0000"], ["AUC@30px", "=", "1.0000"],
                     ["EPE", "=", "0.0000"]]  # fmt: skip
    assert main(["eval", *paths, "--protocol", "nme", "--size", "box", "--thresholds", "0.2"]) == 0
    assert "FR@0.2" in capsys.readouterr().out


@pytest.mark.parametrize("flags, message", [
    (["--protocol", "voc"], "--protocol: expected one of coco, .*posetrack, got 'voc'"),
    (["--protocol", "pck", "--sigmas", "0.1"], "--sigmas: expected no such option with --protocol"),
    (["--size", "box"], "--size: expected no such option with --protocol coco"),
    (["--protocol", "posetrack"], "expected the field head_boxes|PoseTrack's keypoints"),
    (["--protocol", "wholebody"], "expected a list of 51 numbers|foot_kpts"),
    (["--skeleton", "nothing"], "--skeleton: expected a skeleton"),
    (["--protocol", "pck", "--category", "a", "--category", "b"], "--category: expected one for"),
])  # fmt: skip
def test_options_that_do_not_fit_are_one_line(tmp_path, capsys, flags, message):
    assert main(["eval", *hands(tmp_path), *flags]) == 1
    output, error = capsys.readouterr()
    assert output == "" and error.count("\n") == 1 and re.search(message, error)


def test_the_parts_of_wholebody_are_a_table(tmp_path, capsys):
    truth, results = wholebody_person()
    assert main(["eval", *write(tmp_path, truth, results), "--protocol", "wholebody"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "body", "foot", "face", "lefthand", "righthand", "wholebody",
    ]  # fmt: skip


def test_files_of_other_formats_are_read(tmp_path, capsys):
    people = [{"joints_vis": [1] * 16, "joints": [[x, x] for x in range(1, 17)], "image": "a.png",
               "scale": 1.0, "center": [8, 8]}]  # fmt: skip
    points = np.c_[np.arange(16), np.arange(16), np.ones(16)].ravel().tolist()
    found = {"image_id": 0, "category_id": 1, "keypoints": points, "score": 0.5}
    paths = write(tmp_path, people, [found])
    assert main(["eval", *paths, "--protocol", "xtcoco", "--skeleton", "auto"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].endswith("= 1.000") and "no area" in shown.err
