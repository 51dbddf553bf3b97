"""One table of everything that is measured: ``python -m benchmarks [NAME ...] [--plot PNG]``.

Milliseconds are the smallest of many runs with one thread; the ratio is our time over the
peer's, so below 1 is faster. Peers that are not installed have a row that says so:
``pip install -e ".[peers]"``.
"""

import argparse
import importlib
import os

SUITES = ("decode", "one_crop", "paf", "tags", "assignment", "coco")


def _plot_file(path):
    from npkpose.exercises.plot_file import PlotFile  # imports NumPy

    return PlotFile(path)


def main(argv=None):
    """Print the table of the suites asked for, and draw time against people."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUITES)}")
    parser.add_argument("--plot", type=_plot_file, help="plot of time against people")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is first imported
    options = parser.parse_args(argv)
    unknown = sorted(set(options.names) - set(SUITES))
    if unknown:
        parser.error(f"NAME: expected some of {', '.join(SUITES)}, got {', '.join(unknown)}")
    from benchmarks.timing import machine, print_rows

    print(machine(), flush=True)
    modules = [importlib.import_module(f"benchmarks.{name}") for name in options.names or SUITES]
    print_rows(row for module in modules for row in module.rows())
    for module in modules:
        if hasattr(module, "report"):
            module.report(options.plot)


if __name__ == "__main__":
    main()
