"""The part of YAML that data.yaml files use: keys at the left margin, and what they hold.

    key: text, number, or [a, b, c]
    key:                                a list, "- a" on each line; or numbers or words to text,
      0: person                         "0: person" on each line, with more lists inside

Comments and quotes are understood. Anchors, tags, multi-line texts and the rest of YAML are not.
"""

import re

_KEY = re.compile(r"(\s*)(- )?(?:([\w.\-]+|\"[^\"]*\"|'[^']*')\s*:(?:\s+|$))?(.*)")
_COMMENT = re.compile(r"(^|\s)#.*$")
MAX_LINES = 100_000


def read_yaml(name, text):
    """Return {key: value} of a text; values are texts, numbers, lists and dictionaries.

    Raises ValueError, with the number of the line, for anything but this part of YAML.
    """
    found, current, inner = {}, None, None
    for number, line in enumerate(text.splitlines()[:MAX_LINES], 1):
        line = _COMMENT.sub("", line).rstrip()
        if not line or line in ("---", "..."):
            continue
        indent, dash, key, rest = _KEY.fullmatch(line).groups()
        if not indent and not dash and key is not None:
            current, inner = _text(key), None
            found[current] = _value(rest) if rest else None
        elif current is None or key is None and not dash:
            raise ValueError(f"{name}: line {number}: expected key: value, got {line[:60]!r}")
        elif key is not None and not dash:
            found[current] = found[current] if isinstance(found[current], dict) else {}
            inner = _value(key)
            found[current][inner] = _value(rest) if rest else []
        elif inner is not None and isinstance(found[current][inner], list):
            found[current][inner].append(_value(rest))
        else:
            found[current] = found[current] if isinstance(found[current], list) else []
            found[current].append(_value(rest))
    return found


def _value(text):
    """Return a text as a number, a list of numbers and texts, or a text."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(item.strip()) for item in text[1:-1].split(",") if item.strip()]
    return _scalar(text)


def _scalar(text):
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    return _text(text)


def _text(text):
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text
