"""The reader of official model files, on files written here, one instruction at a time."""

import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from npkpose.space.body import tube_body
from npkpose.space.smpl import SMPL
from npkpose.space.smpl_file import read_smpl

TUBES = tube_body(np.random.default_rng(0))


def text(content):
    """A string of Python 2, which is both text and bytes."""
    content = content.encode() if isinstance(content, str) else content
    return b"T" + struct.pack("<I", len(content)) + content


def integers(*values):
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def array(values):
    """NumPy's pickle of an array: an empty array, then its state."""
    values = np.asarray(values)
    code = values.dtype.str  # "<f8"
    dtype = b"cnumpy\ndtype\n" + text(code[1:]) + b"K\0K\x01\x87R"
    dtype += b"(K\x03" + text(code[0]) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    order = b"\x88" if values.flags.f_contiguous and values.ndim > 1 else b"\x89"
    state = b"(K\x01" + integers(*values.shape) + dtype + order + text(values.tobytes("A")) + b"tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text("b") + b"\x87R"
    return empty + state


def instance(module, name, **attributes):
    items = b"".join(text(key) + value for key, value in attributes.items())
    return f"c{module}\n{name}\n".encode() + b")\x81}(" + items + b"ub"


def sparse(values):
    columns, rows = np.nonzero(np.transpose(values))
    ends = np.searchsorted(columns, np.arange(values.shape[1] + 1))
    return instance(
        "scipy.sparse.csc", "csc_matrix", _shape=integers(*values.shape), maxprint=b"K2",
        indices=array(rows.astype("i4")), indptr=array(ends.astype("i4")),
        data=array(values[rows, columns]),
    )  # fmt: skip


def official(**changed):
    """The pickle of a model file; the values are pickles too."""
    kinematic = np.stack([TUBES.parents, np.arange(24)]).astype(np.uint32)  # -1 is 2^32 - 1
    entries = {
        "v_template": array(TUBES.template),
        "shapedirs": instance("chumpy.ch", "Ch", x=array(TUBES.shape_directions), dr=b"N"),
        "posedirs": array(np.asfortranarray(TUBES.pose_directions)),
        "J_regressor": sparse(TUBES.joint_regressor),
        "weights": array(TUBES.weights),
        "kintree_table": array(kinematic),
        "f": array(TUBES.faces.astype(np.uint32)),
        "bs_style": text("lbs"),
        **changed,
    }
    return b"\x80\x02}(" + b"".join(text(k) + v for k, v in entries.items() if v) + b"u."


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "model.pkl"
        path.write_bytes(content)
        return path

    return write


def test_every_array_of_the_file_is_read(file):
    data = read_smpl(file(official()))
    for name, got, wanted in zip(data._fields, data, TUBES):
        np.testing.assert_array_equal(got, wanted, err_msg=name)
    model = SMPL.from_file(file(official()), np.float64)
    assert model.data.template.dtype == np.float64 and model.num_shapes == 10


def test_only_the_requested_shape_directions_are_read(file):
    shapes = instance("chumpy.ch", "Ch", x=array(np.ones((414, 3, 30))))
    assert read_smpl(file(official(shapedirs=shapes))).shape_directions.shape == (414, 3, 10)
    assert read_smpl(file(official(shapedirs=shapes)), 16).shape_directions.shape == (414, 3, 16)


@pytest.mark.parametrize("protocol", [2, 4])
def test_files_saved_again_by_python_3_are_read(file, protocol):
    csc_matrix = pytest.importorskip("scipy.sparse").csc_matrix
    tree = {
        "v_template": TUBES.template, "shapedirs": TUBES.shape_directions.astype(">f8"),
        "posedirs": TUBES.pose_directions, "J_regressor": csc_matrix(TUBES.joint_regressor),
        "weights": TUBES.weights, "kintree_table": np.stack([TUBES.parents, np.arange(24)]),
        "f": TUBES.faces,
    }  # fmt: skip
    data = read_smpl(file(pickle.dumps(tree, protocol)))
    for name, got, wanted in zip(data._fields, data, TUBES):
        np.testing.assert_array_equal(got, wanted, err_msg=name)


class Attack:
    def __reduce__(self):
        return os.system, ("exit 1",)


BAD = {
    "a program that runs something": (pickle.dumps(Attack(), 2), "asks for '.*system'"),
    "a list": (pickle.dumps([1], 2), "list instead of a dictionary"),
    "text": (b"hello", "a pickle with wrong values for instruction"),
    "nothing": (b"", "truncated"),
    "no template": (official(v_template=b""), "without the array 'v_template'"),
    "text for an array": (official(weights=text("abc")), "without the array 'weights'"),
    "a computed array": (official(f=instance("chumpy.ch", "Ch", a=b"N")), "computed, not stored"),
    "another library": (official(f=instance("chumpy.reordering", "Select")), "Select'"),
    "one row of joints": (official(kintree_table=array([1, 2])), r"kintree_table of shape \(2,\)"),
    "weights of another body": (official(weights=array(np.ones((9, 24)))), "weights: expected sha"),
    "numbers that are missing": (official().replace(text(TUBES.weights.tobytes()), text("abc")),
                                 r"shape \(414, 24\) in 3 bytes"),
    "an array of objects": (official().replace(text("f8"), text("O8")), "an array of type 'O8'"),
    "an array of no type": (official().replace(text("f8"), text("f9")), "an array of type 'f9'"),
    "a matrix of one part": (official(J_regressor=instance("scipy.sparse.csc", "csc_matrix")),
                             "a sparse matrix without its parts"),
    "a matrix of 10^12": (
        official().replace(integers(24, 414), integers(10**6, 10**6)), "without its parts"),
    "a matrix of two rows": (official().replace(integers(24, 414), integers(2, 414)), "outside it"),
}  # fmt: skip


def laughs(depth):
    """Tuples of tuples: 8 bytes more double what str() of them would write."""
    program = text("x") + b"\x85q\x000"
    for k in range(1, depth):
        program += b"h%ch%c\x86q%c0" % (k - 1, k - 1, k)
    return program + b"h%c" % (depth - 1)


HOSTILE = {
    "a type that is 2^60 letters": b"\x80\2cnumpy\ndtype\n" + laughs(60) + b"\x85R.",
    "a type nested 100,000 deep": b"\x80\2cnumpy\ndtype\nK\1" + b"\x85" * 100_000 + b"\x85R.",
    "a key of 2^60 letters": b"\x80\2}" + laughs(60) + b"K\1s.",
    "a byte order of 2^60 letters": official().replace(text("<") + b"NNN", laughs(60) + b"NNN"),
    "shapes of huge numbers": official().replace(
        integers(414, 24), b"(" + b"\x8b\0\0\1\0" + b"\x7f" * 65536 + b"K\1t"),
    "a text that many calls encode": (
        b"\x80\2c_codecs\nencode\nq\0X\0\0\x10\0" + b"x" * 2**20 + b"\x85q\1]("
        + b"h\0h\1R" * 10_000 + b"e."),
    "a sparse matrix larger than the file": official(J_regressor=instance(
        "scipy.sparse.csc", "csc_matrix", _shape=integers(11_000, 11_000), indices=array([0]),
        data=array([1.0]), indptr=array(np.ones(11_001, int)))),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_at_once_with_little_memory(file, what):
    path = file(HOSTILE[what])
    tracemalloc.start()
    with pytest.raises(ValueError, match="model.pkl: expected an SMPL model, got"):
        read_smpl(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * len(HOSTILE[what]) + 2**23


@pytest.mark.parametrize("what", BAD)
def test_other_files_are_refused_and_named(file, what):
    content, message = BAD[what]
    with pytest.raises(ValueError, match=rf"model.pkl: expected an SMPL model, got .*{message}"):
        read_smpl(file(content))


def test_a_file_damaged_anywhere_is_read_or_refused(file):
    rng, content = np.random.default_rng(0), official()
    frame = [i for i in range(len(content)) if content[i : i + 1] in b"cTJKtR}bu\x81\x87"]
    places = rng.choice(frame[:400] + frame[-400:], 60)
    refused = 0
    for place in [*places, *rng.integers(len(content), size=20)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        try:
            read_smpl(file(bytes(damaged)))
        except ValueError as error:
            refused += 1
            assert "model.pkl: expected" in str(error)
    for end in (10, 1000, len(content) // 2, len(content) - 1):
        with pytest.raises(ValueError, match="model.pkl: expected"):
            read_smpl(file(content[:end]))
    assert refused > 5
