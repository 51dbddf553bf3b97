import argparse
import json

import pytest

from npkpose.cli.metrics import add_commands
from npkpose.metrics import evaluate_coco

POINTS = [value for k in range(17) for value in (5 + k, 6 + k, 2)]
PERSON = {"id": 1, "image_id": 7, "category_id": 1, "area": 900.5, "bbox": [5, 6, 16, 16],
          "iscrowd": 0, "num_keypoints": 17, "keypoints": POINTS}  # fmt: skip
RESULT = {"image_id": 7, "category_id": 1, "score": 0.5, "keypoints": POINTS}
IMAGE = {"id": 7, "width": 64, "height": 48}


@pytest.fixture
def run(tmp_path):
    """Write both files; return a function that runs a command on them and returns its status."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(dest="command", required=True))

    def run(command, *flags, person=PERSON, results=(RESULT,)):
        truth = {"images": [IMAGE], "annotations": [person], "categories": [{"id": 1}]}
        for name, data in (("gt.json", truth), ("dt.json", list(results))):
            (tmp_path / name).write_text(json.dumps(data))
        paths = [str(tmp_path / "gt.json"), str(tmp_path / "dt.json")]
        options = parser.parse_args([command, *paths, *flags])
        return options.run(options)

    return run


def test_eval_prints_the_table_and_nothing_else(run, tmp_path, capsys):
    assert run("eval") == 0
    shown = capsys.readouterr()
    assert shown.out == f"{evaluate_coco(tmp_path / 'gt.json', tmp_path / 'dt.json')}\n"
    assert shown.out.count("= 1.000\n") == 6 and shown.err == ""


def test_eval_says_in_one_line_each_what_it_warns_of(run, capsys):
    for flags, first in (([], "= 1.000"), (["--strict"], "= 0.000")):
        assert run("eval", *flags, person=PERSON | {"id": 0}) == 0
        shown = capsys.readouterr()
        assert shown.out.splitlines()[0].endswith(first)
        assert shown.err.startswith("npkpose eval: warning: ") and shown.err.count("\n") == 1


def test_eval_says_what_ap_is_lost_to(run, capsys):
    stray = RESULT | {"score": 0.9, "keypoints": [5000] * 51}
    assert run("eval", "--errors", results=(stray, RESULT)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("= 0.500")
    (background,) = (line.split() for line in lines if line.startswith("background"))
    assert background[1:3] == ["1", "0.500"]


def test_eval_draws_a_picture(run, tmp_path):
    pytest.importorskip("matplotlib")
    assert run("eval", "--plot", str(tmp_path / "plot.png")) == 0
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"


def test_eval_of_a_malformed_file_is_an_error_that_names_it(run):
    with pytest.raises(ValueError, match=r"gt.json: annotations\[0\].area: expected a number"):
        run("eval", person=PERSON | {"area": None})


def test_doctor_finds_nothing_or_says_what_it_does_to_the_score(run, capsys):
    assert run("doctor") == 0 and capsys.readouterr().out == "nothing found\n"
    assert run("doctor", person=PERSON | {"area": 1}) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "1 x area from 0 to less than 2: annotations[0]" and "OKS is" in second


def test_the_doctors_status_says_whether_the_score_is_another(run, tmp_path, capsys):
    assert run("doctor", person=PERSON | {"num_keypoints": 3}) == 0
    assert "    None: COCO asks only" in capsys.readouterr().out
    assert run("doctor", person=PERSON | {"id": 1.5}) == 1
    assert run("doctor", results=[3]) == 2
    shown = capsys.readouterr()
    assert "dt.json[0]: expected an object, got 3" in shown.err
    with pytest.raises(SystemExit):
        run("doctor", "--help")
    assert "Exit status: 0 if no finding changes a score" in capsys.readouterr().out


def test_doctor_of_a_file_that_is_not_there_is_2(capsys):
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    options = parser.parse_args(["doctor", "nowhere.json"])
    assert options.run(options) == 2 and "nowhere.json" in capsys.readouterr().err


def test_doctor_does_without_results(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    path = tmp_path / "gt.json"
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    options = parser.parse_args(["doctor", str(path)])
    assert options.run(options) == 0 and capsys.readouterr().out == "nothing found\n"
