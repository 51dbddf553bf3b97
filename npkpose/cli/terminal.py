"""Texts that commands print: names and words out of files, which must not act on the terminal."""

import re
import sys
import warnings

LONGEST = 1000  # characters of a line


def one_line(text):
    """Return ``text`` as one line of at most 1,000 characters.

    Control characters, line breaks included, become escapes such as ``\\x1b``.
    """
    text = str(text)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 30]}... ({len(text):,} characters)"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def with_option(text, usage):
    """Return a message that begins with a Python argument's name with that of the command line.

    ``usage`` is the command's usage: "save_every: expected ..." becomes "--save-every: ..." where
    it has --save-every, and "keypoints[2]: ..." becomes "KEYPOINTS[2]: ...".
    """
    text = str(text)
    name = re.match(r"[a-z_]+(?=(\[[^\]]*\])*: )", text)
    if name is not None:
        option = name[0].replace("_", "-")
        for word in (f"--{option}", option.upper()):
            if re.search(rf"(?<![\w-]){word}(?![\w.-])", usage):
                return word + text[name.end() :]
    return text


def noting(command, function, *arguments):
    """Return ``function(*arguments)``; print its warnings as notes of the command."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments)
    for warning in caught:
        print_note(command, warning.message)
    return result


def print_note(command, text):
    """Print one line of a command on stderr."""
    print(f"npkpose {command}: {one_line(text)}", file=sys.stderr, flush=True)
