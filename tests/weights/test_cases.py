"""Files that users of such tools reported, kept in ../shared/data/cases."""

import pytest

from npkpose import weights

READ = {
    "F25": ["mmengine.pth"], "F26": ["lightning1.ckpt"], "F30": ["network.pth"],
    "F32": ["model_ema.pth"], "F36": ["t_attr.pth", "t_subclass.pth"],
    "F29": ["bytearray.pth", "defaultdict_of_list.pth", "set.pth", "torch_bool_dtype.pth",
            "tuple_key.pth"],
}  # fmt: skip
REFUSED = {
    "F37/lfs.pb": "a Git LFS pointer of 133 bytes, not the file itself",
    "F37/lfs.pth": "a Git LFS pointer of 133 bytes, not the file itself",
    "F37/lfs.safetensors": "a Git LFS pointer of 133 bytes, not the file itself",
    "F38/cut.pth": "the first 1109 bytes of PyTorch weights, whose end is missing",
    "F41/saved_model.pb": "a TensorFlow SavedModel",
    "F41/exported.pt2": "a program of torch.export",
}


@pytest.fixture
def cases(shared_data):
    if not (shared_data / "cases").is_dir():
        pytest.skip("needs ../shared/data/cases: files that users reported")
    return shared_data / "cases"


@pytest.mark.parametrize("case", READ)
def test_the_weights_are_read_whatever_lies_beside_them(cases, case):
    for name in READ[case]:
        loaded = weights.load(cases / case / name)
        assert list(loaded) == ["a", "b"] and loaded["a"].size and loaded["b"].size


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_holds_none_is_named(cases, case):
    with pytest.raises(ValueError, match=REFUSED[case]):
        weights.load(cases / case)


def test_a_missing_file_is_missing_whatever_its_suffix(tmp_path):
    with pytest.raises(FileNotFoundError):
        weights.load(tmp_path / "typo.ckpt")
