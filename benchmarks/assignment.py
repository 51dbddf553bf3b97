"""Optimal assignment against SciPy's: ``python -m benchmarks.assignment``.

Costs are drawn as grouping draws them: every row is cheap for one column, and near ties and
gaps are common.
"""

import numpy as np

from benchmarks.timing import Row, first_call, print_table, smallest_ms
from npkpose import assign

SIZES = (30, 100, 400)


def rows():
    """Yield a `timing.Row` for every size."""
    try:
        from scipy import __version__ as version
        from scipy.optimize import linear_sum_assignment as peer
    except ImportError:
        version, peer = None, None
    for size in SIZES:
        rng = np.random.default_rng(0)
        places = rng.uniform(0, 10, (2, size, 2))
        cost = np.linalg.norm(places[0][:, None] - places[1], axis=2)
        first = first_call(lambda: assign(cost))
        works = [lambda: assign(cost)] + [lambda: peer(cost)] * (peer is not None)
        times = smallest_ms(*works)
        note = f"total {cost[assign(cost)].sum():.3f}"
        note += "" if peer is None else f", SciPy's {cost[peer(cost)].sum():.3f}"
        name = "SciPy is not installed" if peer is None else f"SciPy {version}"
        yield Row("assign", f"{size}x{size}", first, times[0], name, (*times, np.nan)[1], note)


if __name__ == "__main__":
    print_table(__doc__, rows)
