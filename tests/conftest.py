"""What all tests share: Hypothesis settings, and where the data that is not ours lies."""

import pathlib

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("npkpose", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("npkpose")

SHARED = pathlib.Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of photographs and pretrained networks; its tests skip without it."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs ../shared/data: photographs and weights that are not ours to ship")
    return SHARED / "data"
