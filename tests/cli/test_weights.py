import io
import json
import shutil

import numpy as np
import pytest

from npkpose.cli import weights as chooser
from npkpose.cli.main import main
from npkpose.weights.published import cache as cache_module
from npkpose.weights.published import entries, fetch, manifest
from tests.weights.published.server import serve


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("NPKPOSE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def small_openpose(shared_data, cache):
    """The cache has the small OpenPose, put there by hand."""
    path = cache / entries()["openpose-mobilenetv2"].cached_name
    shutil.copy(shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb", path)
    return path


@pytest.fixture
def photo(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    write_image(tmp_path / "a.png", np.full((64, 80, 3), 90, np.uint8))
    return str(tmp_path / "a.png")


def test_predict_alone_takes_the_network_of_whole_photos_in_the_cache(
    small_openpose, photo, tmp_path, capsys
):
    command = ["predict", "--height", "64", "--out", str(tmp_path / "o"), photo]
    assert main(command) == 0
    assert "a.png: 0 people" in capsys.readouterr().out and (tmp_path / "o" / "a.json").exists()
    assert main([*command, "--model", "openpose-mobilenetv2", "--offline"]) == 0
    record = small_openpose.with_name(small_openpose.name + ".record")
    assert json.loads(record.read_text("utf-8"))["size"]


def test_predict_fetches_the_file_of_a_name_and_prints_its_licence_once(
    shared_data, cache, photo, tmp_path, caplog, monkeypatch
):
    pytest.importorskip("pooch")
    name = "openpose-mobilenetv2"
    content = (shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb").read_bytes()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve({"graph_opt.pb": content}) as (address, files):
        entry = entries()[name]._replace(urls=[f"{address}/once/graph_opt.pb"])
        for module in (manifest, cache_module):
            monkeypatch.setattr(module, "entries", lambda: {name: entry})
        command = ["predict", photo, "--model", name, "--height", "64", "--out"]
        command.append(str(tmp_path / "o"))
        assert main(command) == 0
        assert "licence of the weights: Apache-2.0" in caplog.text
        caplog.clear()
        assert main(command) == 0 and len(files.requests) == 2  # it broke off once
    assert "licence" not in caplog.text


def test_with_an_empty_cache_predict_says_what_to_fetch(cache, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["predict", "a.png"]) == 1
    error = capsys.readouterr().err
    assert "no network of whole photos; --model openpose-mobilenetv2 fetches the smallest" in error
    assert main(["predict", "--model", "vitpose-b", "--offline", "a.png"]) == 1
    error = capsys.readouterr().err
    assert "predict: vitpose-b: " in error and "offline nothing is downloaded" in error


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("answer, name", [("y\n", "openpose-mobilenetv2"), ("\n", None)])
def test_on_a_terminal_it_asks(cache, capsys, monkeypatch, answer, name):
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    if name is None:
        with pytest.raises(ValueError, match="got neither"):
            chooser._offer(offline=False)
    else:
        assert chooser._offer(offline=False) == name
    question = capsys.readouterr().err
    assert "Fetch openpose-mobilenetv2, 2.1 MB, Apache-2.0" in question and str(cache) in question
    with pytest.raises(ValueError, match="got neither"):
        chooser._offer(offline=True)


def test_the_best_network_in_the_cache_is_that_of_the_highest_score(cache):
    for name in ("openpose-coco", "higherhrnet-w48-udp", "rtmpose-l-17", "openpose-body25"):
        (cache / entries()[name].cached_name).write_bytes(b"x")
    assert chooser._best_in_cache() == "higherhrnet-w48-udp"


@pytest.mark.parametrize("options, message", [
    (["--model", "yolox-m-person"], "which finds boxes: give it as --detector"),
    (["--model", "videopose3d-27-gt"], "which finds space"),
    (["--model", "rtmo-s", "--flip"], "--flip: expected none, since rtmo-s sees whole photos"),
    (["--model", "rtmo-s", "--height", "300"], "--height: expected none, since rtmo-s has one"),
    (["--model", "rtmo-s", "--detector", "d"], "--detector: expected none, since rtmo-s sees"),
    (["--model", "rtmo-s", "--weights", "a.onnx", "--flip"], "--flip: expected none, since rtmo-s"),
    (["--model", "rtmpose"], "`npkpose models` lists, such as rtmo-s, rtmpose-t-26, "),
])  # fmt: skip
def test_a_name_that_does_not_fit_is_refused_before_anything_is_fetched(
    cache, capsys, options, message
):
    assert main(["predict", *options, "a.png"]) == 1
    assert message in capsys.readouterr().err


def test_a_detector_is_a_file_or_a_name(cache, tmp_path):
    (tmp_path / "yolox.onnx").write_bytes(b"")
    assert chooser.find_file(str(tmp_path / "yolox.onnx"), True) == str(tmp_path / "yolox.onnx")
    with pytest.raises(OSError, match="give the end2end.onnx in it with --detector FILE"):
        chooser.find_file("yolox-tiny-person", True)
    with pytest.raises(ValueError, match="--detector: expected a network of boxes, got vitpose-b"):
        chooser.find_file("vitpose-b", True)


def test_the_cache_is_listed_and_emptied(small_openpose, cache, capsys):
    fetch("openpose-mobilenetv2", offline=True)
    other = cache / "of_the_user.txt"
    other.write_text("not npkpose's", "utf-8")
    assert main(["models", "--cached"]) == 0
    out = capsys.readouterr().out
    assert f"2.1 MB  {small_openpose}" in out and f"{cache}: 1 files, 2.1 MB" in out
    assert main(["models", "--cached", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["sha256"] == entries()["openpose-mobilenetv2"].hash and row["bytes"] == 2096019
    assert main(["models"]) == 0
    assert "openpose-mobilenetv2 *" in capsys.readouterr().out
    assert main(["models", "--remove", "openpose-mobilenetv2"]) == 0
    assert f"removed {small_openpose}" in capsys.readouterr().out and not small_openpose.exists()
    assert main(["models", "--remove", "all"]) == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert list(cache.iterdir()) == [other]
