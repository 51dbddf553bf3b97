"""Our reader of PyTorch's files, on files assembled by hand and hostile ones."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from npkpose import weights
from npkpose.weights import load_pytorch

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)


def text(string):
    return b"X" + struct.pack("<I", len(string)) + string.encode()


def integers(*numbers):
    return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", n) for n in numbers) + b"t"


def name(dotted):
    module, _, leaf = dotted.rpartition(".")
    return f"c{module}\n{leaf}\n".encode()


def tensor(shape, strides, offset=0, count=6, key="0", storage="torch.FloatStorage", view=b""):
    """The instructions that push a tensor, as PyTorch writes them."""
    count = integers(count)[1:-1]
    stored = b"(" + text("storage") + name(storage) + text(key) + text("cpu") + count + view + b"tQ"
    window = integers(offset)[1:-1] + integers(*shape) + integers(*strides)
    hooks = b"\x89" + name("collections.OrderedDict") + b")R"
    return name("torch._utils._rebuild_tensor_v2") + b"(" + stored + window + hooks + b"tR"


def program(**values):
    items = b"".join(text(key) + value for key, value in values.items())
    return b"\x80\x02}(" + items + b"u."


def zip_of(pickled, storages, order="little"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("net/data.pkl", pickled)
        archive.writestr("net/byteorder", order)
        for key, content in storages.items():
            archive.writestr(f"net/data/{key}", content)
    return stream.getvalue()


def legacy_of(pickled, storages, little=True):
    system = {"protocol_version": 1001, "little_endian": little, "type_sizes": {"int": 4}}
    pickles = [
        pickle.dumps(1001, 2),
        pickle.dumps(system, 2),
        pickled,
        pickle.dumps([*storages], 2),
    ]
    rows = [struct.pack("<q", len(content) // 4) + content for content in storages.values()]
    return MAGIC + b"".join(pickles + rows)


FORMATS = {"zip": zip_of, "legacy": legacy_of}
SIX = np.arange(6, dtype="<f4").tobytes()


@pytest.fixture(params=FORMATS)
def load_bytes(tmp_path, request):
    """Load a pickle and its storages from a file of either kind."""

    def load(pickled):
        path, storages = tmp_path / "w.pth", {"0": SIX} if b"storage" in pickled else {}
        path.write_bytes(FORMATS[request.param](pickled, storages))
        return load_pytorch(path)

    return load


WINDOWS = [((6,), (1,), 0), ((2, 3), (3, 1), 0), ((3, 2), (1, 3), 0), ((2, 2), (3, 1), 1),
           ((), (), 4), ((2,), (3,), 2), ((4, 2), (0, 1), 3), ((0, 5), (5, 1), 0)]  # fmt: skip


@pytest.mark.parametrize(("shape", "strides", "offset"), WINDOWS)
def test_a_tensor_is_the_strided_view_of_the_formula(load_bytes, shape, strides, offset):
    array = load_bytes(program(w=tensor(shape, strides, offset)))["w"]
    assert array.shape == shape and array.dtype == np.float32
    for index in np.ndindex(shape):
        assert array[index] == offset + np.dot(index, strides)


def test_tensors_of_one_storage_share_memory_but_not_with_the_file(load_bytes):
    pickled = program(a=tensor((2, 3), (3, 1)), b=tensor((2,), (1,), 4))
    loaded = load_bytes(pickled)
    loaded["b"][:] = 9
    assert loaded["a"].tolist() == [[0, 1, 2], [3, 9, 9]]
    assert load_bytes(pickled)["b"].tolist() == [4, 5]


def test_numbers_of_the_other_byte_order_are_read(tmp_path):
    big = np.arange(6, dtype=">f4").tobytes()
    halves = np.array([1, -3], ">f4").view(">u2")[::2].tobytes()
    pickled = program(
        w=tensor((6,), (1,)), b=tensor((2,), (1,), 0, 2, "1", "torch.BFloat16Storage")
    )
    (tmp_path / "w.pt").write_bytes(zip_of(pickled, {"0": big, "1": halves}, "big"))
    loaded = load_pytorch(tmp_path / "w.pt")
    assert loaded["w"].tolist() == [0, 1, 2, 3, 4, 5] and loaded["b"].tolist() == [1, -3]
    (tmp_path / "w.pt").write_bytes(legacy_of(program(w=tensor((6,), (1,))), {"0": big}, False))
    assert load_pytorch(tmp_path / "w.pt")["w"].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_view_of_a_storage_in_an_old_file_starts_at_its_offset(tmp_path):
    view = b"(" + text("1") + integers(2, 3)[1:-1] + b"t"
    pickled = program(w=tensor((2,), (1,), 1, view=view))
    (tmp_path / "w.pth").write_bytes(legacy_of(pickled, {"0": SIX}))
    assert load_pytorch(tmp_path / "w.pth")["w"].tolist() == [3, 4]


OUTSIDE = {
    "beyond the end": tensor((7,), (1,)),
    "beyond the end by its offset": tensor((2,), (1,), 5),
    "beyond the end by a stride": tensor((2, 2), (5, 1), 1),
    "before the beginning": tensor((2,), (1,), -1),
    "backwards": tensor((2,), (-1,), 5),
    "of a negative size": tensor((-1,), (1,)),
    "of more sizes than strides": tensor((2, 3), (1,)),
    "of 33 axes": tensor([1] * 33, [1] * 33),
    "of 2^40 repetitions": tensor((2**40,), (0,)),
    "of 2^47 x 2^47": tensor((2**47, 2**47), (0, 0)),
    "of a storage that is missing": tensor((6,), (1,), key="7"),
    "of a storage of another size": tensor((6,), (1,), count=5),
    "of a storage of 2^40": tensor((6,), (1,), count=2**40),
    "of a negative storage": tensor((6,), (1,), count=-6),
    "of complex numbers": tensor((3,), (1,), storage="torch.ComplexFloatStorage"),
    "of an object that is not a storage": tensor((3,), (1,), storage="torch.Size"),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_a_tensor_outside_its_storage_is_refused(load_bytes, tmp_path, case):
    with pytest.raises(ValueError, match="expected PyTorch weights, got") as error:
        load_bytes(program(w=OUTSIDE[case]))
    assert str(error.value).startswith(str(tmp_path / "w.pth"))
    assert len(str(error.value)) < 600


WRAPPED = tensor((6,), (1,))


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict", "model_pos", "ema"])
def test_weights_are_found_in_a_training_checkpoint(load_bytes, wrapper):
    inner = program(w=WRAPPED, steps=b"K\x05")[2:-1]
    rest = {"epoch": b"K\x05", "loss": WRAPPED, "best": inner, "name": text("hrnet")}
    assert list(load_bytes(program(**rest, **{wrapper: inner}))) == ["w"]
    outer = program(model=program(**{wrapper: inner})[2:-1])
    assert list(load_bytes(outer)) == ["w"]


def test_a_model_entry_that_is_only_text_is_skipped(load_bytes):
    inner = program(w=WRAPPED)[2:-1]
    assert list(load_bytes(program(model=text("pose_hrnet"), state_dict=inner))) == ["w"]


NO_WEIGHTS = {
    "an empty dictionary": (program(), "no dictionary of tensors, but nothing"),
    "a dictionary of numbers": (program(a=b"K\x01", b=b"]"), "tensors, but 'a', 'b'"),
    "one tensor": (b"\x80\x02" + WRAPPED + b".", "Tensor instead of a dictionary"),
    "a list": (b"\x80\x02].", "list instead of a dictionary"),
    "a dictionary inside itself": (
        b"\x80\x02}q\0" + text("model") + b"h\0s.", "no dictionary of tensors, but 'model'"
    ),
    "a whole module": (program(m=name("torch.nn.modules.conv.Conv2d") + b")\x81}b"),
                       "asks for 'torch.nn.modules.conv.Conv2d'"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_WEIGHTS)
def test_a_file_without_a_dictionary_of_tensors_is_refused_with_its_first_keys(load_bytes, case):
    pickled, message = NO_WEIGHTS[case]
    with pytest.raises(ValueError, match=message):
        load_bytes(pickled)


def test_a_pickle_that_calls_anything_is_refused_and_nothing_runs(load_bytes, tmp_path):
    attack = name("os.system") + text(f"touch {tmp_path / 'ran'}") + b"\x85R"
    with pytest.raises(ValueError, match="asks for 'os.system', .*nothing of it was run"):
        load_bytes(program(w=WRAPPED, x=attack))
    assert not (tmp_path / "ran").exists()


ARCHIVES = {
    "two programs": zip_of(program(w=WRAPPED), {"0": SIX, "data.pkl": b"}."}),
    "a truncated program": zip_of(program(w=WRAPPED)[:-5], {"0": SIX}),
    "another magic number": pickle.dumps(7, 2) + legacy_of(program(w=WRAPPED), {"0": SIX}),
    "another protocol": MAGIC + b"M\xe8\x03.}." + program(w=WRAPPED) + b"].",
    "a page of a web server": b"<!DOCTYPE html><html>Too many requests</html>",
    "keys that are not text": MAGIC + b"M\xe9\x03.}." + program(w=WRAPPED) + b"]K\x01a.",
}  # fmt: skip


@pytest.mark.parametrize("case", ARCHIVES)
def test_a_file_of_another_kind_is_refused(tmp_path, case):
    (tmp_path / "w.pth").write_bytes(ARCHIVES[case])
    with pytest.raises(ValueError, match="w.pth: expected PyTorch weights, got"):
        load_pytorch(tmp_path / "w.pth")


def test_members_that_overlap_cannot_multiply_a_storage(tmp_path):
    content = zip_of(program(w=WRAPPED), {str(i): bytes(1000) for i in range(3)})
    place = content.index(b"net/data/0") - 30
    for i in (1, 2):  # let the directory give all three the position of the first
        entry = content.rindex(f"net/data/{i}".encode()) - 46
        content = content[: entry + 42] + struct.pack("<I", place) + content[entry + 46 :]
        content = content[: entry + 20] + struct.pack("<I", 2000) + content[entry + 24 :]
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(ValueError, match="overlapping members"):
        load_pytorch(tmp_path / "w.pth")


@pytest.mark.parametrize("kind", FORMATS)
def test_damage_gives_arrays_or_an_error_and_takes_little_memory(kind, endures):
    storages = {str(i): np.arange(6, dtype="<f4").tobytes() for i in range(4)}
    tensors = {f"layer.{key}": tensor((2, 3), (3, 1), key=key) for key in storages}
    content = FORMATS[kind](program(state_dict=program(**tensors)[2:-1]), storages)
    assert endures(load_pytorch, content, "damaged.pth", 300) > 100


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_truncated_anywhere_is_refused(tmp_path, kind):
    content = FORMATS[kind](program(w=WRAPPED), {"0": SIX})
    for end in range(len(content)):
        (tmp_path / "w.pth").write_bytes(content[:end])
        with pytest.raises(ValueError, match="w.pth: expected"):
            weights.load(tmp_path / "w.pth")
