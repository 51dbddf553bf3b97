"""The shorter ways to a convolution, against the columns of `unfold`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn
from npkpose.engine import conv_forward as module
from npkpose.engine import tiling as strips
from npkpose.engine.conv_forward import Tail, convolve


def by_unfold(x, weight, window, groups):
    (N, _, H, W), O = x.shape, len(weight)
    columns = nn.unfold(x, *window)
    columns = columns.reshape(N, groups, weight[0].size, columns.shape[-1])
    y = weight.reshape(groups, O // groups, weight[0].size) @ columns
    return y.reshape(N, O, *module.window_counts((H, W), *window))


@pytest.mark.parametrize("few_pixels", [0, 10**6], ids=["by window rows", "unfolded"])
@pytest.mark.parametrize("strip", [1, 40, 10**6], ids=["single rows", "strips", "whole"])
@given(data=st.data())
def test_every_way_gives_the_sum_over_unfolded_columns(few_pixels, strip, convolutions, data):
    case = data.draw(convolutions)
    before = module.FEW_PIXELS, strips.STRIP, strips.PIXELS, module.SHORT, module.NARROW
    module.FEW_PIXELS, strips.STRIP, strips.PIXELS, module.SHORT, module.NARROW = (
        few_pixels, strip, 1, *((0, 0) if few_pixels == 0 else before[3:]),
    )  # fmt: skip
    module._plan.cache_clear()
    try:
        y = convolve(*case)
    finally:
        module._plan.cache_clear()
        module.FEW_PIXELS, strips.STRIP, strips.PIXELS, module.SHORT, module.NARROW = before
    np.testing.assert_allclose(y, by_unfold(*case), rtol=0, atol=1e-12)


@given(data=st.data(), steps=st.tuples(*4 * [st.booleans()]))
def test_the_tail_does_its_steps_in_order(convolutions, data, steps):
    case = data.draw(convolutions)
    y = by_unfold(*case)
    N, O, Ho, Wo = y.shape
    rng = np.random.default_rng(0)
    slope, offset = (rng.normal(size=O) if step else None for step in steps[:2])
    skip = rng.normal(size=(N, O, Ho * Wo)) if steps[2] else None
    got = convolve(*case, Tail(slope, offset, skip, steps[3]))
    y = y if slope is None else y * slope[:, None, None]
    y = y if offset is None else y + offset[:, None, None]
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


@pytest.mark.parametrize("threads", [1, 2, 3])
@given(st.integers(0, 30), st.integers(1, 70), st.integers(1, 70))
def test_shares_are_every_row_once_and_one_for_each_thread(threads, N, Ho, Wo):
    before, strips.num_threads = strips.num_threads, lambda: threads
    try:
        made = strips.shares(N, (Ho, Wo), 10**7)
    finally:
        strips.num_threads = before
    assert [row for share in made for row in range(*share)] == list(range(N * Ho))
    assert len(made) == min(threads, max(1, N * Ho * Wo // strips.LEAST), N * Ho)


@given(st.integers(1, 70), st.integers(1, 2000), st.integers(1, 10**6))
def test_a_block_is_whole_images_or_whole_rows_of_one(Ho, Wo, places):
    block = strips.block_windows((Ho, Wo), places)
    assert block >= min(Ho * Wo, strips.PIXELS - Wo)
    assert block % (Ho * Wo) == 0 if block > Ho * Wo else block % Wo == 0
