import pytest

from npkpose.training.log import Log, plot_log, read_log

COLUMNS = "step", "loss", "ap"


def test_rows_are_read_back_without_empty_cells(tmp_path):
    log = Log(tmp_path / "log.csv", COLUMNS)
    log.append({"step": 10, "loss": 0.25, "ap": None})
    log.append({"step": 20, "loss": 1e-9, "ap": 0.5})
    assert read_log(tmp_path / "log.csv") == [
        {"step": 10, "loss": 0.25}, {"step": 20, "loss": 1e-9, "ap": 0.5}
    ]  # fmt: skip
    lines = (tmp_path / "log.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["step,loss,ap", "10,0.25,"]


def test_rows_after_the_checkpoint_of_a_killed_run_are_dropped(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss,ap\n10,1,\n20,0.5,\n30,0.2,\n40,0.", encoding="utf-8")
    log = Log(path, COLUMNS, last_step=20)
    log.append({"step": 30, "loss": 0.3})
    assert [row["loss"] for row in read_log(path)] == [1, 0.5, 0.3]


def test_a_new_run_starts_an_empty_log(tmp_path):
    (tmp_path / "log.csv").write_text("step,loss,ap\n10,1,\n", encoding="utf-8")
    Log(tmp_path / "log.csv", COLUMNS)
    assert read_log(tmp_path / "log.csv") == []


def test_a_log_is_plotted(tmp_path):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib")
    log = Log(tmp_path / "log.csv", ("step", "seconds", "lr", "gradient_norm", "loss", "ap"))
    for step in (1, 2, 3):
        log.append({"step": step, "lr": 0.1, "loss": 1 / step, "ap": 0.5 if step == 2 else None})
    plot_log(tmp_path / "log.csv", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
