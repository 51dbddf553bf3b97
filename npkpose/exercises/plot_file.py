"""The plot that an example writes: the type of its argument ``--out``."""

import argparse

from npkpose._extras import plot_suffixes
from npkpose._output import Outputs


class PlotFile:
    """A new file, or a plot that npkpose wrote: no other file is ever replaced.

    As a type of argparse it ends an example at once, in one line, if the path is another file, or
    has a suffix that Matplotlib does not know.
    """

    def __init__(self, path):
        self.path, self._outputs = path, Outputs()
        try:
            self._outputs.check(path, suffixes=plot_suffixes())
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error).removeprefix("--out: ")) from None

    def write(self, draw):
        """Call ``draw(temporary path)``, rename the file, and print its name."""
        self._outputs.write(self.path, draw)
        print(f"wrote {self.path}")

    def save(self, figure, dpi=110):
        """Write a figure of Matplotlib."""
        self.write(lambda path: figure.savefig(path, dpi=dpi))
