"""Pickle, restricted to data: a program for a stack machine, run without calling foreign code.

A pickle is a list of one-byte instructions with their operands. They push numbers and text,
collect the values above a mark into containers, store values by number in a memo, and end
with the result on top of the stack. {"a": (1, 2)} is

    }            push an empty dict
    X 1 "a"      push text of one byte
    K 1  K 2     push small integers
    0x86         pop two values, push them as a tuple
    s            pop value and key, set them in the dict below
    .            stop

Three instructions make pickles dangerous: GLOBAL pushes any function of any module, REDUCE
calls it, and BUILD changes objects. Here a name must be in a table of the caller, which maps
it to a function of ours; any other name is refused, or becomes a placeholder (`Ignored`) that
nobody calls. REDUCE calls the function of the table. BUILD passes the state to an object of
ours that accepts one (`Buildable`) and ignores any other object. No module is imported.

`pickle_steps` has the instructions. Dictionary keys are numbers and text; any other key
becomes a placeholder. A program has at most half a million steps. Its calls get at most as
many values, and four times the file and 1 MiB of text (one stored list or text can be the
argument of many calls), so a small file takes little time and memory.
"""

import struct
from typing import NamedTuple

from npkpose.weights.pickle_steps import STEPS

_MAX_STEPS = 500_000  # a network of 12,000 arrays
_MAX_GIVEN = 500_000  # values in the arguments of all calls; the same network
_MAX_TEXT, _SOME_TEXT = 4, 2**20  # characters in those arguments: per byte of the file, and more
_MAX_NAME = 200
_MAX_KEY = 2**64


class Global(NamedTuple):
    """A dotted name in the program, and the function for it in the caller's table."""

    name: str
    function: object


class Ignored:
    """Replaces an object that the weights do not need; its content is dropped."""

    def __init__(self, *_):
        pass


def _old_text(content):  # of Python 2, where bytes and text were the same
    return content.decode(errors="backslashreplace")


class Buildable:
    """An object of ours that accepts a state from BUILD."""

    def set_state(self, state):
        """Take ``state``, plain data, or raise ValueError."""
        raise NotImplementedError


def refuse(name):
    """Raise the ValueError of a name that is not in the table."""
    raise ValueError(
        f"a pickle that asks for {name[:_MAX_NAME]!r}, which is neither a tensor nor a container; "
        "nothing of it was run"
    )


def unpickle(data, start, functions, find_persistent=None, old_text=_old_text, unknown=refuse):
    """Return the value of the pickle at byte ``start`` of ``data``, and its end.

    Parameters
    ----------
    data : bytes or mmap
    start : int
    functions : dict of str to callable
        Known names, and a function from positional arguments to the object of each.
    find_persistent : callable, optional
        Returns the object of a persistent id, which is stored outside the program.
    old_text : callable
        Converts Python 2's strings, which are text or bytes. Default: to text, with
        backslash escapes for other bytes.
    unknown : callable
        Returns such a function for any other name, or raises ValueError. Default: `refuse`.

    Raises
    ------
    ValueError
        A refused name, an unknown instruction, or a program that is truncated, invalid or
        too long. The message is a noun phrase.
    """
    machine = _Machine(data, start, (functions, unknown, find_persistent), old_text)
    for _ in range(_MAX_STEPS):
        place, instruction = machine.position, machine.take(1)
        if instruction == b".":
            return machine.pop(), machine.position
        step = STEPS.get(instruction)
        if step is None:
            raise ValueError(f"a pickle with instruction {instruction!r} at byte {place}")
        try:
            step(machine)
        except (TypeError, AttributeError, LookupError):
            raise ValueError(
                f"a pickle with wrong values for instruction {instruction!r} at byte {place}"
            ) from None
    raise ValueError(f"a pickle of more than {_MAX_STEPS} instructions")


def make_dict(pairs=()):
    """Return a dict of the (key, value) pairs, as `collections.OrderedDict` would."""
    result = {}
    for key, value in pairs:
        result[_check_key(key)] = value
    return result


class _Machine:
    """The stack, its marked positions, and the memo."""

    def __init__(self, data, position, names, old_text):
        self.data, self.position, self.old_text = data, position, old_text
        self.functions, self.unknown, self.find_persistent = names
        self.stack, self.marks, self.memo = [], [], {}
        self.given = self.given_text = 0

    def take(self, count):
        end = self.position + count
        if end > len(self.data):
            raise ValueError(f"a pickle truncated at byte {len(self.data)}")
        taken, self.position = self.data[self.position : end], end
        return taken

    def take_number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def take_line(self):
        end = self.data.find(b"\n", self.position, self.position + _MAX_NAME)
        if end < 0:
            raise ValueError(f"a pickle with an endless name at byte {self.position}")
        line = self.take(end - self.position).decode()
        self.position = end + 1
        return line

    def push(self, value):
        self.stack.append(value)

    def push_ignored(self, _=()):
        self.push(Ignored())

    def pop(self):
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise ValueError(f"a pickle without a value at byte {self.position}")
        return self.stack.pop()

    def pop_to_mark(self):
        if not self.marks:
            raise ValueError(f"a pickle without a mark at byte {self.position}")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def mark(self):
        self.marks.append(len(self.stack))

    def repeat(self):
        value = self.pop()
        self.stack += [value, value]

    def pop_some(self, count):
        return tuple([self.pop() for _ in range(count)][::-1])

    def store(self, key):
        value = self.pop()
        self.memo[key] = value
        self.push(value)

    def fetch(self, key):
        self.push(self.memo[key])

    def extend(self, values):
        target = self.pop()
        if not isinstance(target, Ignored):
            list.extend(target, values)
        self.push(target)

    def update(self, values):
        target = self.pop()
        if len(values) % 2:
            raise TypeError("a key without a value")
        if not isinstance(target, Ignored):
            dict.update(target, make_dict(zip(values[::2], values[1::2])))
        self.push(target)

    def find(self, module, name):
        full = ".".join((module, name))
        self.push(Global(full, self.functions.get(full) or self.unknown(full)))

    def call(self):
        function, args = self.pop_some(2)
        if not isinstance(function, Global) or not isinstance(args, tuple):
            raise TypeError("no known function and its arguments")
        self.charge(args)
        self.push(function.function(*args))

    def call_with_names(self):
        if self.pop():
            raise TypeError("no function here has named arguments")
        self.call()

    def build(self):
        state, target = self.pop(), self.pop()
        if isinstance(target, Buildable):
            target.set_state(state)
        self.push(target)

    def find_stored(self):
        if self.find_persistent is None:
            raise TypeError("nothing is stored outside this program")
        identifier = self.pop()
        self.charge((identifier,))
        self.push(self.find_persistent(identifier))

    def charge(self, args):
        """Count the arguments of a call and their items, which it may copy."""
        held = sum(len(value) for value in args if isinstance(value, (list, tuple, dict)))
        self.given += len(args) + held
        self.given_text += sum(len(value) for value in args if isinstance(value, (str, bytes)))
        if self.given > _MAX_GIVEN:
            raise ValueError(f"a pickle that gives its calls more than {_MAX_GIVEN} values")
        if self.given_text > _MAX_TEXT * len(self.data) + _SOME_TEXT:
            raise ValueError("a pickle that gives its calls more text than it has")


def _check_key(key):
    """Return a key of a dictionary; hashing a tuple can take any time, so it is replaced."""
    if key is None or isinstance(key, (str, bytes, float)):
        return key
    if isinstance(key, int):
        return key if abs(key) < _MAX_KEY else Ignored()
    if isinstance(key, (tuple, Ignored)):  # tuples include `Global`
        return Ignored()
    raise TypeError("a key that is a list or a dictionary")
