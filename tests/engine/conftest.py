"""Convolutions to draw."""

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import strategies as st

from npkpose.engine import conv_forward, conv_plan

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def _convolutions(draw):
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


@pytest.fixture(scope="session")
def convolutions():
    """What `_convolutions` draws."""
    return _convolutions()


@pytest.fixture(scope="session")
def costs():
    """Return a context manager that sets constants of `conv_plan`."""

    @contextmanager
    def costs(**constants):
        forget()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in constants.items():
                patch.setattr(conv_plan, name, value)
            yield
        forget()

    def forget():
        conv_plan.find_plan.cache_clear()
        conv_forward.prepare.cache_clear()

    return costs
