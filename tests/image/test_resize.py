import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose.image import resize as resize_module
from npkpose.image.resample import resize_matrix
from npkpose.image.resize import resize
from npkpose.reference.image import resize as reference

lengths = st.integers(1, 30)
values = st.floats(0, 255, width=16)
signals = arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=values)
images = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def test_halving_takes_the_mean_of_each_block_and_doubling_interpolates():
    image = np.array([[0, 4, 8, 8], [8, 12, 8, 8]], np.float32)
    assert resize(image, (1, 2)).tolist() == [[6, 8]]
    np.testing.assert_allclose(resize(np.array([[0.0, 4.0]]), (1, 4)), [[0, 1, 3, 4]])
    assert resize(np.array([[0.0, 4.0]]), (1, 4), "nearest").tolist() == [[0, 0, 4, 4]]


@given(images, st.integers(1, 12), st.integers(1, 12))
def test_resizing_keeps_dtype_range_and_a_constant(image, height, width):
    resized = resize(image, (height, width))
    assert resized.shape == (height, width, 3) and resized.dtype == np.uint8
    assert resized.min() >= image.min() and resized.max() <= image.max()
    np.testing.assert_array_equal(resize(image, image.shape[:2]), image)


@given(signals, lengths, lengths, st.sampled_from(["area", "bilinear", "nearest"]))
def test_resizing_is_a_product_with_the_matrices_of_both_axes(image, height, width, method):
    A_h = resize_matrix(image.shape[0], height, method)
    A_w = resize_matrix(image.shape[1], width, method)
    expected = A_h @ image @ A_w.T
    np.testing.assert_allclose(resize(image, (height, width), method), expected, atol=2e-4)
    colours = np.stack([image, image[::-1], 2 * image], axis=2)
    resized = resize(colours, (height, width), method)
    np.testing.assert_allclose(resized[..., 0], expected, atol=2e-4)
    np.testing.assert_allclose(resized[..., 1], A_h @ image[::-1] @ A_w.T, atol=2e-4)


@given(images, st.integers(1, 12), st.integers(1, 12), st.sampled_from(["auto", "area"]))
def test_resizing_agrees_with_its_twin(image, height, width, method):
    twin = reference.resize(image, (height, width), method)
    found = resize(image, (height, width), method)
    assert abs(found.astype(int) - twin).max() <= 1  # where float32 rounds the other way
    exact = resize(image.astype(np.float32), (height, width), method)
    twin = reference.resize(image.astype(float), (height, width), method)
    np.testing.assert_allclose(exact, twin, rtol=0, atol=1e-3)


def test_compiled_and_numpy_give_the_same_bits(rng, monkeypatch):
    image = rng.integers(0, 256, (23, 31, 3), dtype=np.uint8)
    pixels = rng.normal(size=(9, 14)).astype(np.float32)
    pixels[3, 4], pixels[0, 0] = np.nan, np.inf
    sizes = (10, 17), (40, 9), (23, 60)
    compiled = [resize(each, size) for each in (image, image[::-1], pixels) for size in sizes]
    monkeypatch.setattr(resize_module, "COMPILES", False)
    plain = [resize(each, size) for each in (image, image[::-1], pixels) for size in sizes]
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_bands_of_rows_change_nothing(rng, monkeypatch):
    image = rng.integers(0, 256, (23, 31, 3), dtype=np.uint8)
    sizes = [(10, 17), (40, 17), (10, 50), (23, 9), (60, 70)]
    whole = [resize(image, size) for size in sizes]
    monkeypatch.setattr(resize_module, "BAND", 100)
    for size, expected in zip(sizes, whole):
        np.testing.assert_array_equal(resize(image, size), expected)


@pytest.mark.parametrize("shape, size", [
    ((10, 40_000), (10, 39_999)), ((40_000, 10), (39_999, 10)), ((10, 40_000), (10, 80_000)),
    ((40_000, 10), (10, 40_000)), ((10, 40_000), (40_000, 10)), ((10, 40_000), (10, 3)),
])
def test_memory_grows_with_the_pixels_and_not_with_the_square_of_a_side(shape, size):
    image = np.zeros((*shape, 3), np.uint8)
    pixels = max(np.prod(shape), np.prod(size))
    tracemalloc.start()
    resize(image, size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * pixels  # a matrix of 40,000 x 39,999 would take 32,000 bytes per pixel


@given(images, st.integers(1, 4))
def test_shrinking_by_a_whole_factor_keeps_the_mean(image, factor):
    large = np.repeat(np.repeat(image, factor, axis=0), factor, axis=1).astype(float)
    np.testing.assert_allclose(resize(large, image.shape[:2]), image, atol=1e-3)


def test_opencv_gives_the_same_to_one_grey_level(rng):
    cv2 = pytest.importorskip("cv2")
    image = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    for size, method, flag in (
        ((20, 31), "area", cv2.INTER_AREA),
        ((80, 90), "bilinear", cv2.INTER_LINEAR),
        ((20, 31), "bilinear", cv2.INTER_LINEAR),
    ):
        expected = cv2.resize(image, size[::-1], interpolation=flag).astype(int)
        assert abs(resize(image, size, method) - expected).max() <= 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.zeros(3), 4), "image: expected shape"),
        ((np.zeros((0, 3)), 4), "image: expected shape"),
        ((np.zeros((2, 2), complex), 4), "image: expected real numbers"),
        ((np.full((2, 2), 1e300), 4), r"image\[0, 0\]: expected a value within .* float32, got 1e"),
        ((np.zeros((2, 2)), 0), "size: expected at least 1"),
        ((np.zeros((2, 2)), 4, "cubic"), "method: expected one of"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        resize(*arguments)


def test_infinity_beside_a_pixel_is_nan_without_a_warning():
    image = np.array([[0.0, np.inf, 0.0, 0.0]])
    np.testing.assert_array_equal(resize(image, (1, 2), "area"), [[np.inf, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not np.isfinite(resize(image, (1, 8))).all()
