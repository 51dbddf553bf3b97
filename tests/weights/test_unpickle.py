"""The stack machine for pickles: data as Python's own reads it, and attacks."""

import collections
import os
import pickle
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.weights.unpickle import Buildable, Ignored, make_dict, unpickle

FUNCTIONS = {"collections.OrderedDict": make_dict, "collections.Counter": Ignored}


def run(program, functions=FUNCTIONS, find_persistent=None, **options):
    return unpickle(program, 0, functions, find_persistent, **options)[0]


def test_the_program_in_the_docstring_gives_its_dictionary():
    program = b"}X\x01\0\0\0aK\x01K\x02\x86s."
    assert unpickle(b"??" + program + b"rest", 2, {}) == ({"a": (1, 2)}, 2 + len(program))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEYS = st.text() | st.integers(-(2**63), 2**63)
DATA = st.recursive(
    SCALARS,
    lambda d: st.lists(d) | st.tuples(d) | st.tuples(d, d, d, d) | st.dictionaries(KEYS, d),
    max_leaves=20,
)


@given(DATA, st.sampled_from([2, 3, 4]))
def test_data_is_read_as_by_python(value, protocol):
    program = pickle.dumps(value, protocol)
    assert unpickle(program, 0, {}) == (pickle.loads(program), len(program))
    assert run(program) == value


def test_bytes_long_text_shared_and_cyclic_values_are_read():
    shared = ["x" * 300, b"y" * 300, b"z", 2**5000]
    shared.append(shared)
    value = run(pickle.dumps([shared, shared], 4))
    assert value[0] is value[1] and value[0][-1] is value[0]
    assert value[0][:4] == shared[:4]


def test_python_2_text_and_its_ordered_dictionary_of_pairs_are_read():
    assert run(b"U\x02ab.") == "ab" and run(b"T\x02\0\0\0a\xff.") == "a\\xff"
    program = b"ccollections\nOrderedDict\n(](](U\x01aK\x01e](U\x01bK\x02eetR."
    assert list(run(program).items()) == [("a", 1), ("b", 2)]


def test_ordered_dictionaries_become_plain_and_their_attributes_are_dropped():
    state = collections.OrderedDict(a=1, b=2)
    state.version = 3
    for protocol in (2, 4):
        assert run(pickle.dumps(state, protocol)) == {"a": 1, "b": 2}


def test_known_harmless_objects_become_placeholders():
    value = run(pickle.dumps([collections.Counter("aab"), 5], 2))
    assert isinstance(value[0], Ignored) and value[1] == 5


def test_sets_become_placeholders_and_bytearrays_bytes():
    for value in ({1, 2}, frozenset("ab"), set()):
        assert isinstance(run(pickle.dumps(value, 4)), Ignored)
    assert run(pickle.dumps([bytearray(b"abc"), {5}], 5))[0] == b"abc"


def test_keys_other_than_numbers_and_text_become_placeholders():
    value = run(pickle.dumps({(1, 2): 3, "a": 4, 2**70: 5, collections.Counter: 6}, 4))
    assert value["a"] == 4 and sorted(value.values()) == [3, 4, 5, 6]
    assert sum(isinstance(key, Ignored) for key in value) == 3


def test_a_name_of_no_table_is_what_the_caller_says():
    value = run(b"ca.b\nC\nK\x01\x85R.", unknown=lambda name: lambda *args: (name, args))
    assert value == ("a.b.C", (1,))
    assert run(b"ca\nB\n)}\x92.", {"a.B": lambda *args: args}) == ()
    with pytest.raises(ValueError, match="wrong values"):
        run(b"ca\nB\n)}X\1\0\0\0aK\1s\x92.", {"a.B": lambda *args: args})


def test_the_content_of_an_ignored_object_is_dropped():
    counter = b"ccollections\nCounter\n)R"
    for content in (b"K\x01K\x02s", b"(K\x01K\x02u", b"K\x01a", b"(K\x01e", b"}b"):
        assert isinstance(run(counter + content + b"."), Ignored)


def test_persistent_objects_come_from_the_callers_function():
    assert run(b"X\x03\0\0\0keyQ.", find_persistent=str.upper) == "KEY"
    with pytest.raises(ValueError, match="wrong values"):
        run(b"X\x03\0\0\0keyQ.")


class Attack:
    """A hostile object: unpickled by Python, it runs a command."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("call", [
    (os.system, "exit 1"), (eval, "1/0"), (getattr, "a", "upper"), (__import__, "os"), (print, 1),
    (os.path.join, "a", "b"), (bytearray, 10),
])  # fmt: skip
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_that_calls_anything_is_refused_by_name(call, protocol):
    with pytest.raises(ValueError, match=f"asks for '.*{call[0].__name__}'.*nothing of it was run"):
        run(pickle.dumps([1, Attack(*call)], protocol))


def test_nothing_is_imported_or_called(tmp_path):
    command = f"touch {tmp_path / 'ran'}".encode()
    text = b"X" + struct.pack("<I", len(command)) + command
    for program in (
        b"cos\nsystem\n" + text + b"\x85R.",
        b"X\x02\0\0\0osX\x06\0\0\0system\x93" + text + b"\x85R.",
        b"(" + text + b"ios\nsystem\n.",
        b"(cos\nsystem\n" + text + b"o.",
        b"cnpkpose.weights.unpickle\nunpickle\n.",
        text + b"\x85K\x01R.",  # a number is not a function
        b"ccollections\nCounter\n(K\x01lR.",
        b"\x82\x01.",  # an extension code
    ):
        with pytest.raises(ValueError, match="a pickle"):
            run(program)
    assert not list(tmp_path.iterdir())


NONSENSE = {
    "nothing": b"",
    "no end": b"K\x01",
    "an empty stack": b".",
    "an unknown instruction": b"\xff.",
    "text at the start": b"hello",
    "a missing mark": b"K\x01t.",
    "a value from below the mark": b"K\x01(0.",
    "an item of a number": b"K\x01K\x02K\x03s.",
    "an item of text": b"X\0\0\0\0K\x01a.",
    "a key without a value": b"}(K\x01u.",
    "a key that is a list": b"}]K\x01s.",
    "an empty memo": b"h\x07.",
    "truncated text": b"X\x09\0\0\0abc.",
    "text that is not UTF-8": b"X\x01\0\0\0\xff.",
    "text of 2^63 bytes": b"\x8d" + b"\xff" * 7 + b"\x7fabc.",
    "bytes of 2^64": b"\x8e" + b"\xff" * 8 + b"abc.",
    "an integer of 2^32 bytes": b"\x8b\xff\xff\xff\xffabc.",
    "an endless name": b"c" + b"a" * 1000,
    "invalid pairs": b"ccollections\nOrderedDict\n]K\x01a\x85R.",
    "names that are lists": b"]]\x93.",
}


@pytest.mark.parametrize("case", NONSENSE)
def test_an_invalid_program_is_refused(case):
    with pytest.raises(ValueError) as error:
        run(NONSENSE[case])
    assert len(str(error.value)) < 400


def nested_tuples(depth):
    return b")" + b"2\x86" * depth


BOMBS = {
    "a memo of 2^32 slots": (b"K\x01r\xff\xff\xff\xff.", None),
    "a key that takes 2^60 steps to hash": (b"}" + nested_tuples(60) + b"K\x01s.", None),
    "a name that takes 2^60 letters": (nested_tuples(60) + b"2\x93.", "wrong values"),
    "a call on 2^60 letters": (nested_tuples(60) + b"2R.", "wrong values"),
    "dictionaries without end": (b"}" * 600_000 + b".", "more than 500000 instructions"),
    "a list of pairs that 20,000 dictionaries copy": (
        b"](" + b"K\x01N\x86" * 1000 + b"e\x85q\x000ccollections\nOrderedDict\nq\x01"
        + b"h\x01h\x00R" * 20_000 + b".",
        "gives its calls more than 500000 values",
    ),
    "a list of pairs whose dictionaries are dropped": (
        b"](" + b"K\x01N\x86" * 1000 + b"e\x85q\x000ccollections\nOrderedDict\nq\x01"
        + b"h\x01h\x00R0" * 20_000 + b"N.",
        "gives its calls more than 500000 values",
    ),
    "a text that 5,000 calls take": (
        b"X\x00\x00\x10\x00" + b"x" * 2**20 + b"\x85q\x000ccollections\nCounter\nq\x01"
        + b"h\x01h\x00R0" * 5000 + b"N.",
        "gives its calls more text than it has",
    ),
    "arguments that 5,000 calls take": (
        b"(" + b"N" * 10_000 + b"tq\x000ccollections\nCounter\nq\x01"
        + b"h\x01h\x00R0" * 5000 + b"N.",
        "gives its calls more than 500000 values",
    ),
    "remembered dictionaries": (b"}\x94" * 249_000 + b".", None),
    "dictionaries of six": (
        b"](" + b"".join(b"K%cN\x86" % i for i in range(6)) + b"e\x85q\x000"
        + b"ccollections\nOrderedDict\nq\x01" + b"h\x01h\x00R" * 71_000 + b".",
        None,
    ),
    "lists 100,000 deep": (b"]" * 100_000 + b"a" * 99_999 + b".", None),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_small_program_takes_little_time_and_memory(case):
    program, message = BOMBS[case]
    tracemalloc.start()
    try:
        run(program)
        assert message is None
    except ValueError as error:
        assert message is not None and message in str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000


def test_a_long_persistent_id_cannot_be_used_many_times():
    program = b"](" + b"N" * 10_000 + b"eq\x000" + b"h\x00Q0" * 5000 + b"N."
    asked = []
    with pytest.raises(ValueError, match="gives its calls more than 500000 values"):
        run(program, find_persistent=asked.append)
    assert len(asked) == 49  # of 10,001 values each


@given(st.binary(max_size=40))
def test_arbitrary_bytes_give_a_value_or_a_value_error(program):
    try:
        run(program)
    except ValueError as error:
        assert str(error)


class Filled(Buildable):
    def __init__(self, *_):
        self.state = None

    def set_state(self, state):
        if state == 0:
            raise ValueError("a state of nothing")
        self.state = state


def test_build_sets_the_state_of_a_buildable_object():
    functions = {"a.B": Filled}
    value = run(b"ca\nB\n)\x81}X\x01\0\0\0xK\x07sb.", functions)
    assert isinstance(value, Filled) and value.state == {"x": 7}
    with pytest.raises(ValueError, match="a state of nothing"):
        run(b"ca\nB\n)RK\0b.", functions)


def test_python_2_strings_are_bytes_if_the_caller_wants_bytes():
    assert unpickle(b"U\x02a\xff.", 0, {}, old_text=bytes)[0] == b"a\xff"
    assert unpickle(b"T\x02\0\0\0a\xff.", 0, {}, old_text=bytes)[0] == b"a\xff"
