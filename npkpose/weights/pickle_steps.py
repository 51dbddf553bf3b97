"""The instructions of pickle that are data: what each one does to the stack machine of `unpickle`.

These are the instructions of protocols 2 to 5 in PyTorch's and NumPy's files (Python standard
library, `pickletools`). Sets become placeholders: no weights are in a set.
"""


def _text(content):
    return content.decode()


def _integer(content):
    return int.from_bytes(content, "little", signed=True)


def _counted(layout, decode):
    return lambda m: m.push(decode(m.take(m.take_number(layout))))


STEPS = {
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
    b"\x96": _counted("<Q", bytes),  # a bytearray
    # the stack and the memo
    b"(": lambda m: m.mark(),
    b"0": lambda m: m.pop(),
    b"1": lambda m: m.pop_to_mark(),
    b"2": lambda m: m.repeat(),
    b"q": lambda m: m.store(m.take_number("<B")),
    b"r": lambda m: m.store(m.take_number("<I")),
    b"\x94": lambda m: m.store(len(m.memo)),
    b"h": lambda m: m.fetch(m.take_number("<B")),
    b"j": lambda m: m.fetch(m.take_number("<I")),
    # containers
    b")": lambda m: m.push(()),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b"\x8f": lambda m: m.push_ignored(),
    b"\x85": lambda m: m.push(m.pop_some(1)),
    b"\x86": lambda m: m.push(m.pop_some(2)),
    b"\x87": lambda m: m.push(m.pop_some(3)),
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"a": lambda m: m.extend(m.pop_some(1)),
    b"e": lambda m: m.extend(m.pop_to_mark()),
    b"s": lambda m: m.update(m.pop_some(2)),
    b"u": lambda m: m.update(m.pop_to_mark()),
    b"\x90": lambda m: m.extend(m.pop_to_mark()),
    b"\x91": lambda m: m.push_ignored(m.pop_to_mark()),
    # names, calls and objects stored outside the program
    b"c": lambda m: m.find(m.take_line(), m.take_line()),
    b"\x93": lambda m: m.find(*m.pop_some(2)),
    b"R": lambda m: m.call(),
    b"\x81": lambda m: m.call(),
    b"\x92": lambda m: m.call_with_names(),
    b"b": lambda m: m.build(),
    b"Q": lambda m: m.find_stored(),
}
