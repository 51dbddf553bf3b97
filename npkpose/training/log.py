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
    figure = require_figure()(figsize=(13, 3.6))
    loss, ap, lr = figure.subplots(1, 3)
    rows = read_log(path)
    names = dict.fromkeys(name for row in rows for name in row)
    _draw_columns(loss, rows, [name for name in names if name not in NOT_LOSSES], "loss")
    title = "PCK" if "pck" in names else "box AP at IoU .5" if "ap50" in names else "OKS AP"
    _draw_columns(ap, rows, SCORES, title)
    _draw_columns(lr, rows, ["lr"], "learning rate")
    loss.set_yscale("log")
    loss.legend(frameon=False)
    ap.set_ylim(0, 1)
    figure.tight_layout()
    figure.savefig(plot, dpi=110)


def _draw_columns(axes, rows, columns, title):
    """Draw each column against the step."""
    for column in columns:
        points = [(row["step"], row[column]) for row in rows if column in row]
        if points:
            axes.plot(*zip(*points), label=column)
    axes.set_xlabel("step")
    axes.set_title(title, loc="left")
