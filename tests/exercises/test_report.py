import sys

import numpy as np
import pytest

from npkpose.exercises.report import grid_of_images, print_refinements, progress, save_grid


def test_without_tqdm_ten_lines_are_printed(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    report = progress(40)
    for step in range(40):
        report(step, 1 / (step + 1))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0] == "   step 4 of 40: loss 0.25000"
    assert lines[-1] == "   step 40 of 40: loss 0.02500"


def test_a_table_of_refinements_has_means_and_gains(capsys):
    print_refinements({"argmax": np.array([[1.0, 3.0]]), "quarter": np.array([[0.5, np.nan]])})
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == "argmax mean L2 2.000 px +0.000 px better than argmax".split()
    assert second.split() == "quarter mean L2 0.500 px +1.500 px better than argmax".split()


@pytest.mark.parametrize("suffix, start", [
    (".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"),
])  # fmt: skip
def test_a_grid_of_images_has_the_format_of_its_name(suffix, start, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib")
    figure, axes = grid_of_images(1, 2)
    path = tmp_path / f"grid{suffix}"
    save_grid(figure, axes, path, ["a row"])
    assert path.read_bytes().startswith(start)
