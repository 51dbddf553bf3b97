import numpy as np
import pytest

from npkpose import nn
from npkpose.models.lifting.videopose3d import VideoPose3D, to_screen

RNG = np.random.default_rng(0)


def small(**options):
    """A network of 9 frames and 4 channels, 2 joints to 3; its statistics are not trivial."""
    net = VideoPose3D((3, 3), 4, (2, 3), dropout=0, rng=np.random.default_rng(1), **options)
    for _, module in net.named_modules():
        for name in module.buffers:
            if name.startswith("running"):
                module.buffers[name] += np.float32(0.1) * np.arange(4, dtype=np.float32)
    return net


def test_outputs_and_gradients_are_the_official_ones(assert_official):
    assert_official(VideoPose3D(dropout=0), "videopose3d_27f")


@pytest.mark.parametrize(
    "widths, form, count",
    [
        ((3, 3, 3), "dilated", 8_555_571),
        ((3, 3, 3), "strided", 8_555_571),
        ((3, 3, 3), "dense", 29_527_091),
        ((3, 3, 3, 3), "dilated", 12_753_971),
        ((3, 3, 3, 3, 3), "dilated", 16_952_371),
        ((1, 1, 1), "dilated", 4_291_635),
    ],
)
def test_the_number_of_parameters_is_the_published_one(widths, form, count):
    assert VideoPose3D(widths, form=form).num_parameters() == count


@pytest.mark.parametrize("causal", [False, True])
def test_the_strided_form_agrees_with_the_dilated_one(causal):
    dilated, strided = small(causal=causal), small(form="strided", causal=causal)
    strided.load_state_dict(dilated.state_dict())
    x = RNG.normal(size=(2, 9, 2, 2)).astype(np.float32)
    single = strided.eval()(x)
    assert single.shape == (2, 1, 3, 3)
    np.testing.assert_allclose(single, dilated.eval()(x), rtol=0, atol=1e-5)
    x = RNG.normal(size=(1, 27, 2, 2)).astype(np.float32)
    np.testing.assert_allclose(strided(x), dilated(x)[:, ::9], rtol=0, atol=1e-5)


def test_the_dense_form_with_zeros_in_the_gaps_is_the_dilated_one():
    dilated, dense = small().eval(), small(form="dense").eval()
    state = dilated.state_dict()
    filled = np.zeros((4, 4, 7), np.float32)
    filled[..., ::3] = state["layers_conv.0.weight"]
    dense.load_state_dict({**state, "layers_conv.0.weight": filled})
    x = RNG.normal(size=(1, 12, 2, 2)).astype(np.float32)
    np.testing.assert_allclose(dense(x), dilated(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_every_frame_is_lifted_and_a_causal_network_does_not_see_the_future(causal):
    net = small(causal=causal).eval()
    sequence = RNG.uniform(0, 100, (20, 2, 2))
    poses = net.lift(sequence, (100, 80))
    assert poses.shape == (20, 3, 3)
    changed = sequence.copy()
    changed[12:] += 10
    moved = (net.lift(changed, (100, 80)) != poses).any(axis=(1, 2))
    assert moved[12:].any() and not moved[:8].any()
    assert moved[8:12].any() != causal
    still = net.lift(np.repeat(sequence[:1], 5, axis=0), (100, 80))
    np.testing.assert_allclose(still, np.repeat(still[:1], 5, axis=0), atol=1e-6)
    assert net.lift(sequence[:0], (100, 80)).shape == (0, 3, 3)
    np.testing.assert_allclose(to_screen([(0, 0), (100, 80)], (100, 80)), [(-1, -0.8), (1, 0.8)])


@pytest.mark.parametrize("form", ["dilated", "strided", "dense"])
@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_those_of_central_differences(smoothed, form, causal):
    net = smoothed(small(form=form, causal=causal)).train()
    nn.check_layer(net, RNG.normal(size=(2, 18, 2, 2)), np.random.default_rng(2), rtol=1e-5)


def test_a_few_sequences_are_overfitted():
    net = VideoPose3D((3, 3), 32, (2, 3), dropout=0).train()
    x, target = RNG.normal(size=(4, 12, 2, 2)), RNG.normal(size=(4, 4, 3, 3))
    optimizer, losses = nn.Adam(net, 1e-2), []
    for _ in range(200):
        loss, dy = nn.mse_loss(net(x.astype(np.float32)), target)
        net.backward(dy)
        optimizer.step()
        losses.append(loss)
    assert losses[-1] < losses[0] / 50


def test_threads_may_share_a_network(assert_threads_agree):
    net = small().eval()
    assert_threads_agree(net, RNG.normal(size=(200, 1, 12, 2, 2)).astype(np.float32))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: VideoPose3D((3, 2)), r"widths: expected odd numbers, got \(3, 2\)"),
        (lambda: VideoPose3D(causal="no"), "causal: expected True or False, got 'no'"),
        (lambda: VideoPose3D(dropout=2), "dropout: expected at most 1, got 2"),
        (lambda: VideoPose3D(()), r"widths: expected odd numbers, got \(\)"),
        (lambda: VideoPose3D(form="wide"), "form: expected one of dilated, strided, dense"),
        (lambda: small()(np.zeros((1, 8, 2, 2))), "x: expected at least 9 frames, got 8"),
        (lambda: small()(np.zeros((1, 9, 3, 2))), r"x: expected shape \(N, F, 2, 2\)"),
        (lambda: small(form="strided")(np.zeros((1, 12, 2, 2))), "x: expected a multiple of 9"),
        (lambda: small(form="strided").lift(np.zeros((1, 2, 2)), (1, 1)), "form: expected dilate"),
        (lambda: to_screen(np.zeros((1, 2)), (0, 4)), "size: expected a positive width and height"),
        (lambda: small().lift(np.full((9, 2, 2), np.nan), (1, 1)), r"keypoints\[0, 0, 0\]"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
