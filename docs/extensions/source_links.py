"""Links to files of the repository become links to pages of this site.

README.md, CONTRIBUTING.md, the glossary and the architecture link to source files, which is right
on a code host. Here a file of the package has a page of the reference, and a file of the examples
has one in the gallery. Other files can be downloaded.
"""

import posixpath
import re
from pathlib import Path

from api_pages import module_names

LINK = re.compile(r"\]\((?!https?:|#|/|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
PAGES = {"README.md": "/start.md", "CONTRIBUTING.md": "/contributing.md"}


def setup(app):
    """Rewrite pages, and the files that they include, when they are read."""
    app.connect("source-read", lambda app, page, text: _rewrite(app, page, text))
    app.connect("include-read", lambda app, path, page, text: _included(app, path, text))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _rewrite(app, page, text):
    folder = posixpath.dirname(posixpath.join("docs", page))
    if not page.startswith(("api/", "gallery/")):
        text[0] = linked(text[0], folder)


def _included(app, path, text):
    root = Path(app.srcdir).parent
    folder = Path(app.srcdir, path).resolve().parent.relative_to(root).as_posix()
    text[0] = linked(text[0], folder.removeprefix("."))


def linked(text, folder):
    """Return Markdown, of a file in this folder of the repository, with links of the site."""
    return LINK.sub(lambda match: f"]({target(match[1], folder)}{match[2] or ''})", text)


def target(link, folder):
    """Return where a link of a file in ``folder`` leads on the site."""
    path = posixpath.normpath(posixpath.join(folder, link))
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs")
    name = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    if name in module_names():
        return f"/api/{name}.rst"
    if path.startswith("examples/") and path.endswith(".py"):
        return f"/gallery/{Path(path).stem}.rst"
    return f"/../{path}"
