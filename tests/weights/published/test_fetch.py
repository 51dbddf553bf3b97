"""Every fault of a server has its own message, and leaves no file under its final name."""

import errno
import hashlib
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import npkpose
from npkpose.weights.published import cache, fetch
from npkpose.weights.published.download import BLOCK

from .conftest import WEIGHTS, zipped

PACKAGE = pathlib.Path(npkpose.__file__).parent
SHA = hashlib.sha256(WEIGHTS).hexdigest()


def final_files(folder):
    """Return the names in the cache that are neither records nor parts of a download."""
    kept = (".record", ".part", ".origin", ".lock")
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(kept))


@pytest.mark.parametrize("length", [8, 64])
def test_a_file_is_downloaded_checked_recorded_and_then_read_from_the_cache(
    server, publish, folder, caplog, length
):
    address, files = server
    publish([f"{address}/good/w.pth"], hash=SHA[:length], licence="a licence", data="some data")
    path = fetch("net")
    assert path == folder / "w.pth" and path.read_bytes() == WEIGHTS
    told = caplog.text
    caplog.clear()
    assert "licence of the weights: a licence" in told and "learnt from: some data" in told
    record = json.loads((folder / "w.pth.record").read_text("utf-8"))
    assert record["sha256"] == SHA and record["url"] == f"{address}/good/w.pth"
    assert fetch("net") == path == fetch("net", offline=True)
    assert len(files.requests) == 1 and caplog.text == ""


def test_the_hash_is_that_of_sha384_if_it_has_96_digits(server, publish):
    digits = hashlib.sha384(WEIGHTS).hexdigest()
    publish([f"{server[0]}/good/w.pth"], hash=digits)
    assert fetch("net", quiet=True).read_bytes() == WEIGHTS
    publish([f"{server[0]}/good/w.pth"], hash="0" * 96, file="v.pth")
    with pytest.raises(OSError, match="its SHA384 is"):
        fetch("net", quiet=True)


FAULTS = {
    "truncated": "broke the connection off before the end of the file; tried 3 times",
    "stalled": "sent nothing for 0.2 s; tried 3 times",
    "silent": "sent nothing for 0.2 s; tried 3 times",
    "missing": "says 404 Not Found: the file is no longer there",
    "forbidden": "says 403 Forbidden: it does not give the file to everybody",
    "busy": "says 503 Service Unavailable: try again later",
    "circle": "redirects in a circle",
    "wrong": f"sent another file: its SHA256 is [0-9a-f]{{64}}, not {SHA}",
    "page": f"not {SHA}; this is a web page",
    "shifted": "resumes at another byte than asked for",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_message_and_leaves_no_file(server, publish, folder, fault):
    url = f"{server[0]}/{fault}/w.pth"
    publish([url])
    with pytest.raises(OSError) as error:
        fetch("net", quiet=True)
    message = str(error.value)
    assert re.search(f"{re.escape(url)} .*{FAULTS[fault]}", message)
    assert "none of them is ours" in message and "search for w.pth" in message
    assert f"--weights FILE, or put it into the cache as {folder / 'w.pth'}" in message
    assert final_files(folder) == [] and cache.cached() == []


def test_a_server_that_is_not_there_or_sends_too_much_is_named_too(server, publish, folder):
    publish([f"{server[0]}/endless/w.pth"], size=len(WEIGHTS))
    with pytest.raises(OSError, match="sends more than the 204,804 bytes of the file"):
        fetch("net", quiet=True)
    publish(["http://127.0.0.1:1/w.pth"])
    with pytest.raises(OSError, match="127.0.0.1:1/w.pth cannot be reached"):
        fetch("net", quiet=True)
    assert final_files(folder) == []


def test_a_redirect_is_followed_and_mirrors_are_tried_in_turn(server, publish, caplog):
    address, files = server
    publish([f"{address}/missing/w.pth", f"{address}/wrong/w.pth", f"{address}/moved/w.pth"])
    assert fetch("net").read_bytes() == WEIGHTS
    assert [path.split("/")[1] for path, _ in files.requests] == [
        "missing", "wrong", "moved", "good"
    ]  # fmt: skip
    assert caplog.text.count("says 404") == 1
    assert f"the next address is {address}/moved/w.pth" in caplog.text


def test_a_failed_download_is_told_once_in_the_error(server, publish, caplog):
    urls = [f"{server[0]}/{fault}/w.pth" for fault in ("missing", "forbidden")]
    publish(urls)
    with pytest.raises(OSError, match="says 404 .*says 403 .*Try again later") as error:
        fetch("net")
    assert "says" not in caplog.text and str(error.value).count(urls[0]) == 1


def test_a_broken_download_is_resumed_where_it_broke_off(server, publish):
    address, files = server
    publish([f"{address}/once/w.pth"])
    assert fetch("net", quiet=True).read_bytes() == WEIGHTS
    assert [wanted for _, wanted in files.requests] == [None, f"bytes={BLOCK}-"]


def test_the_next_run_resumes_but_only_the_same_version_of_the_same_address(
    server, publish, folder
):
    address, files = server
    publish([f"{address}/truncated/w.pth"])
    with pytest.raises(OSError):
        fetch("net", quiet=True)
    origin = {"url": f"{address}/good/w.pth", "mark": '"1"'}
    (folder / "w.pth.part.origin").write_text(json.dumps(origin), "utf-8")
    publish([f"{address}/good/w.pth"])
    assert fetch("net", quiet=True).read_bytes() == WEIGHTS
    assert files.requests[-1][1] == f"bytes={BLOCK}-"
    for mark in ('"another"', None):
        cache.remove_all()
        folder.mkdir(exist_ok=True)
        (folder / "w.pth.part").write_bytes(b"another version")
        (folder / "w.pth.part.origin").write_text(json.dumps(origin | {"mark": mark}), "utf-8")
        assert fetch("net", quiet=True).read_bytes() == WEIGHTS


def test_without_a_mark_of_the_version_a_broken_download_starts_again(server, publish):
    publish([f"{server[0]}/unmarked/w.pth"])
    assert fetch("net", quiet=True).read_bytes() == WEIGHTS
    assert [wanted for _, wanted in server[1].requests] == [None, None]


@pytest.mark.parametrize("there, requests", [(bytes(len(WEIGHTS) + 5), 2), (WEIGHTS, 1)])
def test_a_part_that_is_too_long_is_thrown_away_and_a_whole_one_is_used(
    server, publish, folder, there, requests
):
    folder.mkdir()
    url = f"{server[0]}/good/w.pth"
    (folder / "w.pth.part").write_bytes(there)
    (folder / "w.pth.part.origin").write_text(json.dumps({"url": url, "mark": '"1"'}), "utf-8")
    publish([url])
    assert fetch("net", quiet=True).read_bytes() == WEIGHTS
    assert len(server[1].requests) == requests


def test_the_full_hash_of_the_first_download_is_pinned(server, publish, folder):
    address, files = server
    entry = publish([f"{address}/good/w.pth"], hash=SHA[:8])
    fetch("net", quiet=True)
    cache.remove([entry])
    record = folder / "w.pth.record"
    pinned = json.loads(record.read_text("utf-8"))
    record.write_text(json.dumps(pinned | {"sha256": SHA[:8] + "0" * 56}), "utf-8")
    with pytest.raises(OSError, match=f"{SHA}, and the first download had {SHA[:8]}0000"):
        fetch("net", quiet=True)
    cache.remove_all()
    assert fetch("net", quiet=True).read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    "sent, kind",
    [(b"no archive", ".pth file; this is text"), (b"PK\3\4" + bytes(99), "is no .pth file")],
)
def test_a_file_without_a_published_hash_must_be_of_its_kind_and_whole(
    server, publish, folder, sent, kind
):
    address, files = server
    files.files["w.pth"] = sent
    publish([f"{address}/good/w.pth"], hash=None)
    with pytest.raises(OSError, match=kind):
        fetch("net", quiet=True)
    assert final_files(folder) == []
    files.files["w.pth"] = zipped({"archive/data.pkl": b"x" * 100})
    assert fetch("net", quiet=True).read_bytes() == files.files["w.pth"]


def test_of_an_archive_the_one_network_is_kept_under_the_archives_name(server, publish, folder):
    address, files = server
    network = b"\x08\7" + bytes(range(200)) * 50
    inner = hashlib.sha256(network).hexdigest()
    files.files["a.zip"] = zipped({"../2023/end2end.onnx": network, "2023/deploy.json": b"{}"})
    publish([f"{address}/good/a.zip"], file="a.zip", hash=None, inner_hash=inner)
    path = fetch("net", quiet=True)
    assert path == folder / "a.onnx" and path.read_bytes() == network
    assert final_files(folder) == ["a.onnx"] and not (folder.parent / "2023").exists()
    assert json.loads((folder / "a.onnx.record").read_text("utf-8"))["sha256"] == inner


BOMB = {"end2end.onnx": bytes(10**6)}
ARCHIVES = {
    "none": ({"model.onnx": b"1"}, "with 0 files end2end.onnx"),
    "two": ({"a/end2end.onnx": b"1", "b/end2end.onnx": b"2"}, "with 2 files end2end.onnx"),
    "bomb": (BOMB, "bytes for 1,000,000"),
    "other": ({"end2end.onnx": b"\x08another"}, "its SHA256 is"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_are_not_as_published_are_refused(server, publish, folder, name):
    address, files = server
    members, message = ARCHIVES[name]
    files.files["a.zip"] = zipped(members)
    publish([f"{address}/good/a.zip"], file="a.zip", hash=None, inner_hash="0" * 64)
    with pytest.raises(OSError, match=message):
        fetch("net", quiet=True)
    assert final_files(folder) == []


def test_a_damaged_member_of_an_archive_is_refused(server, publish, folder):
    address, files = server
    archive = bytearray(zipped({"end2end.onnx": np.random.default_rng(0).bytes(4000)}))
    archive[2000] ^= 255
    files.files["a.zip"] = bytes(archive)
    publish([f"{address}/good/a.zip"], file="a.zip", hash=None)
    with pytest.raises(OSError, match="a zip archive that is damaged"):
        fetch("net", quiet=True)
    assert final_files(folder) == []


def test_a_file_for_browsers_only_says_how_to_get_it_and_is_used_from_the_cache(publish, folder):
    publish([], page="https://drive.google.com/x", file="by_hand.pth")
    with pytest.raises(OSError, match="programs cannot download .* https://drive.google.com/x in "):
        fetch("net")
    folder.mkdir()
    (folder / "by_hand.pth").write_bytes(b"another file")
    with pytest.raises(OSError, match="by_hand.pth: not the published file of net: its SHA256"):
        fetch("net")
    (folder / "by_hand.pth").write_bytes(WEIGHTS)
    assert fetch("net") == folder / "by_hand.pth"
    for changed in (WEIGHTS[:-1], WEIGHTS[:-1] + b"x"):  # since it was checked
        (folder / "by_hand.pth").write_bytes(changed)
        with pytest.raises(OSError, match="not the published file"):
            fetch("net")


def test_offline_and_without_pooch_nothing_is_asked_of_a_server(server, publish, monkeypatch):
    address, files = server
    publish([f"{address}/good/w.pth"])
    with pytest.raises(OSError, match="offline nothing is downloaded; download http://.*/w.pth"):
        fetch("net", offline=True)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'npkpose\[weights\]"; or .* --weights FILE'):
        fetch("net")
    with pytest.raises(ValueError, match="model: expected a name that .*, such as net, got 'nett'"):
        fetch("nett")
    assert files.requests == []


def test_a_full_disk_is_named_and_leaves_no_file(server, publish, folder, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys.modules[fetch.__module__], "download", write)
    publish([f"{server[0]}/good/w.pth"])
    with pytest.raises(OSError, match="cache: no space left for w.pth; NPKPOSE_CACHE may name"):
        fetch("net", quiet=True)
    assert final_files(folder) == []


CHILD = """
import sys, types
npkpose = sys.modules["npkpose"] = types.ModuleType("npkpose")  # its own import takes seconds
npkpose.__path__ = [sys.argv[3]]
import npkpose
from npkpose.weights.published import cache, fetch, manifest
entry = manifest.Entry("net", "w.pth", [sys.argv[1]], None, None, sys.argv[2], "", "", None, "", {})
manifest.entries = cache.entries = lambda: {"net": entry}
print(fetch("net", quiet=True), flush=True)
"""


def test_two_processes_at_once_get_one_good_file(server, publish, folder):
    address, files = server
    files.slow = 0.5
    url = f"{address}/good/w.pth"
    publish([url])
    command = [sys.executable, "-c", CHILD, url, SHA, str(PACKAGE)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for child in children:
        assert child.communicate(timeout=60)[0].strip() == str(folder / "w.pth")
        assert child.returncode == 0
    assert (folder / "w.pth").read_bytes() == WEIGHTS and final_files(folder) == ["w.pth"]
    assert len(files.requests) == 1  # the second process waited, and found the file
