"""Mapped files, numbers in them, and files that are replaced atomically."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.weights.files import (
    BFLOAT16,
    check_state,
    map_file,
    read_numbers,
    remove_unfinished,
    replacing,
)


def test_a_bfloat16_is_the_upper_half_of_a_float32():
    halves = bytes.fromhex("803f 40c0 807f 0000")  # 1, -3, infinity and 0, low bytes first
    numbers = read_numbers(halves, (0, 8), BFLOAT16)
    assert numbers.tolist() == [1.0, -3.0, np.inf, 0.0] and numbers.dtype == np.float32


@given(st.lists(st.floats(width=32), max_size=5), st.integers(0, 9))
def test_numbers_are_read_at_any_position_and_aligned(values, start):
    stored = np.array(values, "<f4")
    data = bytes(start) + stored.tobytes() + b"rest"
    numbers = read_numbers(data, (start, start + stored.nbytes), stored.dtype)
    np.testing.assert_array_equal(numbers, stored)
    assert numbers.flags.aligned


def test_a_mapped_file_is_changed_in_memory_only(tmp_path):
    (tmp_path / "f").write_bytes(bytes(16))
    read_numbers(map_file(tmp_path / "f"), (0, 16), np.dtype("<f8"))[:] = 5
    assert (tmp_path / "f").read_bytes() == bytes(16)


def test_a_mapped_file_keeps_its_bytes_when_it_is_replaced(tmp_path):
    (tmp_path / "f").write_bytes(b"old")
    data = map_file(tmp_path / "f")
    with replacing(tmp_path / "f") as stream:
        stream.write(b"new")
        assert (tmp_path / "f").read_bytes() == b"old"
    assert data[:] == b"old" and (tmp_path / "f").read_bytes() == b"new"


def test_many_threads_replacing_one_file_leave_one_complete_version(tmp_path):
    def write(letter):
        with replacing(tmp_path / "f") as stream:
            for _ in range(50):
                stream.write(letter * 1000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = (tmp_path / "f").read_bytes()
    assert len(content) == 50_000 and len(set(content)) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_two_files_can_be_replaced_at_the_same_time(tmp_path):
    with replacing(tmp_path / "a") as a, replacing(tmp_path / "b") as b:
        a.write(b"1")
        b.write(b"2")
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {
        "a": b"1", "b": b"2"
    }  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links and permissions of POSIX")
def test_a_link_stays_a_link_and_a_file_keeps_its_permissions(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "f", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    with replacing(link) as stream:
        stream.write(b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in target.parent.iterdir()] == ["f"]


@pytest.mark.skipif(os.name == "nt", reason="needs permissions of POSIX")
def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    with replacing(tmp_path / "f") as stream:
        stream.write(b"new")
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_the_longest_file_name_can_be_replaced(tmp_path):
    with replacing(tmp_path / ("x" * 255)) as stream:
        stream.write(b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x" * 255]


def test_a_failure_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError, match="halfway"):
        with replacing(tmp_path / "f") as stream:
            stream.write(b"half")
            raise RuntimeError("halfway")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("call", "message"), [
    (lambda: check_state({"w": ["a"]}), "w: expected real numbers"),
    (lambda: check_state([[0.0]]), r"arrays: expected a Mapping, got \[\[0.0\]\]"),
    (lambda: check_state({1: [0.0]}), "arrays: expected names that are text, got 1"),
])  # fmt: skip
def test_a_name_or_array_that_cannot_be_stored_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "w.pt").write_bytes(b"")
    with pytest.raises(ValueError, match="w.pt: expected a weight file, got an empty one"):
        map_file(tmp_path / "w.pt")


def test_only_unfinished_files_of_the_package_are_removed(tmp_path):
    theirs = {".notes.tmp", ".0123456789abcdef.tmp", ".npkpose-notes.tmp", "npkpose.tmp"}
    for name in theirs | {".npkpose-0123456789abcdef.tmp"}:
        (tmp_path / name).write_text("", encoding="utf-8")
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == theirs


def test_what_a_kill_leaves_unfinished_is_removed(tmp_path):
    code = (
        "import os, sys; from npkpose.weights.files import replacing\n"
        "with replacing(sys.argv[1]) as stream:\n    os._exit(0)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "w.npz")]
    path = os.pathsep.join(sys.path)
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": path})
    assert len(list(tmp_path.iterdir())) == 1
    remove_unfinished(tmp_path)
    assert not list(tmp_path.iterdir())
