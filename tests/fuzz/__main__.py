"""The command ``python -m tests.fuzz``; see the package for its options.

Prints a line for each new kind of finding, with the command that repeats it.
"""

import argparse
import collections
import math
import re
import time

from tests.fuzz.formats import FORMATS
from tests.fuzz.known import is_known, word
from tests.fuzz.read import keep
from tests.fuzz.targets import TARGETS, try_input
from tests.fuzz.worker import run

ROUND = 40  # inputs of one target before the next one's turn; each round has twice as many


class Findings:
    """Prints each kind of finding once; known ones only if all are wanted."""

    def __init__(self, all_wanted):
        self.counts, self.all_wanted = collections.Counter(), all_wanted

    def report(self, what, finding):
        target, seed, case = what
        if is_known(target, finding) and not self.all_wanted:
            return
        kind = target, word(finding), "".join(re.findall(r"\w+(?:Error|Warning)", finding)[:1])
        self.counts[kind] += 1
        if self.counts[kind] == 1:
            line = f"python -m tests.fuzz --only {target} --seed {seed} --case {case}"
            print(f"{target}: {finding}\n    {line}", flush=True)


def _rounds(count):
    """Yield ranges of cases, ``count`` in all: starting a child for each range takes seconds."""
    first, size = 0, ROUND
    while first < count:
        yield range(first, min(first + size, count))
        first, size = first + size, 2 * size


def main():
    """Run inputs until the time is over; exit 1 if there was a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="how long to run; default 2 without --cases")
    parser.add_argument("--cases", type=int, help="how many inputs of each function and format")
    parser.add_argument("--seed", type=int, default=0, help="other seeds, other inputs")
    parser.add_argument("--only", nargs="*", help="names of functions and formats")
    parser.add_argument("--case", type=int, help="only this input")
    parser.add_argument("--keep", action="store_true", help="with --case: write the file to cases/")
    parser.add_argument("--all", action="store_true", help="report known findings too")
    options = parser.parse_args()
    targets = options.only or TARGETS
    findings, tried = Findings(options.all or options.case is not None), 0
    if options.case is not None:
        inputs = [(target, options.seed, options.case) for target in targets]
        run(try_input, inputs, findings.report)
        if options.keep:
            print(*(keep(*each) for each in inputs if each[0] in FORMATS), sep="\n")
        return len(findings.counts) > 0
    minutes = options.minutes or (math.inf if options.cases else 2)
    end = time.monotonic() + 60 * minutes
    for cases in _rounds(options.cases or math.inf):
        inputs = [(target, options.seed, case) for target in targets for case in cases]
        tried += run(try_input, inputs, findings.report, end - time.monotonic())
        if time.monotonic() > end:
            break
    print(f"{tried} inputs of {len(targets)} targets, {len(findings.counts)} kinds of findings")
    return len(findings.counts) > 0


if __name__ == "__main__":
    raise SystemExit(main())
