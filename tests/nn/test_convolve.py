"""The shorter ways to a convolution, against the columns of `unfold`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose.nn import convolve as module
from npkpose.nn.convolve import Tail, convolve

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def convolutions(draw):
    """Images, a weight, a window and groups that fit each other."""
    groups = draw(st.integers(1, 3))
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    size = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 6))
        for k, d, p in zip(kernel, dilation, padding)
    ]
    inputs, outputs = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.normal(size=(draw(st.integers(0, 2)), groups * inputs, *size))
    weight = rng.normal(size=(groups * outputs, inputs, *kernel))
    return x, weight, (kernel, dilation, padding, stride), groups


def by_unfold(x, weight, window, groups):
    (N, _, H, W), O = x.shape, len(weight)
    columns = nn.unfold(x, *window)
    columns = columns.reshape(N, groups, weight[0].size, columns.shape[-1])
    y = weight.reshape(groups, O // groups, weight[0].size) @ columns
    return y.reshape(N, O, *module.window_counts((H, W), *window))


@pytest.mark.parametrize("few_pixels", [0, 10**6], ids=["by window rows", "unfolded"])
@pytest.mark.parametrize("strip", [1, 40, 10**6], ids=["single rows", "strips", "whole"])
@given(case=convolutions())
def test_every_way_gives_the_sum_over_unfolded_columns(few_pixels, strip, case):
    before = module.FEW_PIXELS, module.STRIP, module.PIXELS
    module.FEW_PIXELS, module.STRIP, module.PIXELS = few_pixels, strip, 1
    try:
        y = convolve(*case)
    finally:
        module.FEW_PIXELS, module.STRIP, module.PIXELS = before
    np.testing.assert_allclose(y, by_unfold(*case), rtol=0, atol=1e-12)


@given(convolutions(), st.tuples(*4 * [st.booleans()]))
def test_the_tail_does_its_steps_in_order(case, steps):
    y = by_unfold(*case)
    N, O, Ho, Wo = y.shape
    rng = np.random.default_rng(0)
    slope, offset = (rng.normal(size=(O, 1)) if step else None for step in steps[:2])
    skip = rng.normal(size=(N, O, Ho * Wo)) if steps[2] else None
    got = convolve(*case, Tail(slope, offset, skip, steps[3]))
    y = y if slope is None else y * slope[:, None]
    y = y if offset is None else y + offset[:, None]
    y = y if skip is None else y + skip.reshape(y.shape)
    np.testing.assert_allclose(got, np.maximum(y, 0) if steps[3] else y, rtol=0, atol=1e-12)


def test_nothing_outside_the_image_is_read_and_the_arguments_stay_as_they_are(rng):
    image = np.full((1, 2, 12, 14), np.nan)
    image[:, :, 3:9, 3:11] = rng.normal(size=(1, 2, 6, 8))
    inside, weight = np.ascontiguousarray(image[:, :, 3:9, 3:11]), rng.normal(size=(3, 2, 3, 3))
    before = inside.copy(), weight.copy()
    assert np.isfinite(convolve(inside, weight, ((3, 3), (1, 1), (1, 1), (1, 1)))).all()
    np.testing.assert_array_equal(inside, before[0])
    np.testing.assert_array_equal(weight, before[1])


def test_large_images_are_cut_into_as_many_strips_for_every_thread(rng, monkeypatch):
    monkeypatch.setattr(module, "num_threads", lambda: 3)
    for n, count, cost, parts in (
        (60, 4, 10**9, 6),
        (60, 1, 10**9, 3),
        (2, 1, 10**9, 2),
        (9, 4, 1, 4),
    ):
        cuts = module._cuts(n, count, cost)
        assert len(cuts) == parts and cuts[0][0] == 0 and cuts[-1][1] == n
        assert all(end == first for (_, end), (first, _) in zip(cuts, cuts[1:]))
