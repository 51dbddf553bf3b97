"""`weights.load` and `weights.save`: formats recognised by content, atomic writing."""

import os

import numpy as np
import pytest

from npkpose import weights

WRITTEN = [".npz", ".safetensors"]


@pytest.mark.parametrize("suffix", [*WRITTEN, ".NPZ", ".SafeTensors"])
def test_saved_arrays_are_loaded(tmp_path, suffix, arrays, same):
    weights.save(tmp_path / f"w{suffix}", arrays)
    same(weights.load(tmp_path / f"w{suffix}"), arrays)
    same(weights.load(str(tmp_path / f"w{suffix}")), arrays)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_an_empty_state_can_be_saved(tmp_path, suffix):
    weights.save(tmp_path / f"w{suffix}", {})
    assert weights.load(tmp_path / f"w{suffix}") == {}


@pytest.mark.parametrize("suffix", WRITTEN)
def test_saving_twice_gives_the_same_bytes(tmp_path, suffix, arrays):
    for name in "ab":
        weights.save(tmp_path / f"{name}{suffix}", arrays)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("name", ["weights", "w.pth", "w.npz.bak"])
def test_the_format_is_recognised_by_content_not_by_name(tmp_path, suffix, name, arrays, same):
    weights.save(tmp_path / f"w{suffix}", arrays)
    (tmp_path / f"w{suffix}").rename(tmp_path / name)
    same(weights.load(tmp_path / name), arrays)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_arrays_can_be_saved_to_the_file_they_were_loaded_from(tmp_path, suffix, arrays, same):
    path = tmp_path / f"w{suffix}"
    weights.save(path, arrays)
    weights.save(path, weights.load(path))
    same(weights.load(path), arrays)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_failed_save_leaves_only_the_old_file(
    tmp_path, suffix, arrays, same, monkeypatch
):
    path = tmp_path / f"w{suffix}"
    weights.save(path, arrays)

    def disk_full(_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="no space left"):
        weights.save(path, {"other": np.ones(3)})
    same(weights.load(path), arrays)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_only_real_numbers_are_saved(tmp_path, suffix):
    with pytest.raises(ValueError, match="labels: expected real numbers"):
        weights.save(tmp_path / f"w{suffix}", {"labels": np.array(["a"])})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["w.txt", "w.h5", "weights", "w.npz.gz"])
def test_an_unknown_suffix_is_refused_with_a_list_of_the_known_ones(tmp_path, name):
    (tmp_path / name).write_bytes(b"\0\1\2\xff")
    with pytest.raises(ValueError, match=name + r": expected weights \(.* or .pb\), got other byt"):
        weights.load(tmp_path / name)
    with pytest.raises(ValueError, match=r"ending in \.npz or \.safetensors, got .*" + name):
        weights.save(tmp_path / name, {})


def test_a_folder_is_refused_with_a_file_that_lies_in_it(tmp_path):
    with pytest.raises(ValueError, match="expected a file of weights, got a folder$"):
        weights.load(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    (tmp_path / "config.json").write_bytes(b"{}")
    with pytest.raises(ValueError, match="a folder; load a file in it, such as 'pytorch_model.bin"):
        weights.load(tmp_path)


@pytest.mark.parametrize("name", ["w.pb", "w.pth"])
def test_a_graph_or_a_pickle_cannot_be_saved(tmp_path, name):
    with pytest.raises(ValueError, match=r"expected a file ending in \.npz or \.safetensors"):
        weights.save(tmp_path / name, {})


@pytest.mark.parametrize(
    "suffix", [".npz", ".safetensors", ".pth", ".pt", ".bin", ".pb", ".ckpt", ""]
)
def test_a_missing_file_is_reported_as_such_and_an_empty_one_by_its_path(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    with pytest.raises(FileNotFoundError):
        weights.load(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=f"w{suffix}: expected"):
        weights.load(path)
