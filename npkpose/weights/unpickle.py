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
it to a function of ours; every other name is refused. REDUCE calls that function. BUILD
passes the state to an object of ours that accepts one (`Buildable`) and ignores any other
object. No module is imported.

The instructions are those of protocols 2 to 4 in PyTorch's and NumPy's files (Python
standard library, `pickletools`). Dictionary keys are numbers and text. A program has at most
half a million steps, and its calls get at most as many values (one stored list can be the
argument of many calls), so a small file takes little time and memory.
"""

import struct
from typing import NamedTuple

_MAX_STEPS = 500_000  # a network of 12,000 arrays
_MAX_GIVEN = 500_000  # values in the arguments of all calls; the same network
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


def unpickle(data, start, functions, find_persistent=None, old_text=_old_text):
    """Return the value of the pickle at byte ``start`` of ``data``, and its end.

    Parameters
    ----------
    data : bytes or mmap
    start : int
    functions : dict of str to callable
        Every allowed name, and a function from positional arguments to its object.
    find_persistent : callable, optional
        Returns the object of a persistent id, which is stored outside the program.
    old_text : callable
        Converts Python 2's strings, which are text or bytes. Default: to text, with
        backslash escapes for other bytes.

    Raises
    ------
    ValueError
        A name that is not in ``functions``, an unknown instruction, or a program that is
        truncated, invalid or too long. The message is a noun phrase.
    """
    machine = _Machine(data, start, functions, find_persistent, old_text)
    for _ in range(_MAX_STEPS):
        place, instruction = machine.position, machine.take(1)
        if instruction == b".":
            return machine.pop(), machine.position
        step = _STEPS.get(instruction)
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

    def __init__(self, data, position, functions, find_persistent, old_text):
        self.data, self.position, self.old_text = data, position, old_text
        self.functions, self.find_persistent = functions, find_persistent
        self.stack, self.marks, self.memo = [], [], {}
        self.given = 0

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
        if full not in self.functions:
            raise ValueError(
                f"a pickle that asks for {full[:_MAX_NAME]!r}, which is neither a tensor nor a "
                "container; nothing of it was run"
            )
        self.push(Global(full, self.functions[full]))

    def call(self):
        function, args = self.pop_some(2)
        if not isinstance(function, Global) or not isinstance(args, tuple):
            raise TypeError("no known function and its arguments")
        self.charge(args)
        self.push(function.function(*args))

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
        if self.given > _MAX_GIVEN:
            raise ValueError(f"a pickle that gives its calls more than {_MAX_GIVEN} values")


def _check_key(key):
    simple = key is None or isinstance(key, (str, bytes, float))
    if not simple and not (isinstance(key, int) and abs(key) < _MAX_KEY):
        raise TypeError("a key that is neither a number nor text")
    return key


def _text(content):
    return content.decode()


def _integer(content):
    return int.from_bytes(content, "little", signed=True)


def _counted(layout, decode):
    return lambda m: m.push(decode(m.take(m.take_number(layout))))


_STEPS = {
    # protocol and frame size, not needed when the whole file is in memory
    b"\x80": lambda m: m.take(1),
    b"\x95": lambda m: m.take(8),
    # constants and numbers
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"K": lambda m: m.push(m.take_number("<B")),
    b"M": lambda m: m.push(m.take_number("<H")),
    b"J": lambda m: m.push(m.take_number("<i")),
    b"G": lambda m: m.push(m.take_number(">d")),
    b"\x8a": _counted("<B", _integer),
    b"\x8b": _counted("<I", _integer),
    # text and bytes
    b"X": _counted("<I", _text),
    b"\x8c": _counted("<B", _text),
    b"\x8d": _counted("<Q", _text),
    b"T": lambda m: m.push(m.old_text(m.take(m.take_number("<I")))),
    b"U": lambda m: m.push(m.old_text(m.take(m.take_number("<B")))),
    b"B": _counted("<I", bytes),
    b"C": _counted("<B", bytes),
    b"\x8e": _counted("<Q", bytes),
    # the stack and the memo
    b"(": _Machine.mark,
    b"0": _Machine.pop,
    b"1": _Machine.pop_to_mark,
    b"2": _Machine.repeat,
    b"q": lambda m: m.store(m.take_number("<B")),
    b"r": lambda m: m.store(m.take_number("<I")),
    b"\x94": lambda m: m.store(len(m.memo)),
    b"h": lambda m: m.fetch(m.take_number("<B")),
    b"j": lambda m: m.fetch(m.take_number("<I")),
    # containers
    b")": lambda m: m.push(()),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b"\x85": lambda m: m.push(m.pop_some(1)),
    b"\x86": lambda m: m.push(m.pop_some(2)),
    b"\x87": lambda m: m.push(m.pop_some(3)),
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"a": lambda m: m.extend(m.pop_some(1)),
    b"e": lambda m: m.extend(m.pop_to_mark()),
    b"s": lambda m: m.update(m.pop_some(2)),
    b"u": lambda m: m.update(m.pop_to_mark()),
    # names, calls and objects stored outside the program
    b"c": lambda m: m.find(m.take_line(), m.take_line()),
    b"\x93": lambda m: m.find(*m.pop_some(2)),
    b"R": _Machine.call,
    b"\x81": _Machine.call,
    b"b": _Machine.build,
    b"Q": _Machine.find_stored,
}
