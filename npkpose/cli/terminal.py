"""Texts that commands print: names and words out of files, which must not act on the terminal."""

import sys

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


def print_note(command, text):
    """Print one line of a command on stderr."""
    print(f"npkpose {command}: {one_line(text)}", file=sys.stderr, flush=True)
