import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose._numba import COMPILES
from npkpose.image import warp
from npkpose.reference.image import warp as reference


@st.composite
def warps(draw):
    """An image, a matrix that rotates, scales and shifts, and the size of the output."""
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*rng.integers(1, 24, 2), 3), dtype=np.uint8)
    angle, scale = rng.uniform(-np.pi, np.pi), rng.uniform(0.2, 3)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([scale * rotation, rng.uniform(-6, 20, 2)])
    return image, matrix, tuple(int(side) for side in rng.integers(1, 16, 2))


def test_the_identity_and_a_shift_by_whole_pixels():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    np.testing.assert_array_equal(warp.warp_affine(image, [[1, 0, 0], [0, 1, 0]], (2, 4)), image)
    out = warp.warp_affine(image, [[1, 0, 1], [0, 1, -1]], (3, 4))
    np.testing.assert_array_equal(out[1:, :3], image[:, 1:])
    assert not out[0].any() and not out[:, 3].any()  # black outside


def test_halfway_between_pixels_is_their_mean():
    image = np.array([[[0], [100]]], np.uint8)
    out = warp.warp_affine(image, [[0.5, 0, -0.5], [0, 1, 0]], (1, 6))
    np.testing.assert_array_equal(out[0, :, 0], [0, 0, 50, 100, 50, 0])


@given(warps(), st.booleans())
def test_every_warp_agrees_with_the_twin(case, opencv4):
    ours = warp.warp_affine(*case, opencv4=opencv4).astype(int)
    assert abs(ours - reference.warp_affine(*case, opencv4)).max() <= 1  # ties of rounding


@given(warps())
def test_every_warp_agrees_with_opencv_to_1_in_255(case):
    cv2 = pytest.importorskip("cv2")
    image, matrix, (height, width) = case
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    theirs = cv2.warpAffine(image, matrix, (width, height), flags=flags)
    opencv4 = int(cv2.__version__.split(".")[0]) < 5
    ours = warp.warp_affine(*case, opencv4=opencv4).astype(int)
    assert abs(ours - theirs).max() <= 1


def test_the_image_is_not_modified_and_may_be_read_only_or_strided(rng):
    image = rng.integers(0, 256, (8, 9, 3), dtype=np.uint8)
    flipped = image[::-1, ::-1]
    flipped.flags.writeable = False
    before = image.copy()
    matrix = [[0.7, 0.1, 1], [-0.2, 0.8, 2]]
    np.testing.assert_array_equal(
        warp.warp_affine(flipped, matrix, 7), warp.warp_affine(flipped.copy(), matrix, 7)
    )
    np.testing.assert_array_equal(image, before)


@pytest.mark.skipif(not COMPILES, reason="nothing is compiled here")
def test_one_specialisation_serves_every_input():
    image = np.zeros((4, 4, 3), np.uint8)
    read_only = image.copy()
    read_only.flags.writeable = False
    for each in (image, image[::2], image[..., :1], read_only):
        warp.warp_affine(each, np.eye(2, 3, dtype=np.float32), 3, opencv4=each is image)
    assert len(warp.warp_pixels.signatures) == 1


EYE = np.eye(2, 3)
IMAGE = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: warp.warp_affine(IMAGE[0], EYE, 2), r"image: expected shape \(H, W, C\) of uint8"),
    (lambda: warp.warp_affine(IMAGE * 1.0, EYE, 2), "image: expected .* of float64"),
    (lambda: warp.warp_affine(IMAGE, np.eye(3), 2), r"matrix: expected shape \(2, 3\)"),
    (lambda: warp.warp_affine(IMAGE, EYE * np.nan, 2), r"matrix\[0, 0\]: expected a finite"),
    (lambda: warp.warp_affine(IMAGE, EYE, 0), "size: expected at least 1"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_image_without_pixels_gives_black():
    assert not warp.warp_affine(np.zeros((0, 4, 3), np.uint8), EYE, 2).any()
