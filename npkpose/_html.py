"""Pieces of HTML for notebooks: what `_repr_html_` of the package's objects is made of."""

import html

# Okabe and Ito, "Color Universal Design", 2008, without black
OKABE_ITO_CODES = "e69f00", "56b4e9", "009e73", "f0e442", "0072b2", "d55e00", "cc79a7"
MAX_ROWS = 20  # of a table


def table(head, rows):
    """Return a table: ``head`` and each row are sequences of values; escaped, 20 rows at most."""
    lines = [_row("th", head), *(_row("td", row) for row in rows[:MAX_ROWS])]
    if len(rows) > MAX_ROWS:
        lines.append(f'<tr><td colspan="{len(head)}">{len(rows) - MAX_ROWS} more</td></tr>')
    return f"<table>{''.join(lines)}</table>"


def points_picture(groups, colours, size=240):
    """Return a picture (SVG) of dots: ``groups`` are lists of (x, y), each of one colour.

    It is as large as the dots need, and ``size`` pixels on its longer side; "" without dots.
    """
    points = [point for group in groups for point in group]
    if not points:
        return ""
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*points))
    margin = 0.05 * max(right - left, bottom - top) or 1.0
    wide, high = right - left + 2 * margin, bottom - top + 2 * margin
    scale, radius = size / max(wide, high), 0.012 * max(wide, high)
    dots = "".join(
        f'<circle cx="{x:.6g}" cy="{y:.6g}" r="{radius:.6g}" fill="{colour}" stroke="black" '
        f'stroke-width="{radius / 4:.6g}"/>'
        for group, colour in zip(groups, colours)
        for x, y in group
    )
    box = f"{left - margin:.6g} {top - margin:.6g} {wide:.6g} {high:.6g}"
    size = f'width="{scale * wide:.0f}" height="{scale * high:.0f}"'
    return f'<svg {size} viewBox="{box}">{dots}</svg>'


def _row(tag, values):
    return "<tr>" + "".join(f"<{tag}>{html.escape(str(v))}</{tag}>" for v in values) + "</tr>"
