import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine.tiling import LIMITS, split_range, split_rows, tile_windows


@pytest.mark.parametrize("threads", [1, 2, 3])
@given(st.integers(0, 30), st.integers(1, 70), st.integers(1, 70))
def test_parts_are_every_row_once_and_one_for_each_thread(threads, N, Ho, Wo):
    made = split_rows(N, (Ho, Wo), 10**7, threads)
    assert [row for part in made for row in range(*part)] == list(range(N * Ho))
    enough = max(1, N * Ho * Wo // LIMITS.min_windows_per_thread)
    assert len(made) == min(threads, enough, N * Ho)


@given(st.integers(1, 70), st.integers(1, 2000), st.integers(1, 10**6))
def test_a_tile_is_whole_images_or_whole_rows_of_one(Ho, Wo, taps):
    tile = tile_windows((Ho, Wo), taps)
    assert tile >= min(Ho * Wo, LIMITS.min_tile_windows - Wo)
    assert tile % (Ho * Wo) == 0 if tile > Ho * Wo else tile % Wo == 0


@given(st.integers(0, 50), st.integers(-1, 9))
def test_a_range_is_split_into_parts_that_differ_by_one_at_most(n, count):
    parts = split_range(n, count)
    lengths = [end - first for first, end in parts]
    assert sum(lengths) == n and max(lengths) - min(lengths) <= 1
    assert len(parts) == max(1, min(count, n))
