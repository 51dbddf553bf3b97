"""What the documentation's own extensions do to docstrings, links and examples."""

import ast
import pathlib
import sys

import pytest

pytest.importorskip("sphinx", reason="needs Sphinx: the docs extra")
EXTENSIONS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "extensions"
HERE = "npkpose.codec.heatmap.decode"


@pytest.fixture
def load(monkeypatch):
    """Return a function that imports an extension by name."""
    monkeypatch.setattr(sys, "path", [str(EXTENSIONS), *sys.path])
    return __import__


@pytest.fixture
def converted(load, monkeypatch):
    """Return a function that converts a docstring of a module of npkpose."""
    docstrings = load("docstrings")
    names = {HERE: "py:mod", f"{HERE}.decode_heatmaps": "py:obj"}
    monkeypatch.setattr(docstrings, "documented", names)

    def convert(text, name=HERE, what="function"):
        lines = text.split("\n")
        docstrings.convert(None, what, name, None, None, lines)
        return "\n".join(lines)

    return convert


def test_an_indented_block_stands_as_it_is(converted):
    text = converted("Return y:\n\n    y = a * b\n    c    d\n\nDone.")
    assert "Return y:\n\n.. code-block:: text\n\n    y = a * b\n    c    d\n\nDone." in text
    assert ".. code-block:: python\n\n    y = a * b\n" in converted("Return y:\n\n    y = a * b")


def test_signs_of_arithmetic_are_not_markup(converted):
    assert converted("|a| * b_, ``c * d`` and **e") == "\\|a\\| \\* b\\_, ``c * d`` and \\*\\*e\n"
    assert converted("Two:\n\n* one\n* two * 3") == "Two:\n\n* one\n* two \\* 3\n"


def test_a_name_becomes_a_link_and_another_word_code(converted):
    full = f"{HERE}.decode_heatmaps"
    assert converted("See `decode_heatmaps`.") == f"See :py:obj:`decode_heatmaps <{full}>`.\n"
    assert converted("See `npkpose.decode_heatmaps`.").count(f"<{full}>") == 1
    assert converted("See `nobody`.") == "See ``nobody``.\n"


def test_parameters_keep_their_form_and_their_blocks(converted):
    text = "Parameters\n----------\nx : array_like, shape (N, 2)\n    One of\n\n        a    b"
    wanted = text.replace("        a", "    .. code-block:: text\n\n        a")
    assert converted(text) == wanted + "\n"


@pytest.mark.parametrize("link, folder, page", [
    ("npkpose/nn/conv.py", "", "/api/npkpose.nn.conv.rst"),
    ("../npkpose/codec/paf/__init__.py", "docs", "/api/npkpose.codec.paf.rst"),
    ("docs/people.png", "", "/people.png"),
    ("../../examples/01_heatmap.py", "docs/book", "/gallery/01_heatmap.rst"),
    ("CONTRIBUTING.md", "", "/contributing.md"),
    ("../npkpose/_jit.py", "docs", "/../npkpose/_jit.py"),
])  # fmt: skip
def test_a_link_to_a_file_becomes_a_link_to_its_page(load, link, folder, page):
    links = load("source_links")
    assert links.linked(f"See [it]({link}#top).", folder) == f"See [it]({page}#top)."


def test_an_example_gets_a_heading_once(load):
    gallery = load("gallery")
    code = "\n\nprint(__doc__.splitlines()[0])\n"
    script = '"""Title.\n\nText of `x`:\n\n    a \\\\\n    b\n"""' + code
    copy = gallery.with_heading(script)
    wanted = "Title\n=====\n\nText of ``x``:\n\n.. code-block:: text\n\n    a \\\n    b\n"
    assert ast.get_docstring(ast.parse(copy), clean=False) == wanted
    assert copy.endswith("\n\nprint('Title.')\n")
    again = gallery.with_heading(copy)
    assert ast.get_docstring(ast.parse(again), clean=False) == wanted


def test_the_gallery_runs_examples_that_exist(load):
    gallery = load("gallery")
    names = {path.stem for path in (EXTENSIONS.parents[1] / "examples").glob("*.py")}
    assert set(gallery.RUN) | set(gallery.STORED) <= names
    for plot in gallery.STORED.values():
        assert (EXTENSIONS.parent / plot).exists()


def test_a_page_that_loads_from_a_network_or_shows_nothing_is_found(load, tmp_path):
    check = load("check_pages")
    page = tmp_path / "page.html"
    page.write_text(
        '<script src="https://example.org/x.js"></script><article><a href="no.html#a">b</a>'
        '<a href="page.html">c</a><a href="https://example.org">d</a></article>',
        encoding="utf-8",
    )
    assert list(check.problems_of(page)) == [
        "loads https://example.org/x.js", "leads to no.html#a", "shows no picture and no code"
    ]  # fmt: skip
