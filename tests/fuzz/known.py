"""Findings that wait for a mend: lines "target first-word-of-the-finding" of known.txt.

The first word is the argument, or the error of a reader. The suite and the command pass over them;
`python -m tests.fuzz --all` reports them too.
"""

from pathlib import Path

LINES = (Path(__file__).parent / "known.txt").read_text(encoding="utf-8").splitlines()
KNOWN = {tuple(line.split()) for line in LINES if line and not line.startswith("#")}


def word(finding):
    """Return the word that stands for a finding in the list."""
    return finding.split()[0].rstrip(":")


def is_known(target, finding):
    return (target, word(finding)) in KNOWN
