"""What a command says on stdout: text for people, with --json one object for programs, or nothing.

A command prints its text as usual, and tells the same as facts by `tell`. Notes and errors go to
stderr in every case.
"""

import json
import math
import os
from contextlib import contextmanager, redirect_stdout

import numpy as np


def add_report_options(command):
    """Add --quiet, and --json if the command has none of its own, to argparse's parser."""
    command.add_argument("--quiet", action="store_true",
        help="print nothing but notes and errors")  # fmt: skip
    if "--json" in command.format_usage():
        return
    command.add_argument("--json", dest="report_json", action="store_true",
        help="print one JSON object instead of text, when all is done")  # fmt: skip


def tell(options, **facts):
    """Add facts to the command's JSON object; a list is appended to the one of the same name."""
    told = vars(options).setdefault("facts", {})
    for name, value in facts.items():
        told[name] = told[name] + value if isinstance(told.get(name), list) else value


@contextmanager
def report(options):
    """Within it stdout says what --quiet and --json ask for, of which --json comes first."""
    as_json, own = getattr(options, "report_json", False), getattr(options, "json", False)
    if own or not as_json and not getattr(options, "quiet", False):
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nothing, redirect_stdout(nothing):
        yield
    if as_json:
        print(json.dumps(as_plain(getattr(options, "facts", {})), indent=1))


def as_plain(value):
    """Return a value as JSON has it: lists, numbers, text; None for what is not finite."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): as_plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [as_plain(each) for each in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, (bool, int, str, type(None))) else str(value)
