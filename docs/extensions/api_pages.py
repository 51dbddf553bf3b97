"""The pages of the API reference: one for each module of the package, written before the build.

A page shows the module's docstring, its public functions and classes, and for a package the pages
of its files. Modules whose names begin with "_" have no page.
"""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import npkpose

LEFT_OUT = {"npkpose.__main__"}
TITLE = "{name}\n{line}\n\n"
MODULE = ".. automodule:: {name}\n{members}\n"
FILES = ".. toctree::\n   :maxdepth: 1\n   :caption: Files of {name}\n\n{pages}\n"
NAMES = "Names that can be imported from here\n------------------------------------\n\n{rows}\n\n"


def setup(app):
    """Write the pages when the builder starts."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def module_names():
    """Return the names of all modules that have a page, in order."""
    found = pkgutil.walk_packages(npkpose.__path__, "npkpose.")
    names = [entry.name for entry in found if "._" not in entry.name]
    return ["npkpose", *sorted(set(names) - LEFT_OUT)]


def public_members(module):
    """Return {name: object} of the public functions and classes that a module defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or callable(value))
        and getattr(value, "__module__", None) == module.__name__
        and getattr(value, "__name__", None) == name
    }


def write_pages(app):
    """Write ``api/NAME.rst`` for each module; unchanged pages keep their time."""
    folder = Path(app.srcdir, "api")
    folder.mkdir(exist_ok=True)
    names = module_names()
    pages = {f"{name}.rst": page(name, names) for name in names}
    for old in folder.glob("*.rst"):
        if old.name not in pages:
            old.unlink()
    for file, text in pages.items():
        path = folder / file
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def page(name, names):
    """Return the text of a module's page."""
    module = importlib.import_module(name)
    own = ", ".join(public_members(module))
    members = f"   :members: {own}\n   :show-inheritance:\n" if own else ""
    text = TITLE.format(name=name, line="=" * len(name))
    text += MODULE.format(name=name, members=members)
    if not own and not hasattr(module, "__path__"):  # all is private: the source itself
        text += f".. literalinclude:: ../../{name.replace('.', '/')}.py\n\n"
    exported = [f"{name}.{entry}" for entry in getattr(module, "__all__", ())]
    rows = [row for entry in exported if (row := _row(module, entry))]
    if rows:
        text += NAMES.format(rows="\n".join(rows))
    files = [other for other in names if other.rpartition(".")[0] == name]
    if files:
        text += FILES.format(name=name, pages="\n".join(f"   {other}" for other in files))
    return text


def _row(module, full):
    """Return a list item that links a re-exported name to the page that documents it."""
    short = full.rpartition(".")[2]
    value = getattr(module, short)
    if inspect.ismodule(value):
        return f"* :py:mod:`{short} <{value.__name__}>`: {_first_line(value)}"
    home = getattr(value, "__module__", None)
    if home is None or home == module.__name__ or "._" in home or not callable(value):
        return None
    return f"* :py:obj:`{short} <{home}.{value.__qualname__}>`: {_first_line(value)}"


def _first_line(value):
    """Return the first sentence of a docstring, free of markup."""
    line = " ".join(inspect.getdoc(value).split("\n\n")[0].split())
    line = re.split(r"(?<!\.)\. ", line)[0].rstrip(".").replace("``", "").replace("`", "")
    return "".join(f"\\{c}" if c in "*|_\\" else c for c in line) + "."
