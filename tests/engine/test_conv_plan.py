"""The plan of a convolution: where pixels are read, and in which chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.engine.conv_plan import find_axis, find_plan
from npkpose.engine.vectors import ROWS

positions = st.lists(st.integers(-9, 9), min_size=1, max_size=7)


@given(positions, st.integers(1, 4), st.booleans(), st.integers(0, 5))
def test_every_tap_finds_its_pixel_in_its_plane(positions, stride, unfold, u):
    axis = find_axis(positions, stride, unfold)
    for (plane, shift), t in zip(axis.taps, positions, strict=True):
        assert axis.starts[plane] + stride * (u + shift) == stride * u + t
        assert 0 <= shift <= axis.extra


@given(positions, st.integers(1, 4))
def test_phases_are_one_plane_for_each_remainder_and_unfolded_ones_for_each_tap(positions, stride):
    assert len(find_axis(positions, stride, False).starts) == len({t % stride for t in positions})
    unfolded = find_axis(positions, stride, True)
    assert (len(unfolded.starts), unfolded.extra) == (len(positions), 0)


@st.composite
def cases(draw):
    """Arguments of `find_plan`."""
    N, C, O = draw(st.integers(1, 20)), draw(st.integers(1, 40)), draw(st.integers(1, 70))
    size = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    rows, cols, stride = [], [], []
    for taps in rows, cols:
        k, d, s = (draw(st.integers(1, most)) for most in (4, 3, 3))
        p = draw(st.integers(0, 3))
        taps.extend(d * i - p for i in range(k))
        stride.append(s)
    image = tuple(s * (n - 1) + 1 for s, n in zip(stride, size))
    rest = draw(st.booleans()), draw(st.booleans()), draw(st.integers(1, 5))
    itemsize = draw(st.sampled_from([4, 8]))
    return N, C, O, image, size, tuple(rows), tuple(cols), tuple(stride), *rest, itemsize


@pytest.mark.parametrize("constants", [{}, {"CACHED": 64, "MIN_SHARED": 0}, {"FEW_WINDOWS": 0}])
@given(data=st.data())
def test_chunks_cover_every_row_image_and_channel_once(constants, costs, data):
    case = data.draw(cases())
    N, _, O, _, (Ho, _), *_ = case
    with costs(**constants):
        plan = find_plan(*case)
    times = np.zeros((N, Ho, O), int)
    for n, m, a, b, first, end in plan.chunks:
        assert m > 0 and a < b and first < end and first % ROWS == 0
        times[n : n + m, a:b, first:end] += 1
    assert (times == 1).all()
    assert 1 <= plan.threads <= max(1, min(case[-2], len(plan.chunks)))


@given(cases())
def test_the_terms_of_the_sum_are_all_taps_of_all_channels(case):
    _, C, _, _, _, rows, cols, stride, *_ = case
    plan = find_plan(*case)
    P, Q = len(plan.row_starts), len(plan.col_starts)
    found = [
        (plane // (P * Q), plan.row_starts[plane // Q % P] + stride[0] * down,
         plan.col_starts[plane % Q] + stride[1] * right)
        for plane, down, right in plan.planes
    ]  # fmt: skip
    assert found == [(c, t, u) for c in range(C) for t in rows for u in cols]


@given(cases())
def test_a_buffer_holds_the_planes_of_the_tallest_chunk(case):
    plan = find_plan(*case)
    planes = case[1] * len(plan.row_starts) * len(plan.col_starts)
    tallest = max(m * (b - a + plan.below) for _, m, a, b, *_ in plan.chunks)
    assert plan.buffer >= planes * tallest * plan.width


@given(cases())
def test_without_shared_chunks_images_with_weights_of_their_own_are_not_joined(case):
    if not case[-3]:  # same_weight
        assert (find_plan(*case).chunks[:, 1] == 1).all()


def test_two_threads_have_as_many_chunks_each():
    one = (0,), (0,), (1, 1), True, True, 2, 4
    for length in (24, 26, 52):
        assert len(find_plan(1, 64, 64, (length, length), (length, length), *one).chunks) % 2 == 0
