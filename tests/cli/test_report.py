"""--json prints one object that programs read, --quiet nothing; both for every command."""

import argparse
import json

import numpy as np
import pytest

from npkpose.cli.main import _make_parser, main
from npkpose.cli.report import as_plain, report, tell

CSV = "image,instance,keypoint,x,y\na.png,0,tip,1.5,2\na.png,0,end,3,4\n"


def test_every_command_has_both_options():
    commands = _make_parser()._subparsers._group_actions[0].choices
    assert len(commands) >= 12
    for name, command in commands.items():
        assert {"--json", "--quiet"} <= set(command._option_string_actions), name


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_a_conversion_as_json_is_one_object_and_quiet_is_nothing(table, tmp_path, capsys):
    out = tmp_path / "new.json"
    assert main(["convert", str(table), str(out), "--to", "coco", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["instances"], told["images"], told["files"]) == (1, 1, [str(out)])
    assert main(["convert", str(table), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_errors_are_on_stderr_in_each_case(tmp_path, capsys):
    for option in ("--json", "--quiet"):
        assert main(["convert", str(tmp_path / "missing.csv"), option]) == 1
        printed = capsys.readouterr()
        assert printed.out == "" and "missing.csv" in printed.err


def test_facts_are_plain_and_lists_grow(capsys):
    options = argparse.Namespace(report_json=True, quiet=False)
    with report(options):
        print("for people")
        tell(options, numbers=[np.float32(0.5)], nan=np.nan)
        tell(options, numbers=[np.int64(2)], shape=np.arange(3), name=None)
    wanted = {"numbers": [0.5, 2], "nan": None, "shape": [0, 1, 2], "name": None}
    assert json.loads(capsys.readouterr().out) == wanted
    assert as_plain({1: (True, "text")}) == {"1": [True, "text"]}
