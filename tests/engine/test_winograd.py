"""3x3 convolutions by Winograd's method, against the plain ones."""

import numpy as np
import pytest

from npkpose import nn
from npkpose._check import count_windows
from npkpose._numba import COMPILES
from npkpose.engine import winograd
from npkpose.engine.activations import CLIP, HARD_SWISH
from npkpose.engine.conv_forward import Epilogue, conv2d, convolve
from npkpose.engine.program import Program
from npkpose.engine.threads import use_threads
from npkpose.engine.winograd import convolve_in_evaluation
from npkpose.engine.winograd_plan import pays

pytestmark = pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
SAME = (3, 3), (1, 1), (1, 1), (1, 1)
LARGE = 48, 44, 40  # channels and size of an image that is convolved so


@pytest.fixture
def always(monkeypatch):
    """Have every 3x3 convolution of stride 1 done by this method."""
    monkeypatch.setattr(winograd, "pays", lambda *_: True)


@pytest.fixture
def normal(rng):
    """Return a function that draws float32 arrays."""
    return lambda *shape: rng.standard_normal(shape).astype(np.float32)


def plain(x, weight, window, groups=1):
    """Return the convolution of the plain engine in float64."""
    return nn.conv.conv2d.plain(x.astype(float), weight.astype(float), None, window, groups)


def assert_near(y, wanted, error=5e-6):
    assert y.shape == wanted.shape
    assert abs(y - wanted).max(initial=0) <= error * abs(wanted).max(initial=0)


CASES = [  # images, channels, output channels, size, dilation, padding, groups
    (1, 1, 1, (1, 1), 1, (1, 1), 1), (3, 17, 9, (2, 3), 1, (1, 1), 1),
    (2, 5, 7, (9, 13), 1, (1, 0), 1), (1, 3, 21, (37, 70), 1, (0, 2), 1),
    (1, 16, 16, (4, 300), 1, (1, 1), 1), (1, 8, 8, (17, 29), 2, (2, 2), 1),
    (2, 6, 130, (12, 11), 3, (3, 1), 1), (2, 40, 8, (3, 3), 2, (4, 4), 1),
    (1, 2, 64, (3, 4200), 1, (1, 1), 1), (1, 6, 4, (20, 19), 1, (1, 1), 2),
    (0, 4, 4, (8, 8), 1, (1, 1), 1),
]  # fmt: skip


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("case", CASES)
def test_every_shape_gives_the_plain_sums(always, normal, case, threads):
    N, C, O, size, d, padding, groups = case
    x, weight = normal(N, C, *size), normal(O, C // groups, 3, 3)
    window = (3, 3), (d, d), padding, (1, 1)
    shape = N, O, *count_windows(size, window)
    scale, shift, residual = normal(O), normal(O), normal(*shape)
    epilogue = Epilogue(scale, shift, residual.reshape(N, O, shape[2] * shape[3]), relu=True)
    with use_threads(threads):
        y = convolve_in_evaluation(x, weight, window, groups, epilogue)
    sums = plain(x, weight, window, groups) * scale[:, None, None] + shift[:, None, None]
    assert_near(y, np.maximum(sums + residual, 0))


def test_long_sums_stay_within_the_error(always, normal):
    """More terms than are summed at once; the direct way's error is a tenth of this."""
    x, weight = abs(normal(1, 600, 10, 11)), normal(24, 600, 3, 3)
    assert_near(convolve_in_evaluation(x, weight, SAME), plain(x, weight, SAME), 1e-5)


@pytest.mark.parametrize("activation", [(CLIP, -0.5, 1), (HARD_SWISH, 1 / 6, 0.5)])
def test_an_activation_comes_last(always, normal, activation):
    x, weight = normal(1, 3, 9, 10), normal(4, 3, 3, 3)
    y = convolve_in_evaluation(x, weight, SAME, 1, Epilogue(activation=activation))
    wanted = convolve(x, weight, SAME, 1, Epilogue(activation=activation))
    np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-4)


def test_channels_of_larger_arrays_are_read_and_written_where_they_lie(normal):
    C, H, W = LARGE
    x, wide, weight = normal(2, C + 3, H, W)[:, 3:], normal(2, C + 5, H, W), normal(C, C, 3, 3)
    before, program = wide.copy(), Program()
    program.add_convolution(x, weight, wide[:, 2:-3], SAME, 1, Epilogue())
    assert len(program) == 2  # the weights', and the convolution
    program.run()
    program.run()
    assert_near(wide[:, 2:-3], plain(x, weight, SAME))
    for outside in (slice(2), slice(-3, None)):
        np.testing.assert_array_equal(wide[:, outside], before[:, outside])


def test_pixels_in_any_order(always, normal):
    x, weight = normal(2, 9, 11, 4).transpose(0, 3, 1, 2)[..., ::-1], normal(5, 4, 3, 3)
    assert_near(convolve_in_evaluation(x, weight, SAME), plain(x, weight, SAME))


def test_every_number_of_threads_and_of_images_gives_the_same_bits(always, normal):
    x, weight = normal(4, 20, 13, 14), normal(33, 20, 3, 3)
    results = []
    for threads in (1, 2, 3, 16):
        with use_threads(threads):
            results.append(convolve_in_evaluation(x, weight, SAME))
    results.append(np.concatenate([convolve_in_evaluation(each[None], weight, SAME) for each in x]))
    for y in results[1:]:
        np.testing.assert_array_equal(y, results[0])


def test_a_changed_weight_is_noticed(always, normal):
    x, weight = normal(1, 4, 8, 8), normal(4, 4, 3, 3)
    y = convolve_in_evaluation(x, weight, SAME)
    weight *= 2
    np.testing.assert_array_equal(convolve_in_evaluation(x, weight, SAME), 2 * y)


def test_an_undefined_pixel_spoils_no_other_patch(always, normal):
    x, weight = normal(1, 4, 16, 16), normal(4, 4, 3, 3)
    x[0, 1, 9, 2] = np.nan  # patches start at -1, 3, 7 and 11
    y = convolve_in_evaluation(x, weight, SAME)
    spoiled = np.zeros((16, 16), bool)
    spoiled[8:12, :4] = True
    np.testing.assert_array_equal(np.isnan(y), np.broadcast_to(spoiled, y.shape))


def test_where_it_pays():
    assert pays(1, 128, 128, (46, 46), (46, 46), (-1, -1), 1)
    assert pays(1, 128, 128, (32, 57), (32, 57), (-2, -2), 2)
    assert pays(8, 64, 64, (32, 24), (32, 24), (-1, -1), 1)
    assert not pays(1, 3, 64, (368, 368), (368, 368), (-1, -1), 1)
    assert not pays(1, 256, 256, (8, 6), (8, 6), (-1, -1), 1)


def test_float64_other_strides_and_other_kernels_stay_direct(always, normal):
    x, strided = normal(1, 4, 12, 12), ((3, 3), (1, 1), (1, 1), (2, 2))
    wide, uneven = ((3, 4), (1, 1), (1, 1), (1, 1)), ((3, 3), (2, 1), (1, 1), (1, 1))
    for window in (strided, wide, uneven):
        weight = normal(4, 4, *window[0])
        y = convolve_in_evaluation(x, weight, window)
        np.testing.assert_array_equal(y, convolve(x, weight, window))
    x, weight = x.astype(float), normal(4, 4, 3, 3).astype(float)
    y = convolve_in_evaluation(x, weight, SAME)
    np.testing.assert_array_equal(y, convolve(x, weight, SAME))


def test_training_is_direct_and_evaluation_is_not(normal, rng):
    C, H, W = LARGE
    layers, x = nn.Sequential(nn.Conv2d(C, C, 3, padding=1, rng=rng), nn.ReLU()), normal(1, C, H, W)
    weight, bias = layers.layers[0].params.values()
    direct = np.maximum(conv2d(x, weight, bias, SAME), 0)
    with nn.engine("fast"):
        np.testing.assert_array_equal(layers.train(True)(x), direct)
        y = layers.train(False)(x)
    assert (y != direct).any()
    assert_near(y, direct)
