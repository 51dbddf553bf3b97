"""All that can be tried: functions and formats. A child process imports this file."""

from tests.fuzz.calls import CALLS
from tests.fuzz.formats import FORMATS
from tests.fuzz.judge import try_call
from tests.fuzz.read import try_file

TARGETS = [*CALLS, *FORMATS]


def try_input(target, seed, case):
    """Return the finding of one input of a function or a format, or None."""
    return (try_file if target in FORMATS else try_call)(target, seed, case)
