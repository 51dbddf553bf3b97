import os
import subprocess
import sys

import pytest

from npkpose._output import RECORD, Outputs, make_folder


def write(path, text, **options):
    Outputs(**options).write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def test_what_npkpose_wrote_is_replaced_also_by_another_run(tmp_path):
    path = tmp_path / "a.txt"
    for text in ("one", "two", "one"):
        write(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert sorted(os.listdir(tmp_path)) == [RECORD, "a.txt"]


def test_what_npkpose_did_not_write_is_never_replaced(tmp_path):
    mine, changed = tmp_path / "mine.txt", tmp_path / "changed.txt"
    mine.write_text("mine", encoding="utf-8")
    write(changed, "result")
    changed.write_text("result, corrected by hand", encoding="utf-8")
    for path in (mine, changed):
        before = path.read_text(encoding="utf-8")
        for act in (Outputs().check, Outputs().remove, lambda path: write(path, "new")):
            with pytest.raises(ValueError, match=rf"--out: .* npkpose wrote, got .*{path.name}"):
                act(path)
        assert path.read_text(encoding="utf-8") == before
    write(tmp_path / "other.txt", "mine")  # the same content under another name
    with pytest.raises(ValueError, match="that npkpose wrote"):
        write(mine, "new")


def test_an_input_is_refused_under_each_of_its_names(tmp_path):
    path = tmp_path / "in.txt"
    write(path, "result of an earlier run, and now an input")
    (tmp_path / "link.txt").symlink_to(path)
    os.link(path, tmp_path / "hard.txt")
    for name in ("in.txt", "link.txt", "hard.txt", "../" + tmp_path.name + "/in.txt"):
        with pytest.raises(ValueError, match="--plot: expected another file than the input"):
            Outputs([path]).check(tmp_path / name, "--plot")
    Outputs([tmp_path / "none"]).check(path)


def test_a_link_is_followed_and_what_it_points_to_is_safe(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(ValueError, match="that npkpose wrote"):
        write(tmp_path / "link.txt", "new")
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_failed_write_leaves_what_was_there(tmp_path):
    def fail(temporary):
        temporary.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    path = tmp_path / "a.txt"
    for before in ([], ["a.txt"]):
        with pytest.raises(KeyboardInterrupt):
            Outputs().write(path, fail)
        assert [name for name in os.listdir(tmp_path) if name != RECORD] == before
        write(path, "whole")
    assert path.read_text(encoding="utf-8") == "whole"


def test_files_that_are_written_at_the_same_time_appear_when_they_are_finished(tmp_path):
    outputs = Outputs()
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    begun = [outputs.begin(path) for path in paths]
    for path in begun:
        path.write_text(path.name, encoding="utf-8")
    assert not any(path.exists() for path in paths) and len(set(begun)) == 2
    outputs.finish(paths[0], begun[0])
    for path in begun:
        outputs.discard(path)
    assert sorted(os.listdir(tmp_path)) == [RECORD, "a.txt"]
    Outputs().check(paths[0])  # npkpose wrote it


def test_a_run_that_dies_before_the_rename_does_not_lock_its_file(tmp_path):
    code = (
        "import os, sys; from npkpose._output import Outputs\n"
        "os.replace = lambda *paths: os._exit(1)\n"
        "Outputs().write(sys.argv[1], lambda path: path.write_text('new'))\n"
    )
    path = tmp_path / "a.txt"
    write(path, "old")
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == 1
    assert path.read_text(encoding="utf-8") == "old"
    write(path, "newer")
    assert path.read_text(encoding="utf-8") == "newer"


def test_a_result_of_an_earlier_run_is_removed(tmp_path):
    write(tmp_path / "a.txt", "old")
    for _ in range(2):
        Outputs().remove(tmp_path / "a.txt")
        assert os.listdir(tmp_path) == [RECORD]


def test_places_that_cannot_be_written_are_named_before_any_work(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for path in ("none/a.txt", "file/a.txt"):
        with pytest.raises(ValueError, match="--out: expected a folder that exists"):
            Outputs().check(tmp_path / path)
    with pytest.raises(ValueError, match="--out: expected a file, got the folder"):
        Outputs().check(tmp_path / "folder")
    for path in ("file", "file/b"):
        with pytest.raises(ValueError, match="--out: expected a folder, got a file in its place"):
            make_folder(tmp_path / path)
    assert make_folder(tmp_path / "a" / "b").is_dir()


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs a device file")
def test_a_device_is_written_and_not_replaced():
    write("/dev/null", "text")
    assert not os.path.isfile("/dev/null")


def test_strange_names_and_a_damaged_record_are_no_reason_to_replace_anything(tmp_path):
    for name in ("line\nbreak.txt", "走る.txt", "\udcff.txt"):
        write(tmp_path / name, "one")
        write(tmp_path / name, "two")
    (tmp_path / RECORD).write_bytes(b"\xff\xfe\n[")
    with pytest.raises(ValueError, match="that npkpose wrote"):
        write(tmp_path / "走る.txt", "three")
