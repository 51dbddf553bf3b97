"""The pictures of the book: ``docs/pictures/NAME.py`` makes ``docs/_pictures/NAME.png``.

A script leaves a Matplotlib figure in the variable ``figure``, or several in ``figures``, which go
to ``NAME_0.png`` and so on. What it prints goes to ``NAME.txt``,
so that the numbers of a chapter are those of the picture. A script runs again when it, or the
common style, is newer than its picture.
"""

import contextlib
import runpy
import subprocess
import sys
from pathlib import Path

STYLE = Path(__file__).with_name("pictures.mplstyle")


def setup(app):
    """Make missing and old pictures when the builder starts."""
    app.connect("builder-inited", make_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def make_pictures(app):
    """Run each script whose picture is missing or old, in a process of its own."""
    out = Path(app.srcdir, "_pictures")
    out.mkdir(exist_ok=True)
    for script in sorted(Path(app.srcdir, "pictures").glob("*.py")):
        picture = out / f"{script.stem}.png"
        changed = max(script.stat().st_mtime, STYLE.stat().st_mtime)
        if not picture.exists() or picture.stat().st_mtime < changed:
            subprocess.run([sys.executable, __file__, script, picture], check=True)


def make(script, picture):
    """Run one script; save its figure and what it prints."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    plt.style.use(STYLE)
    with open(picture.with_suffix(".txt"), "w", encoding="utf-8") as printed:
        with contextlib.redirect_stdout(printed):
            made = runpy.run_path(str(script))
    for n, figure in enumerate(made.get("figures", ())):
        figure.savefig(picture.with_stem(f"{picture.stem}_{n}"))
    made.get("figure", plt.figure()).savefig(picture)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    make(Path(sys.argv[1]), Path(sys.argv[2]))
