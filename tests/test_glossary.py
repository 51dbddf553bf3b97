"""docs/glossary.md: one line for each term, and the file named there contains it."""

import pathlib
import re

import pytest

DOCUMENT = pathlib.Path(__file__).resolve().parents[1] / "docs" / "glossary.md"
LINE = re.compile(r"- \*\*(.+?)\*\*: (.+)\. \[`(.+?)`\]\((.+?)\)")
LINES = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line[:2] == "- "]
ENTRIES = [LINE.fullmatch(line) for line in LINES]
REQUIRED = (
    "task, rank, all_gather, tile, kernel tap, flipped, fused, epilogue, scratch buffer, "
    "hypothesis, heatmap, PAF, tag, OKS, ignored, crowd, ground truth, detection, missing, grid, "
    "stride, convention, SimCC, DARK, UDP, Procrustes, MPJPE"
)


def terms():
    return [term for entry in ENTRIES for term in entry[1].split(", ")]


def test_every_line_is_a_term_a_meaning_and_a_file():
    assert len(ENTRIES) >= 120
    assert [line for line, entry in zip(LINES, ENTRIES) if entry is None] == []
    assert max(map(len, LINES)) <= 200


def test_terms_are_sorted_and_none_is_there_twice():
    first = [entry[1].lower() for entry in ENTRIES]
    assert first == sorted(first) and len(set(terms())) == len(terms())


def test_the_words_that_the_code_must_use_are_there():
    assert set(REQUIRED.split(", ")) - set(terms()) == set()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[1])
def test_the_file_of_a_term_exists_and_contains_it(entry):
    term, _, shown, link = entry.groups()
    path = (DOCUMENT.parent / link).resolve()
    assert link == f"../npkpose/{shown}" and path.is_file()
    text = " ".join(path.read_text(encoding="utf-8").split())
    words = "|".join(map(re.escape, term.split(", ")))
    assert re.search(rf"\b({words})(e?s)?\b", text, re.IGNORECASE), f"{shown} without {term}"
