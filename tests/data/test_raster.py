import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.data import raster
from npkpose.reference.data import raster as reference

FLAT = np.array([0, 0, -1, 1.0])  # all light is ambient: colours are painted as they are


def canvas(height, width):
    """A black image, infinite depths, and no owners."""
    image = np.zeros((height, width, 3), np.float32)
    return image, np.full((height, width), np.inf), np.full((height, width), -1)


def part(start, end, colour=(1, 1, 1), owner=0, bar=0):
    return np.array([*start, *end, *colour, owner, bar], dtype=float)


def random_case(seed):
    """Capsules and bars at random depths, some outside, some seen from an end."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 8))
    parts = rng.integers(-16, 48, (count, 13)) / 4
    parts[:, [3, 7]] = rng.integers(1, 16, (count, 2)) / 4
    parts[:, 8:11] = rng.random((count, 3))
    parts[:, 11], parts[:, 12] = np.arange(count), rng.random(count) < 0.4
    ends_on = rng.random(count) < 0.2
    parts[ends_on, 4:6] = parts[ends_on, 0:2]
    light = rng.normal(size=4)
    light[:3] /= np.linalg.norm(light[:3])
    light[3] = rng.random()
    return parts, light, tuple(int(side) for side in rng.integers(1, 12, 2))


def test_a_disc_covers_whole_and_half_pixels_and_records_its_depth():
    image, depth, owner = canvas(5, 7)
    disc = part((3, 2, 10, 2), (3, 2, 10, 2), (0.2, 0.4, 0.6), owner=5)
    raster.paint_parts([disc], FLAT, image, depth, owner)
    np.testing.assert_allclose(image[2, 3], (0.2, 0.4, 0.6), rtol=1e-6)
    np.testing.assert_allclose(image[2, 1], (0.1, 0.2, 0.3), rtol=1e-6)  # on the edge: half
    assert depth[2, 3] == 8 and depth[2, 2] == pytest.approx(10 - np.sqrt(3))
    assert depth[2, 1] == 10 and owner[2, 1] == 5 and owner[0, 0] == -1 and depth[0, 0] == np.inf


def test_light_from_one_side_makes_that_side_brighter():
    image, depth, owner = canvas(1, 21)
    light = np.array([1.0, 0, 0, 0.25])
    raster.paint_parts([part((10, 0, 0, 8), (10, 0, 0, 8))], light, image, depth, owner)
    assert image[0, 14, 0] == pytest.approx(0.25 + 0.75 * 0.5)
    assert image[0, 6, 0] == pytest.approx(0.25)


def test_a_bar_has_square_ends_and_covers_fractions_of_pixels():
    image, depth, owner = canvas(5, 8)
    bar = part((1.75, 2, 0, 1.25), (5, 2, 0, 1.25), bar=1)
    raster.paint_parts([bar], FLAT, image, depth, owner)
    # lengthwise from 1.75 to 5: pixel 1 (0.5 to 1.5) none, 2 (1.5 to 2.5) 0.75, 5 (4.5 to) 0.5
    np.testing.assert_allclose(image[2, :, 0], [0, 0, 0.75, 1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(image[:, 3, 0], [0, 0.75, 1, 0.75, 0])


def test_a_nearer_part_hides_a_farther_one_in_either_order():
    near, far = (
        part((3, 3, 0, 2), (3, 3, 0, 2), (1, 0, 0), 1),
        part((4, 3, 9, 2), (4, 3, 9, 2), (0, 0, 1), 2),
    )
    seen = []
    for parts in ([near, far], [far, near]):
        image, depth, owner = canvas(7, 8)
        raster.paint_parts(parts, FLAT, image, depth, owner)
        seen.append((depth, owner))
        assert image[3, 3].tolist() == [1, 0, 0] and image[3, 6, 2] == 0.5 and owner[3, 4] == 1
    np.testing.assert_array_equal(seen[0][0], seen[1][0])
    np.testing.assert_array_equal(seen[0][1], seen[1][1])


@given(st.integers(0, 100_000))
def test_every_image_matches_the_reference(seed):
    parts, light, size = random_case(seed)
    ours, theirs = canvas(*size), canvas(*size)
    raster.paint_parts(parts, light, *ours)
    reference.paint_parts(parts, light, *theirs)
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-5)
    np.testing.assert_array_equal(ours[2], theirs[2])
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-6)


def test_one_specialisation_serves_every_input():
    arrays = canvas(4, 4)
    raster.paint_parts(np.ones((1, 13), np.float32), [0, 0, -1, 1], *arrays)
    raster.paint_parts(np.ones((2, 13), int)[::-1], FLAT, *arrays)
    raster.paint_parts(np.empty((0, 13)), FLAT, *arrays)
    assert len(getattr(raster._paint_parts, "signatures", [None])) == 1


def test_bad_arguments_are_named():
    image, depth, owner = canvas(4, 5)
    good = np.ones((1, 13))
    for arguments, message in [
        ((np.ones((1, 12)), FLAT, image, depth, owner), r"parts: expected shape \(M, 13\)"),
        ((0 * good, FLAT, image, depth, owner), r"parts\[0\]: expected positive radii"),
        ((np.nan * good, FLAT, image, depth, owner), r"parts\[0, 0\]: expected a finite value"),
        ((good + [*11 * [0], 0.5, 0], FLAT, image, depth, owner), r"parts: owner\[0\]: expected"),
        ((good + [*11 * [0], 1e300, 0], FLAT, image, depth, owner), r"parts: owner\[0\]: expected"),
        ((good, FLAT, np.ma.masked_array(image), depth, owner), "image: expected a writable"),
        ((good, FLAT[:3], image, depth, owner), r"light: expected shape \(4\)"),
        ((good, FLAT, image[:3], depth, owner), "image: expected a writable contiguous array"),
        ((good, FLAT, image, depth, owner.astype(float)), "owner: expected a writable"),
        ((good, FLAT, image, depth.T, owner), "image: expected"),
        ((good, FLAT, image, depth.tolist(), owner), "depth: expected a writable contiguous"),
        ((good, FLAT, image, None, owner), r"depth: expected .* shape \('H', 'W'\), got None"),
    ]:
        with pytest.raises(ValueError, match=message):
            raster.paint_parts(*arguments)
