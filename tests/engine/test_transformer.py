import threading

import numpy as np
import pytest

from npkpose import nn
from npkpose.engine import Tokens, kept_tokens, normalise_tokens, transformer, use_threads
from npkpose.models import ViTPose
from npkpose.models.backbones.transformer import attention_step, run_blocks
from npkpose.nn.faster import current_engine

compiled = pytest.mark.skipif(current_engine() == "plain", reason="programs are compiled")


@pytest.fixture
def network(rng):
    """Two blocks with random weights and a normalisation, in evaluation."""
    network = ViTPose((16, 2, 4), "simple", rng=rng).backbone.eval()
    for _, array in network.named_parameters():
        array[...] = rng.normal(size=array.shape)
    return network


def run(network, x):
    return run_blocks(network.encoder.layer, network.layernorm, x)


def exact(network, x):
    """Return what the formulas give in float64."""
    y = run(network.train(), x.astype(np.float64))
    network.eval()
    return y


def assert_close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_the_parts_add_up_to_the_block(threads, network, rng):
    x = rng.normal(size=(2, 12, 16)).astype(np.float32)
    expected = exact(network, x)
    with use_threads(threads):
        assert_close(run(network, x), expected)


@compiled
@pytest.mark.parametrize("N", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_one_map_to_queries_keys_and_values(N, bias, rng):
    attention, norm = nn.MultiHeadAttention(8, 2, bias, rng=rng).eval(), nn.LayerNorm(4)
    half = nn.MultiHeadAttention(4, 2, bias, rng=rng).eval()
    x = rng.normal(size=(N, 5, 8)).astype(np.float32)
    steps = [
        attention_step(slice(4, 8), [(slice(4), norm)], half),
        attention_step(slice(None), [(slice(None), nn.LayerNorm(8))], attention),
    ]
    expected = x.copy()
    expected[:, :, 4:] += half(norm(x[:, :, :4]))
    expected += attention(nn.LayerNorm(8)(expected))
    with kept_tokens(attention, (8, N, 5), steps) as tokens:
        tokens.x[...] = x.transpose(2, 0, 1)
        tokens.run()
        assert_close(tokens.x.transpose(1, 2, 0), expected)


@compiled
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", [(5, 1, 1), (300, 2, 35), (7, 4, 300)])
def test_tokens_are_normalised_over_their_features(threads, shape, rng):
    x, norm = rng.normal(size=shape).astype(np.float32), nn.LayerNorm(shape[0])
    for array in norm.params.values():
        array[...] = rng.normal(size=array.shape)
    with use_threads(threads):
        got = normalise_tokens(x, norm.params["weight"], norm.params["bias"], norm.eps)
    assert_close(got.transpose(1, 2, 0), norm(x.transpose(1, 2, 0).astype(np.float64)))


@compiled
def test_the_program_is_kept_and_reads_the_weights_of_the_day(network, rng, monkeypatch):
    made = []
    monkeypatch.setattr(transformer, "Tokens", lambda shape: made.append(shape) or Tokens(shape))
    x, other = rng.normal(size=(2, 1, 12, 16)).astype(np.float32)
    first = run(network, x)
    run(network, other)
    assert (run(network, x) == first).all() and len(made) == 1
    for scale in 0.5, 2.0:  # written to their places
        for block in network.encoder.layer:
            block.mlp.fc1.params["bias"] *= scale
            block.layernorm_after.params["weight"] *= scale
        assert_close(run(network, x), exact(network, x))
    assert len(made) == 1
    layer = network.encoder.layer[1].attention.output.dense  # another array
    layer.params["weight"] = rng.normal(size=(16, 16)).astype(np.float32)
    assert_close(run(network, x), exact(network, x))
    layer.params["bias"] = np.repeat(layer.params["bias"], 2)[::2]  # copied, so not kept
    for count in 3, 4:
        layer.params["bias"][:] += 1
        assert_close(run(network, x), exact(network, x))
        assert len(made) == count


@compiled
def test_results_are_the_callers_own(network, rng):
    x, other = rng.normal(size=(2, 1, 12, 16)).astype(np.float32)
    first = run(network, x)
    copy = first.copy()
    run(network, other)
    np.testing.assert_array_equal(first, copy)


@compiled
def test_threads_of_the_caller_do_not_share_a_program(network, rng):
    xs = rng.normal(size=(4, 1, 12, 16)).astype(np.float32)
    expected = [run(network, x) for x in xs]
    found = [[] for _ in xs]

    def repeat(i):
        for _ in range(20):
            found[i].append((run(network, xs[i]) == expected[i]).all())

    threads = [threading.Thread(target=repeat, args=(i,)) for i in range(len(xs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(map(all, found)) and [len(f) for f in found] == 4 * [20]
