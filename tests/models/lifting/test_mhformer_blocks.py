import numpy as np
import pytest

from npkpose import nn
from npkpose.engine import use_threads
from npkpose.models.lifting.mhformer_blocks import (
    CrossAttention,
    CrossInteraction,
    SelfRefinement,
    refine,
)


class OneArray(nn.Module):
    """A block of three hypotheses as a layer: (N, F, 3 C) to (N, F, 3 C)."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x):
        return np.concatenate(self.block(np.split(x, 3, axis=2)), axis=2)

    def backward(self, dy):
        return np.concatenate(self.block.backward(np.split(dy, 3, axis=2)), axis=2)


@pytest.mark.parametrize("kind", [SelfRefinement, CrossInteraction])
def test_gradients_agree_with_central_differences(kind, rng):
    block = OneArray(kind((8, 12), 0.0, rng))
    nn.check_layer(block, rng.normal(size=(2, 5, 24)), rng, rtol=1e-5)


def test_cross_attention_of_equal_inputs_is_self_attention(rng):
    cross, own = CrossAttention(16, rng), nn.MultiHeadAttention(16, 8, rng=rng)
    for kind in ("weight", "bias"):
        parts = np.split(own.qkv.params[kind], 3)
        for layer, part in zip((cross.linear_q, cross.linear_k, cross.linear_v), parts):
            layer.params[kind] = part
        cross.proj.params[kind] = own.proj.params[kind]
    x = rng.normal(size=(2, 5, 16))
    np.testing.assert_allclose(cross([x, x, x]), own(x), rtol=0, atol=1e-12)


def test_a_hypothesis_of_a_cross_interaction_depends_on_the_two_others(rng):
    block = CrossInteraction((8, 12), 0.0, rng)
    block.mix = lambda xs: xs
    x, y, z = rng.normal(size=(3, 1, 5, 8))
    first = block([x, y, z])[0]
    assert (block([x, y + 1e-3 * x, z])[0] != first).any()
    assert (block([x, y, z + 1e-3 * x])[0] != first).any()


@pytest.mark.parametrize("threads", [1, 2])
def test_evaluation_gives_what_training_does_without_dropped_branches(rng, threads):
    network = nn.Sequential(
        SelfRefinement((16, 12), 0.0, rng), CrossInteraction((16, 12), 0.0, rng), nn.LayerNorm(48)
    ).astype(np.float64)
    for _, array in network.named_parameters():
        array[...] = rng.normal(size=array.shape)
    *blocks, norm = network
    xs = list(rng.normal(size=(3, 4, 21, 16)))
    expected = refine(blocks, norm, xs)
    network.eval()
    copies = [x.copy() for x in xs]
    with use_threads(threads):
        np.testing.assert_allclose(refine(blocks, norm, xs), expected, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(xs, copies)
