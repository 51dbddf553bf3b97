"""What the documents say is true: snippets print what is shown, paths and commands exist."""

import argparse
import contextlib
import io
import pathlib
import re

import pytest

from npkpose._numba import COMPILES
from npkpose.cli import main

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SNIPPET = r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?"  # and what it prints
SNIPPETS = re.findall(SNIPPET, README, re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)[^)]*\)")
PATH = re.compile(r"`((?:npkpose|tests|examples|benchmarks|docs)/[\w./]+)`")


def test_the_readme_has_its_snippets_with_output():
    assert len(SNIPPETS) == 2 and all(output for _, output in SNIPPETS)


@pytest.mark.parametrize("code, output", SNIPPETS, ids=["ten lines", "own data"])
def test_a_snippet_prints_what_the_readme_shows(code, output, tmp_path, monkeypatch):
    if "write_coco" in code:
        pytest.importorskip("PIL")
        if not COMPILES:
            pytest.skip("uncompiled, its crops take minutes")
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert printed.getvalue() == output


def test_the_ten_lines_are_ten():
    lines = [line for line in SNIPPETS[0][0].splitlines() if line.strip()]
    assert len(lines) <= 10


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_exist(path):
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^```diff\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    links = [(path.parent / link, link) for link in LINK.findall(text)]
    named = [(ROOT / name, name) for name in PATH.findall(text)]
    assert links or path.name != "README.md"
    assert [name for target, name in links + named if not target.exists()] == []


def test_the_readme_names_every_example():
    names = {path.name for path in (ROOT / "examples").glob("*.py")}
    numbers = {name[:2] for name in names}
    named = set(re.findall(r"(\d\d)_\w+\.py", README)) | {"15", "16", "17"}  # "examples 15 to 17"
    assert "examples 15 to 17" in README and named == numbers


def test_its_commands_are_those_of_the_command_line():
    parser = main._make_parser()
    actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    known = set(actions[0].choices)
    named = set(re.findall(r"(?:`|bin/|`\.venv/bin/)npkpose ([a-z]+)", README))
    assert len(named) >= 8 and named - known == set()


def test_the_marked_commands_and_the_table_are_where_other_programs_look():
    for mark in ("demo", "test"):
        assert len(re.findall(rf"<!-- {mark} command -->\n```sh\n.+\n```\n", README)) == 1
    table = README.partition("<!-- networks -->")[2].partition("<!-- end of networks -->")[0]
    assert table.count("\n| ") >= 10 and "| ratio |" in table
