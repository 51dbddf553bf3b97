"""Sphinx's settings for the documentation: ``python -m sphinx -W docs docs/_build``.

The folder ``extensions`` holds what is ours: formulas as MathML, the pages of the API, pictures
made by code, and the examples as a gallery. Nothing is fetched from a network.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent)]

import gallery  # noqa: E402

import npkpose  # noqa: E402

project, author, copyright = "npkpose", "npkpose", "npkpose, MIT licence"
version = release = npkpose.__version__

extensions = [
    "myst_parser",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "api_pages",
    "docstrings",
    "source_links",
    "pictures",
    "gallery",
    "check_pages",
]
exclude_patterns = ["package.md", "_build", "_examples", "_pictures", "extensions", "pictures"]
sphinx_gallery_conf = gallery.settings(HERE)
nitpicky = True
# Names of types that have no page: those of other packages, and private ones.
nitpick_ignore_regex = [("py:class", r"(?!npkpose\.).*|npkpose(\.\w+)*\._.*")]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say more: shapes, units and ranges
autodoc_default_options = {"show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = napoleon_use_ivar = False
napoleon_custom_sections = [("Attributes", "params_style")]
toc_object_entries_show_parents = "hide"
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_title = "npkpose"
html_static_path = ["_static"]
html_css_files = ["npkpose.css"]
html_show_sourcelink = False
# Pages without pages below them have no list of these at the left.
html_sidebars = dict.fromkeys(("index", "start", "whole_way", "glossary", "benchmarks"), [])
html_theme_options = {
    "navigation_depth": 2,
    "collapse_navigation": True,
    "show_prev_next": True,
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
