from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine.tiling import split_range


@given(st.integers(0, 50), st.integers(-1, 9))
def test_a_range_is_split_into_parts_that_differ_by_one_at_most(n, count):
    parts = split_range(n, count)
    lengths = [end - first for first, end in parts]
    assert sum(lengths) == n and max(lengths) - min(lengths) <= 1
    assert len(parts) == max(1, min(count, n))
