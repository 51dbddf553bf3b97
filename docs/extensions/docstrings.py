"""The docstrings of npkpose, written to be read in the source, as reStructuredText.

* An indented block after an empty line is shown as it stands: formulas, tables, reading orders.
* A `name` in backticks becomes a link if it is a module, function or class with a page; a name
  that begins with "npkpose." and does not exist is a warning.
* "*", "|" and "_" are signs of arithmetic here, not of markup.

It runs before Sphinx's napoleon, which then turns the sections Parameters, Returns and Raises
into lists.
"""

import ast
import importlib
import re
import textwrap

from api_pages import module_names, public_members
from sphinx.util import logging

LOG = logging.getLogger(__name__)
FIELDS = {"Parameters", "Returns", "Yields", "Raises", "Attributes", "Other Parameters"}
COLON = "\ue000"  # a character that no docstring holds
MARKUP = re.compile(r"``(.+?)``|`([^`]+)`", re.DOTALL)
NAME = re.compile(r"[A-Za-z_][\w.]*")
FILE = re.compile(r"(?<![\w/.])([a-z_0-9]+(?:/[a-z_0-9]+)*)(\.py|/)(?![\w/])")


def setup(app):
    """Convert docstrings before napoleon, whose priority is 500."""
    app.connect("autodoc-process-docstring", convert, priority=400)
    app.connect("autodoc-process-docstring", _show_colons, priority=600)
    app.connect("builder-inited", lambda app: documented.update(_documented()))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


documented = {}  # dotted name: role


def _documented():
    """Return the role of every dotted name that has a place in the reference."""
    roles = {}
    for name in module_names():
        module = importlib.import_module(name)
        roles[name] = "py:mod"
        for short, value in public_members(module).items():
            roles[f"{name}.{short}"] = "py:obj"
            if isinstance(value, type):
                methods = [m for m in vars(value) if not m.startswith("_")]
                roles |= {f"{name}.{short}.{m}": "py:obj" for m in methods
                          if getattr(vars(value)[m], "__doc__", None)}  # fmt: skip
    return roles


def convert(app, what, name, obj, options, lines):
    """Rewrite the lines of one docstring in place."""
    module, in_fields, out = _module_of(name), False, []
    blocks = _blocks(_raw(obj, lines) if what == "module" else lines)
    for block in blocks:
        if len(block) > 1 and set(block[1]) == {"-"}:
            in_fields = block[0] in FIELDS
        out += _converted(block, module, in_fields, what == "module") + [""]
    hide = what in ("property", "attribute")  # napoleon would take the words before ":" as a type
    lines[:] = [line.replace(":", COLON) for line in out] if hide else out


def _show_colons(app, what, name, obj, options, lines):
    lines[:] = [line.replace(COLON, ":") for line in lines]


def _raw(module, lines):
    """Return a module's docstring as it stands in its file: indented lines stay indented."""
    return module.__doc__.split("\n") if module.__doc__ else lines


def _module_of(name):
    """Return the module in which a documented name lies."""
    while name not in documented or documented[name] != "py:mod":
        name = name.rpartition(".")[0]
    return importlib.import_module(name)


def _blocks(lines):
    """Return the paragraphs of a docstring; indented paragraphs in a row are one."""
    blocks = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    joined = []
    for block in blocks:
        if joined and _indent(block) and _indent(joined[-1]) and not _is_list(joined[-1]):
            joined[-1] += ["", *block]
        else:
            joined.append(block)
    return joined


def _indent(block):
    return len(block[0]) - len(block[0].lstrip())


def _is_list(block):
    return block[0].lstrip().startswith(("* ", "- "))


def _converted(block, module, in_fields, of_module):
    if _indent(block) >= (8 if in_fields else 1) and not _is_list(block):
        return _literal(block, module, of_module)
    return _text("\n".join(block), module).split("\n")


def _literal(block, module, of_module):
    """Return a block as it stands; names of files in a package's docstring become links."""
    margin = " " * max(_indent(block) - 4, 0)
    if of_module and hasattr(module, "__path__") and FILE.search("\n".join(block)):
        linked = FILE.sub(lambda m: _file_link(m, module), _text("\n".join(block), module))
        return [margin + ".. parsed-literal::", "", *linked.split("\n")]
    return [f"{margin}.. code-block:: {_language(block)}", "", *block]


def _language(block):
    """Return how to colour a block: as Python if it is Python, else not at all."""
    try:
        ast.parse(textwrap.dedent("\n".join(block)))
    except SyntaxError:
        return "text"
    return "python"


def _file_link(match, package):
    target = f"{package.__name__}.{match[1].replace('/', '.')}"
    return f":py:mod:`{match[0]} <{target}>`" if target in documented else match[0]


def _text(text, module):
    """Return a paragraph with its names linked and its arithmetic escaped."""
    out, end = [], 0
    for match in MARKUP.finditer(text):
        out += [_escape(text[end : match.start()]), _linked(match, module)]
        out += ["\\ "] * bool(re.match(r"[\w^/]", text[match.end() :]))
        end = match.end()
    return "".join(out) + _escape(text[end:])


def _escape(text):
    text = text.replace("\\", "\\\\")
    text = re.sub(r"(?<!^)(?<!\n)(?<!\n  )(?<!\n    )\*|\*(?! )", r"\\*", text)
    return re.sub(r"\||_(?=\W|$)", lambda m: "\\" + m[0], text)


def _linked(match, module):
    """Return a link for a name in single backticks, or code."""
    if match[1]:
        return match[0]
    shown = " ".join(match[2].split())
    target = resolve(shown, module)
    if target:
        return f":{documented[target]}:`{shown} <{target}>`"
    if shown.startswith("npkpose.") and not _exists(shown):
        LOG.warning("%s: there is no %s", module.__name__, shown)
    return f"``{shown}``"


def resolve(shown, module):
    """Return the dotted name, with a place in the reference, that a docstring means; or None."""
    if not NAME.fullmatch(shown):
        return None
    package = module.__name__
    while package:
        if f"{package}.{shown}" in documented:
            return f"{package}.{shown}"
        package = package.rpartition(".")[0]
    if shown in documented:
        return shown
    value = _value(shown, module)
    home = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    return home if home in documented else None


def _value(shown, module):
    """Return the object of a dotted name as seen from a module, the package or the root."""
    for root in (module, importlib.import_module("npkpose")):
        value = root
        for part in shown.removeprefix("npkpose.").split("."):
            value = getattr(value, part, None)
        if value is not None:
            return value
    return None


def _exists(shown):
    parts = shown.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            value = getattr(value, part, None)
        return value is not None
    return False
