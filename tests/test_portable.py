"""What the sources may ask of the operating system: nothing that Windows or macOS lacks."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = "npkpose", "tests", "examples", "benchmarks"
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
FILES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in SOURCES}
FILES.pop(f"tests/{pathlib.Path(__file__).name}")
TEXT_MODES = re.compile("[rwax][t+]{0,2}")

# What not every system has, and how a file that uses it says what happens without.
NEEDS = {
    r"^\s*import (resource|fcntl|pwd|grp|termios)\b": r"except \(?ImportError|importorskip\(",
    r"\bos\.(fork|waitpid|killpg|setsid)\b": r"hasattr\(os, \"fork\"\)",
    r"\bsignal\.SIG(?!INT\b|TERM\b|_)[A-Z]": r"hasattr\((os, \"fork\"|signal, )",
    r"\.send_signal\(": r"sys\.platform",
    r"[\"']/(proc|sys)/": r"except OSError",
}


def calls_without_encoding(source):
    """Yield (line, call) for each call that reads or writes text in the system's encoding."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _lacks_encoding(node):
            yield node.lineno, ast.unparse(node)


def _lacks_encoding(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if {"encoding", "fileobj", None} & keywords.keys():  # fileobj: of tarfile; None: **
        return False
    if name in ("read_text", "write_text"):
        return len(call.args) <= (name == "write_text")
    if name in ("TemporaryFile", "NamedTemporaryFile", "fdopen"):
        return _is_text(keywords.get("mode", (call.args + [None, None])[name == "fdopen"]))
    if name != "open":
        return name == "TextIOWrapper"
    is_method = isinstance(call.func, ast.Attribute)  # of a path, or of an archive or a library
    arguments = call.args if is_method else call.args[1:]
    mode = keywords.get("mode", arguments[0] if arguments else None)
    return not call.args if is_method and mode is None else mode is None or _is_text(mode)


def _is_text(mode):
    is_constant = isinstance(mode, ast.Constant) and isinstance(mode.value, str)
    return is_constant and TEXT_MODES.fullmatch(mode.value) is not None


@pytest.mark.parametrize("code", [
    "open(p)", "open(p, 'w')", "open(p, mode='r+')", "p.read_text()", "p.write_text(t)", "p.open()",
    "p.open('a')", "tempfile.NamedTemporaryFile('w')", "os.fdopen(fd, 'w')", "TextIOWrapper(f)",
])  # fmt: skip
def test_a_call_without_an_encoding_is_found(code):
    assert list(calls_without_encoding(code)) == [(1, code)]


@pytest.mark.parametrize("code", [
    "open(p, 'rb')", "open(p, encoding='ascii')", "p.read_text('utf-8')", "p.open('wb')",
    "p.write_text(t, 'utf-8')", "p.write_text(t, encoding='utf-8')", "Image.open(p)",
    "os.open(p, os.O_RDONLY)", "archive.open(name, 'w')", "tempfile.TemporaryFile()",
    "tarfile.open(fileobj=f, mode='w')", "os.fdopen(fd, 'wb')",
])  # fmt: skip
def test_bytes_and_calls_with_an_encoding_are_passed_over(code):
    assert list(calls_without_encoding(code)) == []


def test_every_text_file_is_opened_with_an_encoding():
    assert len(FILES) > 300
    found = [
        f"{name}:{line}: {call}"
        for name, source in FILES.items()
        for line, call in calls_without_encoding(source)
    ]
    assert found == []


@pytest.mark.parametrize("use", NEEDS)
def test_what_a_system_may_lack_is_used_with_a_way_out(use):
    users = [name for name, source in FILES.items() if re.search(use, source, re.MULTILINE)]
    assert users
    assert [name for name in users if not re.search(NEEDS[use], FILES[name])] == []
