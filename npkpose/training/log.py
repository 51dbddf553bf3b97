"""The log of a training run: a CSV file with a row every so many steps, and its picture.

A run that was killed has rows after its last checkpoint. They will be computed again, so a
resumed log first drops them.
"""

import csv
import pathlib

from npkpose._extras import require_figure
from npkpose.weights.files import replacing


class Log:
    """Rows of numbers in ``path``, under ``columns`` of which the first is "step".

    Rows of a step above ``last_step`` in a file that is there already are dropped, as is a last
    line that was cut off.
    """

    def __init__(self, path, columns, last_step=0):
        self.path, self.columns = pathlib.Path(path), tuple(columns)
        rows = read_log(path) if self.path.exists() else []
        with replacing(self.path) as stream:
            stream.write((",".join(self.columns) + "\n").encode())
            for row in rows:
                if row["step"] <= last_step:
                    stream.write(self._line(row))

    def append(self, row):
        """Write ``{column: number}``; a column without one is left empty."""
        with open(self.path, "ab") as stream:
            stream.write(self._line(row))

    def _line(self, row):
        values = (row.get(column) for column in self.columns)
        texts = ("" if v is None else f"{v:.8g}" for v in values)
        return (",".join(texts) + "\n").encode()


def read_log(path):
    """Return the rows of a log as a list of ``{column: float}``; empty cells are left out."""
    with open(path, newline="", encoding="utf-8") as stream:
        lines = stream.read().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    rows = csv.DictReader(whole)
    return [{k: float(v) for k, v in row.items() if v and k} for row in rows]


def plot_log(path, picture):
    """Draw a log's losses, on a logarithmic scale, and its scores, beside the learning rate.

    Raises ImportError without Matplotlib (the ``examples`` extra).
    """
    rows = read_log(path)
    others = ("step", "seconds", "lr", "gradient_norm", "ap")
    names = [name for name in dict.fromkeys(k for row in rows for k in row) if name not in others]
    figure = require_figure()(figsize=(13, 3.6))
    axes = figure.subplots(1, 3)
    panels = zip(axes, (names, ["ap"], ["lr"]), ("loss", "OKS AP", "learning rate"))
    for ax, columns, title in panels:
        for column in columns:
            points = [(row["step"], row[column]) for row in rows if column in row]
            ax.plot(*zip(*points), label=column) if points else None
        ax.set_xlabel("step")
        ax.set_title(title, loc="left")
    axes[0].set_yscale("log")
    axes[0].legend(frameon=False)
    axes[1].set_ylim(0, 1)
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
