"""After the build: no page needs a network, all links lead somewhere, all pages show something.

A page that fails ends the build with an error. A page shows a picture, a block of code, a formula
or a documented name; lists of pages and of names need not. Copies of the source are not looked at.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from sphinx.errors import ExtensionError

LOADED = re.compile(r'<(?:script|img|iframe)[^>]*\ssrc="([^"]+)"|<link\s[^>]*href="([^"]+)"')
LINK = re.compile(r'<a\s[^>]*href="([^"]+)"')
SHOWN = re.compile(r"<pre|<img|<math|<dt class=\"sig")
LISTS = "genindex", "py-modindex", "search"


def setup(app):
    """Check the pages of an HTML build."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def check(app, exception):
    """Raise an error that lists what is wrong, if anything is."""
    if exception is not None or app.builder.name != "html":
        return
    folder, problems = Path(app.outdir), []
    for path in sorted(folder.rglob("*.html")):
        page = path.relative_to(folder)
        if page.parts[0] not in ("_modules", "_static", "_downloads"):
            problems += [f"{page}: {problem}" for problem in problems_of(path)]
    if problems:
        raise ExtensionError("\n".join(["pages to mend:", *problems[:50]]))


def problems_of(path):
    """Yield what is wrong with a page."""
    text = path.read_text(encoding="utf-8")
    loaded = [src or href for src, href in LOADED.findall(text)]
    yield from (f"loads {url}" for url in loaded if is_remote(url))
    links = [url for url in loaded + LINK.findall(text) if not is_remote(url)]
    yield from (f"leads to {url}" for url in dict.fromkeys(links) if not exists(path, url))
    article = text.partition("<article")[2].partition("</article>")[0]
    is_list = path.stem in LISTS or "toctree-wrapper" in article
    if not is_list and not SHOWN.search(article):
        yield "shows no picture and no code"


def is_remote(url):
    """Does the address name another machine, or none?"""
    return re.match(r"(?!file:)[a-z]+:|//", url) is not None


def exists(path, url):
    """Is there a file at a local address?"""
    file = unquote(re.split("[?#]", url)[0])
    return not file or (path.parent / file).exists()
