"""The documentation is whole: every page has its place, a picture or code, and code that runs."""

import argparse
import contextlib
import io
import pathlib
import re
import sys

import pytest

from npkpose.cli import main

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LEFT_OUT = {"package"}  # the page of the package index
MADE = {"api/npkpose", "gallery/index"}  # by the build
PAGES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for folder in (".", "book", "howto")
    for path in (DOCS / folder).glob("*.md")
    if path.stem not in LEFT_OUT
}
CHAPTERS = sorted(page for page in PAGES if re.match(r"book/\d", page))
INCLUDE = re.compile(r"```\{(?:literal)?include\} (\S+)\n((?::.*\n)*)")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)[^)]*\)")
CODE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def listed(page):
    """Return the pages in the toctrees of a page."""
    trees = re.findall(r"```\{toctree\}\n(?::.*\n)*\n(.*?)```", PAGES[page], re.DOTALL)
    folder = pathlib.PurePosixPath(page).parent
    names = [re.sub(r".*<(.*)>", r"\1", line) for tree in trees for line in tree.splitlines()]
    return {(folder / name).as_posix() for name in names}


def test_every_page_is_in_one_table_of_contents():
    trees = [listed(page) for page in PAGES]
    names = [name for tree in trees for name in tree]
    assert len(names) == len(set(names))
    assert set(names) == set(PAGES) - {"index"} | MADE


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_picture_or_code_and_what_it_links_to_exists(page):
    text, folder = PAGES[page], (DOCS / page).parent
    assert "```" in text or "![" in text
    links = [link for link in LINK.findall(INCLUDE.sub("", text))]
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_includes_exists_and_contains_what_it_names(page):
    for file, options in INCLUDE.findall(PAGES[page]):
        if "_pictures" in file:
            assert (DOCS / "pictures" / pathlib.Path(file).with_suffix(".py").name).exists()
            continue
        text = (DOCS / page).parent.joinpath(file).read_text(encoding="utf-8")
        for option, value in re.findall(r":(\S+): ?(.*)", options):
            if option in ("start-after", "end-before", "start-at", "end-at"):
                assert value.strip('"') in text, f"{file}: {value}"
            if option == "pyobject":
                name = value.rpartition(".")[2]
                assert re.search(rf"^ *(def|class) {name}\b", text, re.MULTILINE), value


def test_every_chapter_has_its_parts_and_its_picture():
    assert len(CHAPTERS) == 12
    for chapter in CHAPTERS:
        name, text = pathlib.Path(chapter).name, PAGES[chapter]
        parts = re.findall(r"^## (.+)", text, re.MULTILINE)
        assert parts == ["The formula", "The code", "What breaks without it", "Exercise"], name
        assert "$$" in text and f"../_pictures/{name}.png" in text
        assert f":pyobject: test_{name[:2]}_" in text
        assert (DOCS / "pictures" / f"{name}.py").exists()


@pytest.mark.parametrize("page", [p for p in PAGES if p[:5] == "howto" and CODE.search(PAGES[p])])
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in CODE.findall(PAGES[page]):
            exec(compile(code, page, "exec"), names)
    assert "False" not in printed.getvalue()


def test_the_commands_of_the_pages_exist_with_their_options():
    parser = main._make_parser()
    actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    commands = {
        name: {option for action in each._actions for option in action.option_strings}
        for name, each in actions[0].choices.items()
    }
    used = []
    for page, text in PAGES.items():
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            used += re.findall(r"^npkpose (\w+)(.*)", block.replace("\\\n", " "), re.MULTILINE)
    assert len(used) >= 10
    for name, rest in used:
        assert set(re.findall(r"--[a-z-]+", rest)) <= commands[name], f"npkpose {name}{rest}"


def test_the_settings_name_what_the_extra_installs(monkeypatch):
    pytest.importorskip("sphinx_gallery", reason="needs Sphinx: the docs extra")
    pytest.importorskip("pydata_sphinx_theme", reason="needs Sphinx: the docs extra")
    monkeypatch.setattr(sys, "path", list(sys.path))  # to which the settings add
    settings = {"__file__": str(DOCS / "conf.py")}
    exec(compile((DOCS / "conf.py").read_text(encoding="utf-8"), "conf.py", "exec"), settings)
    for name in settings["extensions"]:
        assert __import__(name)
    assert settings["html_theme"] == "pydata_sphinx_theme"
