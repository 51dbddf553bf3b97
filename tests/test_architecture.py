"""The floors of docs/architecture.md, checked in the imports of every file; and sizes."""

import ast
import functools
import pathlib
import re
import statistics

import npkpose

PACKAGE = pathlib.Path(npkpose.__file__).parent
DOCUMENT = pathlib.Path(__file__).resolve().parents[1] / "docs" / "architecture.md"
MAX_FILE, MAX_FUNCTION, MAX_MEDIAN = 300, 40, 10  # lines


@functools.cache
def texts():
    """Return {module name: its source}."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(("npkpose", *path.relative_to(PACKAGE).with_suffix("").parts))
        found[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


@functools.cache
def sources():
    """Return {module name: its syntax tree}."""
    return {name: ast.parse(text) for name, text in texts().items()}


@functools.cache
def imports():
    """Return {module: modules of the package that it imports, wherever in the file}."""
    return {name: set(_imported(tree)) - {name} for name, tree in sources().items()}


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in sources() else node.module for name in names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "npkpose")


def room(module):
    return (module.split(".") + ["npkpose"])[1] if module != "npkpose" else "npkpose"


@functools.cache
def floors():
    """Return the lists of rooms of docs/architecture.md, from the highest floor down."""
    text = DOCUMENT.read_text(encoding="utf-8")
    block = re.search(r"<!-- floors -->\n```text\n(.*?)```", text, re.DOTALL)[1]
    return [re.split(r" {3,}", line)[0].split() for line in block.splitlines()]


def test_every_room_is_on_one_floor():
    listed = [name for rooms in floors() for name in rooms]
    assert sorted(listed) == sorted({room(module) for module in sources()})
    assert len(floors()) >= 10 and floors()[-1] == ["reference"]


def test_imports_run_down_the_floors():
    floor = {name: number for number, rooms in enumerate(floors()) for name in rooms}
    arrows = {(a, b) for a, used in imports().items() for b in used if room(a) != room(b)}
    assert len(arrows) > 300
    assert {(a, b) for a, b in arrows if floor[room(a)] >= floor[room(b)]} == set()


def test_no_file_imports_in_a_circle():
    left = {name: set(used) for name, used in imports().items()}
    while done := {name for name, used in left.items() if not used}:
        left = {name: used - done for name, used in left.items() if name not in done}
    assert left == {}


def test_rooms_that_never_meet():
    reached = {name: {room(b) for b in used} for name, used in imports().items()}
    for here, never in {
        "nn": {"codec", "models", "pipeline", "skeleton", "skeletons", "poses"},
        "codec": {"nn", "models", "engine"},
        "engine": {"nn", "models", "codec"},
        "metrics": {"nn", "models", "codec"},
    }.items():
        inside = [name for name in reached if room(name) == here]
        assert inside and {name for name in inside if reached[name] & never} == set()
    twins = [name for name in reached if room(name) == "reference"]
    assert len(twins) > 20 and {r for name in twins for r in reached[name]} == {"reference"}
    assert [name for name in reached if "reference" in reached[name] - {room(name)}] == []


def test_long_files_say_why_they_cannot_be_split():
    for name, tree in sources().items():
        lines = len(texts()[name].splitlines())
        docstring = " ".join((ast.get_docstring(tree) or "").split())
        assert lines <= MAX_FILE or "cannot be split" in docstring, f"{name}: {lines} lines"


def test_functions_are_short():
    lengths = dict(_function_lengths())
    assert len(lengths) > 1500
    assert statistics.median(lengths.values()) <= MAX_MEDIAN
    assert {name for name, lines in lengths.items() if lines > MAX_FUNCTION} == set()


def _function_lengths():
    """Yield each function's name and lines of code: no docstring, blank lines or comments."""
    for name, tree in sources().items():
        lines = texts()[name].splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                code = lines[body[0].lineno - 1 : node.end_lineno] if body else []
                count = sum(line.strip()[:1] not in ("", "#") for line in code)
                yield f"{name}.{node.name}:{node.lineno}", count
