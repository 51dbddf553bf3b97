"""The gallery: every file of ``examples``, as sphinx-gallery wants it.

Copies of the examples run in ``docs/_examples``, so that their plots are written there. An
example whose docstring has no heading gets one. Those in `RUN` are run by the build, with these
arguments; the others need files, Dask or minutes, and are shown without being run.
"""

import ast
from pathlib import Path

RUN = {
    "01_heatmap": [],
    "02_train_markers": ["--seeds", "1"],
    "03_identical_markers": [],
    "04_affinity_fields": [],
    "09_single_person_or_crowd": [],
    "20_smooth_wrist": [],
}
# Plots in docs/ of examples that are not run.
STORED = {"05_two_figures": "figures.png", "19_any_network": "astronaut.png"}
PLACEHOLDER = str(Path(__file__).resolve().parents[1] / "_pictures" / "not_run.png")
HEADER = """Gallery
=======

Each page is a script of the folder ``examples``, which prints numbers and writes one plot. Pages
with a plot were run when this site was built. The others need files, a cluster or minutes: their
first lines say what they print.
"""


def setup(app):
    """Copy the examples before sphinx-gallery, whose priority is 500, looks for them."""
    app.connect("builder-inited", copy_examples, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def settings(folder):
    """Return ``sphinx_gallery_conf`` for the documentation in ``folder``."""
    return {
        "examples_dirs": str(folder / "_examples"),
        "gallery_dirs": "gallery",
        "filename_pattern": "|".join(rf"/{name}\.py" for name in RUN),
        "image_scrapers": ("gallery.written_plot",),
        "reset_argv": "gallery.arguments",
        "within_subsection_order": "FileNameSortKey",
        "abort_on_example_error": True,
        "download_all_examples": False,
        "default_thumb_file": PLACEHOLDER,
        "show_signature": False,
        "min_reported_time": 1e6,
        "write_computation_times": False,
        "remove_config_comments": True,
    }


def copy_examples(app):
    """Write ``_examples/NAME.py`` for each example; unchanged ones are not run again."""
    folder = Path(app.srcdir, "_examples")
    folder.mkdir(exist_ok=True)
    texts = {"GALLERY_HEADER.rst": HEADER}
    for path in Path(app.srcdir).parent.glob("examples/[0-9]*.py"):
        texts[path.name] = with_heading(path.read_text(encoding="utf-8")) + thumbnail(path.stem)
    _draw_placeholder(Path(PLACEHOLDER))
    for name, text in texts.items():
        copy = folder / name
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")
    for old in set(folder.glob("*.py")) - {folder / name for name in texts}:
        old.unlink()


def _draw_placeholder(path):
    """Draw what stands in the gallery for an example without a plot."""
    from matplotlib.figure import Figure

    if not path.exists():
        figure = Figure(figsize=(4, 2.8), facecolor="#f3f4f5")
        figure.text(0.5, 0.5, "not run here", ha="center", va="center", fontsize=22, color="0.4")
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, dpi=80)


def with_heading(script):
    """Return a script whose docstring has a heading and shows indented blocks as they stand."""
    docstring = ast.get_docstring(ast.parse(script), clean=False)
    title, _, rest = docstring.partition("\n")
    end = ast.parse(script).body[0].end_lineno
    code = "".join(script.splitlines(keepends=True)[end:])
    code = code.replace("__doc__.splitlines()[0]", repr(title))  # the gallery runs it without
    if not set(rest.partition("\n")[0]) & set("=#*-"):  # it has no heading
        blocks = [_block(text) for text in rest.strip("\n").split("\n\n") if text]
        heading = title.removesuffix(".")
        docstring = "\n\n".join([f"{heading}\n{'=' * len(heading)}", *blocks]) + "\n"
    backslash = "\\"
    return f'"""{docstring.replace(backslash, 2 * backslash)}"""\n{code}'


def _block(text):
    """Return a paragraph as reStructuredText: as it stands if it is indented."""
    if text[0] == " ":
        return ".. code-block:: text\n\n" + text
    return text.replace("\\", "\\\\").replace("`", "``").replace("````", "``")


def thumbnail(name):
    """Return the comment that gives an example its stored plot, if there is one."""
    if name not in STORED:
        return ""
    path = Path(__file__).resolve().parents[1] / STORED[name]
    return f"\n# sphinx_gallery_thumbnail_path = {str(path)!r}\n"


def arguments(gallery_conf, script_vars):
    """Return the command-line arguments of an example."""
    return RUN.get(Path(script_vars["src_file"]).stem, [])


def written_plot(block, block_vars, gallery_conf):
    """Take the plot that the example has written for its page."""
    from sphinx_gallery.scrapers import figure_rst

    plot = Path(block_vars["src_file"]).with_suffix(".png")
    if not plot.exists() or block[0] != "code":
        return ""
    image = Path(next(block_vars["image_path_iterator"]))
    image.write_bytes(plot.read_bytes())
    plot.unlink()
    return figure_rst([str(image)], gallery_conf["src_dir"])
