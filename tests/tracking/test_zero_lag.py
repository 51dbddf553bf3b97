import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from npkpose.tracking import smooth_sequence


def most_likely(values, times, q, unknown_speed):
    """The places that minimise the sum of all squared deviations, in one system of equations."""
    F = len(values)
    rows, right = [], []

    def add(row, value, root):
        rows.append(root @ row)
        right.append(root @ value)

    found = np.flatnonzero(~np.isnan(values))
    for f in found:
        row = np.zeros((1, 2 * F))
        row[0, 2 * f] = 1
        add(row, values[f : f + 1], np.eye(1))
    speed = np.zeros((1, 2 * F))
    speed[0, 2 * found[0] + 1] = 1
    add(speed, np.zeros(1), np.eye(1) / np.sqrt(unknown_speed))
    for f in range(found[0] + 1, F):
        dt = times[f] - times[f - 1]
        step = np.zeros((2, 2 * F))
        step[:, 2 * f - 2 : 2 * f] = [[1, dt], [0, 1]]
        step[:, 2 * f : 2 * f + 2] = -np.eye(2)
        Q = q * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        add(step, np.zeros(2), np.linalg.inv(np.linalg.cholesky(Q)))
    path = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
    return np.where(np.isnan(values), np.nan, path[::2])


def test_the_path_is_the_most_likely_one_with_gaps_and_any_times():
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(0, 1, (30, 2)), axis=0)
    values[[0, 1, 7, 8, 9, 20], 0], values[25:, 1] = np.nan, np.nan
    times = np.cumsum(rng.uniform(0.02, 0.06, 30))
    smooth = smooth_sequence(values, 30, 2.0, times)
    dt = np.median(np.diff(times))
    q = dt * (4 * np.pi) ** 4
    for signal, expected in zip(smooth.T, values.T):
        assert_allclose(signal, most_likely(expected, times, q, 1e6 / dt**2), atol=1e-5)


@pytest.mark.parametrize("frequency", [1.0, 3.0, 6.0])
def test_a_wave_keeps_its_phase_and_the_stated_amplitude(frequency):
    time = np.arange(600) / 60
    wave = np.sin(2 * np.pi * frequency * time)
    middle = smooth_sequence(wave, 60, cutoff=3.0)[200:400]
    expected = wave[200:400] / (1 + (frequency / 3) ** 4)
    assert_allclose(middle, expected, atol=0.02)


def test_white_noise_is_divided_by_what_is_stated_and_lines_stay():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, (800, 16, 2))
    for cutoff, factor in ((1.5, 3.4), (3, 2.4), (6, 1.7)):
        assert_allclose(1 / smooth_sequence(noise, cutoff=cutoff).std(), factor, rtol=0.05)
    line = np.arange(50)[:, None] * [2.0, -1.0]
    assert_allclose(smooth_sequence(line), line, atol=1e-3)


def test_the_frame_rate_is_that_of_the_times():
    signal = np.random.default_rng(2).normal(0, 1, (90, 2))
    by_times = smooth_sequence(signal, 30, 3.0, np.arange(90) / 60)
    assert_allclose(by_times, smooth_sequence(signal, 60, 3.0), atol=1e-9)


def test_nothing_and_a_single_sample():
    assert smooth_sequence(np.zeros((0, 4, 2))).shape == (0, 4, 2)
    lonely = np.array([np.nan, 3, np.nan])
    assert_array_equal(smooth_sequence(lonely), lonely)


def test_a_wrong_argument_is_named():
    for arguments, name in [
        ((3.0,), "points"), (([1.0], 0), "fps"), (([1.0], 30, 16), "cutoff"),
        (([1.0, 2], 30, 3, [0, 0]), r"times\[1\]"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=name):
            smooth_sequence(*arguments)
