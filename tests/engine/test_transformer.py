import numpy as np
import pytest

from npkpose import nn
from npkpose._numba import COMPILES
from npkpose.engine import use_threads
from npkpose.models import ViTPose
from npkpose.models.backbones.transformer import add_attention, run_blocks


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_the_parts_add_up_to_the_block(threads):
    rng = np.random.default_rng(0)
    model = ViTPose((16, 1, 4), "simple", drop_path=0.0, rng=rng).astype(np.float64)
    (block,) = model.backbone.encoder.layer
    for _, array in block.named_parameters():
        array[...] = rng.normal(size=array.shape)
    x = rng.normal(size=(2, 12, 16))
    expected = block.train()(x)
    with use_threads(threads):
        np.testing.assert_allclose(run_blocks([block.eval()], x), expected, rtol=0, atol=1e-11)


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
@pytest.mark.parametrize("N", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_one_map_to_queries_keys_and_values(N, bias, rng):
    attention = nn.MultiHeadAttention(8, 2, bias, rng=rng).astype(np.float64).eval()
    x, z = rng.normal(size=(2, N, 5, 8))
    expected = x + attention(z)
    got, z = (np.ascontiguousarray(a.transpose(2, 0, 1)) for a in (x, z))
    add_attention(got, 3 * [z], attention)
    np.testing.assert_allclose(got.transpose(1, 2, 0), expected, rtol=0, atol=1e-12)
