import re

import pytest

from npkpose.metrics import evaluate_coco


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
