import argparse

import pytest

from npkpose.exercises.plot_file import PlotFile

pytest.importorskip("matplotlib", reason="plots need Matplotlib")


def test_a_plot_is_written_and_replaced_but_no_file_of_the_user(tmp_path, capsys):
    from matplotlib.figure import Figure

    path = tmp_path / "plot.png"
    for _ in range(2):
        PlotFile(str(path)).save(Figure())
        assert capsys.readouterr().out == f"wrote {path}\n"
    assert path.read_bytes().startswith(b"\x89PNG")
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(argparse.ArgumentTypeError, match="^expected a new file or one that npkp"):
        PlotFile(str(path))


@pytest.mark.parametrize("name, message", [
    ("plot.xyz", "expected a file ending in"), ("none/plot.png", "expected a folder that exists"),
    (".", "expected a file"),
])  # fmt: skip
def test_a_path_that_is_none_of_a_plot_is_refused_before_the_work(tmp_path, name, message):
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{message}"):
        PlotFile(str(tmp_path / name))
