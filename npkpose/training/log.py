"""The log of a training run: a CSV file with a row for every few steps, and its plot.

A killed run may have written rows after its last checkpoint. Its continuation computes them again,
so it first drops them.
"""

import pathlib

from npkpose._extras import require_figure
from npkpose.weights.files import replacing

SCORES = "ap", "ap50", "pck"
NOT_LOSSES = "step", "seconds", "lr", "gradient_norm", *SCORES  # all other columns are losses


class Log:
    """Rows of numbers in the file ``path`` under the names ``columns``; the first is "step".

    Of an existing file, rows of steps above ``last_step`` are dropped, and an incomplete last line.
    ValueError if it has other columns, or rows that are not numbers.
    """

    def __init__(self, path, columns, last_step=0):
        self.path, self.columns = pathlib.Path(path), tuple(columns)
        rows = self._read() if self.path.exists() else []
        with replacing(self.path) as stream:
            stream.write((",".join(self.columns) + "\n").encode())
            for row in rows:
                if row["step"] <= last_step:
                    stream.write(self._line(row))

    def append(self, row):
        """Write ``{column: number}``; a cell without a number stays empty."""
        with open(self.path, "ab") as stream:
            stream.write(self._line(row))

    def _read(self):
        header, rows = _parse(self.path)
        if tuple(header) != self.columns:
            raise ValueError(
                f"{self.path}: expected the columns {', '.join(self.columns)}, "
                f"got {', '.join(header)[:80]!r}"
            )
        return rows

    def _line(self, row):
        values = (row.get(column) for column in self.columns)
        texts = ("" if v is None else f"{v:.8g}" for v in values)
        return (",".join(texts) + "\n").encode()


def read_log(path):
    """Return the rows of a log as a list of ``{column: float}``, without empty cells.

    Raises ValueError, naming file and line, for a row that is not numbers.
    """
    return _parse(path)[1]


def _parse(path):
    """Return the header as a list, and the rows; an incomplete last line is left out."""
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected a log, got {error}") from None
    header = lines[0].split(",") if lines else []
    return header, [_parse_row(path, n, line, header) for n, line in enumerate(lines[1:], 2)]


def _parse_row(path, n, line, header):
    """Return line ``n`` as ``{column: float}``."""
    cells = line.split(",")
    try:
        row = {name: float(cell) for name, cell in zip(header, cells, strict=True) if cell}
        row["step"]  # which no row may lack
    except (ValueError, KeyError):
        raise ValueError(
            f"{path}, line {n}: expected {len(header)} numbers, the step among them, "
            f"got {line[:80]!r}"
        ) from None
    return row


def plot_log(path, plot):
    """Plot a log's losses (on a logarithmic scale), scores and learning rate to the file ``plot``.

    Raises ImportError without Matplotlib (the ``examples`` extra).
    """
    rows = read_log(path)
    names = dict.fromkeys(name for row in rows for name in row)
    score = "PCK" if "pck" in names else "box AP at IoU .5" if "ap50" in names else "OKS AP"
    losses = [name for name in names if name not in NOT_LOSSES]
    panels = {"loss": losses, score: SCORES, "learning rate": ["lr"]}
    panels = {title: _points(rows, columns) for title, columns in panels.items()}
    panels = {title: curves for title, curves in panels.items() if curves} or {"no steps yet": {}}
    figure = require_figure()(figsize=(4.4 * len(panels), 3.6), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, curves) in zip(row, panels.items()):
        _draw_curves(axes, title, curves)
    figure.savefig(plot, dpi=110)


def _points(rows, columns):
    """Return {column: ((step, value), ...)} of the columns that have values."""
    found = {name: [(row["step"], row[name]) for row in rows if name in row] for name in columns}
    return {name: points for name, points in found.items() if points}


def _draw_curves(axes, title, curves):
    for name, points in curves.items():
        axes.plot(*zip(*points), label=name, marker="o" if len(points) < 20 else None, markersize=3)
    axes.set(xlabel="step", ylabel=title)
    axes.grid(alpha=0.25)
    if title == "loss":
        axes.set_yscale("log", subs=[2, 3, 5])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")  # 0.05, not 5 x 10^-2
    elif title != "learning rate":
        axes.set_ylim(0, 1)
    if len(curves) > 1:
        axes.legend(frameon=False)
