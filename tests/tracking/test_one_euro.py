import numpy as np
import pytest
from numpy.testing import assert_allclose

from npkpose.tracking import OneEuroFilter


def test_a_low_pass_filter_without_beta_worked_by_hand():
    one_euro = OneEuroFilter(fps=2 * np.pi, min_cutoff=1.0)  # the weight is 1 / 2
    assert [float(one_euro(x)) for x in (8, 0, 0, 4)] == [8, 4, 2, 3]


@pytest.mark.parametrize("settings", [(30, 1, 0, 1), (30, 1.2, 0.3, 0.9), (120, 0.05, 4, 2)])
def test_the_numbers_are_those_of_the_authors_filter(settings):
    module = pytest.importorskip("OneEuroFilter")
    rng = np.random.default_rng(0)
    signal = np.cumsum(rng.normal(0, 1, (200, 3)), axis=0)
    times = 1 + np.cumsum(rng.uniform(0.01, 0.08, 200))
    for clock in (times, [None] * 200):
        ours, theirs = OneEuroFilter(*settings), [module.OneEuroFilter(*settings) for _ in "xyz"]
        for values, time in zip(signal, clock):
            expected = [f(float(x), time) for f, x in zip(theirs, values)]
            assert_allclose(ours(values, time), expected, rtol=0, atol=1e-9)


def test_signals_with_gaps_are_those_filtered_alone():
    rng = np.random.default_rng(1)
    signal = rng.normal(0, 1, (60, 2))
    signal[rng.random(signal.shape) < 0.4] = np.nan
    together = OneEuroFilter(30, 1.0, 0.5)
    alone = [OneEuroFilter(30, 1.0, 0.5) for _ in range(2)]
    for f, values in enumerate(signal):
        filtered = together(values, f / 30)
        for x, y, one in zip(values, filtered, alone):
            if np.isnan(x):
                assert np.isnan(y)
            else:
                assert_allclose(y, one(x, f / 30), rtol=1e-12)


def test_what_was_long_ago_has_little_weight():
    one_euro = OneEuroFilter(30, 1.0)
    one_euro(0.0)
    assert one_euro(np.nan).shape == () and np.isnan(one_euro(np.nan))
    assert one_euro(1.0, time=60) > 0.99


def test_a_wrong_argument_is_named():
    for arguments, name in [((0,), "fps"), ((30, 0), "min_cutoff"), ((30, 1, -1), "beta")]:
        with pytest.raises(ValueError, match=name):
            OneEuroFilter(*arguments)
    one_euro = OneEuroFilter()
    one_euro([1.0, 2.0], time=5)
    with pytest.raises(ValueError, match="values: expected shape"):
        one_euro([1.0])
    with pytest.raises(ValueError, match="time"):
        one_euro([1.0, 2.0], time=5)
