"""Texts that commands print: names and words out of files, which must not act on the terminal."""

import errno
import re
import sys
import warnings

LONGEST = 1000  # characters of a line
# What the operating system says of a path, in the form of all other messages.
REASONS = {
    errno.ENOENT: "expected a file that exists, got none",
    errno.EISDIR: "expected a file, got a folder",
    errno.ENOTDIR: "expected a folder, got a file in its place",
    errno.EEXIST: "expected a folder, got a file in its place",
    errno.EACCES: "expected a file or folder that may be used, got no permission",
    errno.ENAMETOOLONG: "expected a name, got one that is too long",
}


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


def text_of(error):
    """Return the text of an error; of one about a path, "path: expected ..., got ..."."""
    reason = REASONS.get(getattr(error, "errno", None))
    if reason is None or getattr(error, "filename", None) is None:
        return str(error)
    return f"{error.filename or repr('')}: {reason}"


def with_option(text, usage, given=()):
    """Return a message that begins with a Python argument's name with that of the command line.

    ``usage`` is the command's usage: "save_every: expected ..." becomes "--save-every: ..." where
    it has --save-every, and "keypoints[2]: ..." becomes "KEYPOINTS[2]: ...". A word that is
    ``given`` on the command line, such as a file's name, stays.
    """
    text = str(text)
    name = re.match(r"[a-z_]+(?=(\[[^\]]*\])*: )", text)
    if name is not None and name[0] not in given:
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
