import numpy as np
import pytest

from npkpose import nn
from npkpose.models.lifting.mhformer import MHFormer
from npkpose.nn.batchnorm import freeze_statistics

RNG = np.random.default_rng(0)


def without_dropout(net):
    for _, module in net.named_modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return net


def small(frames=9, **options):
    return MHFormer(frames, 2, 2, (8, 12), **options)


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(without_dropout(MHFormer(drop_path=0)), "mhformer_27f")


def test_the_number_of_parameters_is_the_published_one():
    assert MHFormer(27).num_parameters() == 19_184_517
    assert round(MHFormer(9).num_parameters() / 1e6, 2) == 19.09
    assert round(MHFormer(81).num_parameters() / 1e6, 2) == 19.84


@pytest.mark.parametrize("frames", [9, 36])  # with and without normalisation in the embedding
def test_gradients_along_a_random_direction_are_those_of_central_differences(smoothed, frames):
    """Of all parameters and the input at once; the official gradients check each array."""
    net = freeze_statistics(smoothed(without_dropout(small(frames, drop_path=0))).train())
    net.astype(np.float64)
    x, rng, eps = RNG.normal(size=(1, frames, 2, 2)), np.random.default_rng(2), 1e-6
    dy = rng.normal(size=net(x).shape)
    gradients = {"x": net.backward(dy), **dict(net.named_gradients())}
    arrays = {"x": x, **dict(net.named_parameters())}
    assert gradients.keys() == arrays.keys()
    steps = {name: rng.normal(size=array.shape) for name, array in arrays.items()}
    losses = []
    for sign in (1, -2):  # eps above, then eps below
        for name, array in arrays.items():
            array += sign * eps * steps[name]
        losses.append((net(x) * dy).sum())
    exact = sum((gradients[name] * step).sum() for name, step in steps.items())
    np.testing.assert_allclose(exact, (losses[0] - losses[1]) / (2 * eps), rtol=1e-5)


def test_the_embedding_has_its_published_names_in_both_lengths():
    assert "embedding_2.0.weight" in small(9).state_dict()
    assert small(36).state_dict()["embedding_2.weight"].shape == (8, 4, 1)


def test_a_few_sequences_are_overfitted():
    net = without_dropout(MHFormer(9, 2, 1, (16, 32), drop_path=0)).train()
    x, target = RNG.normal(size=(4, 9, 2, 2)).astype(np.float32), RNG.normal(size=(4, 9, 2, 3))
    optimizer, losses = nn.Adam(net, 3e-3), []
    for _ in range(100):
        loss, dy = nn.mse_loss(net(x), target)
        net.backward(dy)
        optimizer.step()
        losses.append(loss)
    assert losses[-1] < losses[0] / 10


def test_branches_are_skipped_at_random_in_training_only():
    net = small(drop_path=0.9)
    x = RNG.normal(size=(3, 9, 2, 2)).astype(np.float32)
    assert (net.train()(x) != net(x)).any()
    np.testing.assert_array_equal(net.eval()(x), net(x))
    assert net(x[:0]).shape == (0, 9, 2, 3)


@pytest.mark.parametrize("frames", [9, 36])
def test_threads_may_share_a_network(assert_threads_agree, frames):
    net = small(frames).eval()
    assert_threads_agree(net, RNG.normal(size=(50, 1, frames, 2, 2)).astype(np.float32))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: MHFormer(10), "frames: expected a multiple of 9, got 10"),
        (lambda: MHFormer(9, 2, 0, (8, 8)), "layers: expected at least 1, got 0"),
        (lambda: MHFormer(9, 2, 1, 8), "widths: expected a sequence, got 8"),
        (lambda: MHFormer(9, 2, 1, (8, 8), [1.0]), "drop_path: expected a finite number"),
        (lambda: MHFormer(9, 2, 1, (9, 8)), "num_heads: expected a divisor of 9, got 8"),
        (lambda: small()(np.zeros((1, 8, 2, 2))), r"x: expected shape \(N, 9, 2, 2\), got"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_frame_is_lifted_from_a_window_with_repeated_ends():
    net = MHFormer(9, 3, 1, (8, 8)).eval()
    sequence = RNG.uniform(0, 100, (20, 3, 2))
    poses = net.lift(sequence, (100, 80))
    assert poses.shape == (20, 3, 3) and not poses[:, 0].any() and poses[:, 1:].any()
    x = (sequence / 50 - [1, 0.8]).astype(np.float32)
    for frame, window in ((0, [0] * 5 + [1, 2, 3, 4]), (17, [*range(13, 20), 19, 19])):
        expected = net(x[window][None])[0, 4]
        np.testing.assert_allclose(poses[frame, 1:], expected[1:], rtol=0, atol=1e-5)
    assert net.lift(sequence[:0], (100, 80)).shape == (0, 3, 3)
    with pytest.raises(ValueError, match=r"keypoints: expected shape \(T, 3, 2\)"):
        net.lift(sequence[:, :2], (100, 80))
