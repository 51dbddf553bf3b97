import pytest

from npkpose.training.folder import RunFolder

COLUMNS = "step", "loss"


@pytest.mark.parametrize("name", ["log.csv", "best.npz", "weights.npz", "curves.png"])
def test_a_file_that_no_run_wrote_is_refused_and_stays(tmp_path, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=f"got {name} without a checkpoint"):
        RunFolder(tmp_path, COLUMNS)
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_files_beside_a_log_or_a_checkpoint_are_a_runs_own(tmp_path):
    (tmp_path / "best.npz").write_text("", encoding="utf-8")
    (tmp_path / "log.csv").write_text("step,loss\n1,2\n", encoding="utf-8")
    RunFolder(tmp_path, COLUMNS)
    (tmp_path / "log.csv").unlink()
    (tmp_path / "checkpoint.npz").write_text("", encoding="utf-8")
    RunFolder(tmp_path, COLUMNS)


def test_cleaning_removes_only_what_the_package_left_unfinished(tmp_path):
    theirs = {".notes.tmp", ".0123456789abcdef.tmp", ".npkpose-notes.tmp", "npkpose.tmp", ".hidden"}
    for name in theirs | {".npkpose-0123456789abcdef.tmp"}:
        (tmp_path / name).write_text("", encoding="utf-8")
    RunFolder(tmp_path, COLUMNS).clean()
    assert {path.name for path in tmp_path.iterdir()} == theirs


def test_another_writer_of_the_checkpoint_is_noticed(tmp_path):
    folder = RunFolder(tmp_path / "new", COLUMNS)
    folder.check_unchanged()
    folder.checkpoint.write_text("other", encoding="utf-8")
    with pytest.raises(ValueError, match="checkpoint.npz: expected the checkpoint that this run"):
        folder.check_unchanged()
    folder.note_checkpoint()
    folder.check_unchanged()
