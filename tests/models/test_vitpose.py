import runpy

import numpy as np
import pytest

from npkpose import nn
from npkpose._numba import COMPILES
from npkpose.grid import Grid
from npkpose.models.vitpose import ViTPose

SMALL = (24, 2, 3)


@pytest.fixture(scope="module")
def small():
    """Two blocks of three heads and the position table of a 64 x 48 image."""
    return ViTPose(SMALL, "simple", 4, image_size=(64, 48), rng=np.random.default_rng(0))


@pytest.mark.parametrize(("size", "decoder", "parameters"), [
    ("S", "simple", 21_722_513), ("S", "classic", 24_290_577),
    ("B", "simple", 85_912_337), ("B", "classic", 89_994_513),
])
def test_the_number_of_parameters_is_the_published_one(size, decoder, parameters):
    assert ViTPose(size, decoder).num_parameters() == parameters


# Without compilation GELU takes microseconds for each of 3.5 million numbers.
full_size = pytest.mark.skipif(not COMPILES, reason="uncompiled: half a minute each")


@full_size
@pytest.mark.parametrize("decoder", ["simple", "classic"])
def test_outputs_and_gradients_are_the_official_ones(assert_official, decoder):
    assert_official(ViTPose("S", decoder), f"vitpose_s_{decoder}")


@full_size
def test_outputs_tell_the_exact_gelu_from_its_approximation(shared_data):
    folder = shared_data.parent / "fixtures"
    if not folder.is_dir():
        pytest.skip("needs ../shared/fixtures: outputs of the official implementation")
    named = runpy.run_path(folder / "named_weights.py")
    model = ViTPose("S", "simple").eval()
    shapes = {name: array.shape for name, array in model.state_dict().items()}
    model.load_state_dict({name: named["named_array"](name, shapes[name]) for name in shapes})
    with np.load(folder / "vitpose_s_simple.npz") as official:
        y = model(named["named_input"]("vitpose_s_simple", tuple(official["input_shape"])))
        error = abs(y - official["output0"]).max() / abs(official["output0"]).max()
    assert error < 2e-5  # with tanh in place of erf it is 1.6e-4


@pytest.mark.parametrize("decoder", ["simple", "classic"])
def test_gradients_agree_with_central_differences(smoothed, decoder, rng):
    model = smoothed(ViTPose(SMALL, decoder, 2, image_size=(32, 32), rng=rng))
    nn.check_layer(model, rng.normal(size=(2, 3, 48, 32)), rng)


@pytest.mark.parametrize("decoder", ["simple", "classic"])
def test_one_small_batch_is_overfitted(assert_overfits, decoder, rng):
    model = ViTPose((48, 2, 3), decoder, 2, image_size=(64, 64), rng=rng)
    assert_overfits(model, rng.normal(size=(2, 3, 64, 64)).astype(np.float32), 3e-3, 120)


def test_heatmaps_are_a_quarter_of_any_size_in_multiples_of_16(small):
    small.eval()
    for H, W in ((64, 48), (32, 96), (16, 16)):
        assert small(np.zeros((2, 3, H, W), np.float32)).shape == (2, 4, H // 4, W // 4)
    assert small(np.zeros((0, 3, 64, 48), np.float32)).shape == (0, 4, 16, 12)


def test_float32_agrees_with_float64_to_rounding(small, rng):
    x = rng.normal(size=(1, 3, 64, 48)).astype(np.float32)
    y, exact = small.eval()(x), small(x.astype(np.float64))
    np.testing.assert_allclose(y, exact, rtol=0, atol=1e-6 * abs(exact).max())


def test_evaluation_equals_training_without_dropped_paths_and_keeps_nothing(small, rng):
    x = rng.normal(size=(1, 3, 64, 48)).astype(np.float32)
    trained = small.train()(x)
    np.testing.assert_allclose(small.eval()(x), trained, rtol=0, atol=1e-6)
    assert all(module._saved is None for _, module in small.named_modules())
    with pytest.raises(RuntimeError, match="backward: expected a forward pass in training"):
        small.backward(trained)


def test_blocks_are_skipped_at_random_in_training_only(rng):
    model = ViTPose((8, 5, 1), "simple", image_size=(16, 16), drop_path=0.4)
    x = rng.normal(size=(1, 3, 16, 16)).astype(np.float32)
    assert (model(x) != model(x)).any()
    np.testing.assert_array_equal(model.eval()(x), model(x))


def test_images_of_a_batch_do_not_influence_each_other(small, rng):
    small.eval()
    x = rng.normal(size=(2, 3, 64, 48))
    np.testing.assert_allclose(small(x)[1:], small(x[1:]), rtol=0, atol=1e-9)


def test_its_attributes_are_those_that_a_pipeline_reads(small):
    assert small.grid == Grid(4, "corner") and small.refine == "dark_udp"
    assert small.input_size == (64, 48) and ViTPose(SMALL).input_size == (256, 192)
    image = np.zeros((2, 64, 48, 3), np.uint8)
    image[1, 2, 3] = 255, 51, 0  # red, green, blue
    x = small.preprocess(image)
    wanted = [(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, -0.406 / 0.225]
    np.testing.assert_allclose(x[1, :, 2, 3], wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: ViTPose("M"), "size: expected one of S, B, L, H, got 'M'"),
    (lambda: ViTPose((1, 2)), r"size: expected one of S, B, L, H or three numbers, got \(1, 2\)"),
    (lambda: ViTPose((6, 1, 4)), "num_heads: expected a divisor of 6, got 4"),
    (lambda: ViTPose(SMALL, "none"), "decoder: expected one of classic, simple, got 'none'"),
    (lambda: ViTPose(SMALL, num_keypoints=0), "num_keypoints: expected at least 1"),
    (lambda: ViTPose(SMALL, image_size=(64, 50)), "image_size: expected height and width in mult"),
    (lambda: ViTPose(SMALL, num_keypoints=2**64), "num_keypoints: expected at most 65536"),
    (lambda: ViTPose(SMALL, rng={"a": 1}), "rng: expected a numpy.random.Generator"),
    (lambda: ViTPose(SMALL, drop_path=2.0), "drop_path: expected at most 1, got 2.0"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("shape, message", [
    ((1, 3, 64, 40), r"x: expected height and width in multiples of 16, got \(64, 40\)"),
    ((3, 64, 64), "x: expected height and width"),
    ((1, 4, 64, 64), r"x: expected shape \(N, 3, H, W\)"),
])
def test_forward_refuses_other_shapes(small, shape, message):
    with pytest.raises(ValueError, match=message):
        small(np.zeros(shape, np.float32))
