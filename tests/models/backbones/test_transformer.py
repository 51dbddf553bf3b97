import numpy as np
import pytest

from npkpose import nn
from npkpose.models.backbones.transformer import Block, Embeddings, VisionTransformer


@pytest.fixture
def transformer(rng):
    """Two blocks of three heads and the position table of a 64 x 48 image."""
    return VisionTransformer(24, 2, 3, (64, 48), 0.0, rng)


def test_features_are_a_sixteenth_of_the_size(transformer):
    for N, H, W in ((2, 64, 48), (1, 32, 96), (0, 64, 48)):
        y = transformer.eval()(np.zeros((N, 3, H, W), np.float32))
        assert y.shape == (N, 24, H // 16, W // 16)


def test_gradients_agree_with_central_differences(transformer, rng):
    nn.check_layer(transformer, rng.normal(size=(2, 3, 48, 32)), rng)
    nn.check_layer(Block(8, 2, 0.0, rng), rng.normal(size=(2, 5, 8)), rng)


def test_a_block_in_evaluation_is_a_block_in_training(rng):
    block, x = Block(24, 3, 0.0, rng), rng.normal(size=(2, 7, 24))
    y = block.train()(x)
    np.testing.assert_allclose(block.eval()(x), y, rtol=0, atol=1e-12)


def test_the_order_of_tokens_makes_no_difference_to_a_block(rng):
    block, x, order = Block(24, 3, 0.0, rng), rng.normal(size=(1, 7, 24)), rng.permutation(7)
    np.testing.assert_allclose(block(x[:, order]), block(x)[:, order], rtol=0, atol=1e-12)


def test_blocks_are_skipped_more_often_the_later_they_come(rng):
    transformer = VisionTransformer(8, 5, 1, (16, 16), 0.4, rng)
    rates = [[drop.p for drop in block.drop_paths] for block in transformer.encoder.layer]
    np.testing.assert_allclose(rates, np.repeat([[0.0], [0.1], [0.2], [0.3], [0.4]], 2, axis=1))


def test_positions_of_other_sizes_are_torchs_bicubic_ones(rng):
    torch = pytest.importorskip("torch")
    embeddings = Embeddings(24, (64, 48), rng)
    tokens, size = embeddings(np.zeros((1, 3, 96, 80), np.float32))
    assert size == (6, 5)
    table = torch.from_numpy(embeddings.params["position_embeddings"])
    grid = table[:, 1:].reshape(1, 4, 3, 24).permute(0, 3, 1, 2)
    resized = torch.nn.functional.interpolate(grid, (6, 5), mode="bicubic").flatten(2).mT
    np.testing.assert_allclose(tokens, resized + table[:, :1], rtol=0, atol=1e-6)


def test_threads_may_share_a_network(transformer, assert_threads_agree, rng):
    xs = rng.normal(size=(40, 1, 3, 32, 32)).astype(np.float32)
    assert_threads_agree(transformer.eval(), xs)


def test_bad_arguments_are_named(rng):
    with pytest.raises(ValueError, match="num_heads: expected a divisor of 6, got 4"):
        Block(6, 4, 0.0, rng)
