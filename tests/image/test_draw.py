import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import COCO_17, OPENPOSE_18, DrawStyle, Poses, Skeleton
from npkpose.image.draw import draw_poses

DOT = Skeleton("DOT", ("a",), ())
ARM = Skeleton("ARM", ("a", "b", "c"), ((0, 1), (1, 2)))
STICK = Skeleton("STICK", ("a", "b"), ((0, 1),))
RAINBOW = DrawStyle("skeleton")
lattice = st.integers(-20, 70).map(lambda n: n / 2)


def test_limbs_are_drawn_between_their_keypoints_and_missing_ones_are_not():
    image = np.full((40, 60, 3), 100, np.uint8)
    poses = Poses([[(10, 20), (50, 20), (np.nan, np.nan)]])
    drawn = draw_poses(image, poses, ARM, width=2)
    changed = (drawn != image).any(axis=2)
    assert changed[20, 12:48].all() and not changed[:15].any() and not changed[26:].any()
    assert (image == 100).all()
    np.testing.assert_array_equal(draw_poses(image, Poses.empty(3), ARM), image)


def paint(canvas, start, end, radius, colour):
    """Paint a line on every pixel of an image of floats, by the formula of the module."""
    pixels = np.stack(np.meshgrid(np.arange(canvas.shape[1]), np.arange(canvas.shape[0])), axis=-1)
    start, along = np.array(start, float), np.subtract(end, start, dtype=float)
    t = ((pixels - start) @ along / max(along @ along, 1e-300)).clip(0, 1)
    distance = np.linalg.norm(pixels - start - t[..., None] * along, axis=-1)
    cover = (radius + 0.5 - distance).clip(0, 1)[..., None]
    return np.rint(cover * colour + (1 - cover) * canvas)


@given(st.tuples(lattice, lattice), st.tuples(lattice, lattice), st.sampled_from([1, 3.3, 40]))
def test_every_pixel_has_the_share_that_line_and_dots_cover(start, end, width):
    image = np.random.default_rng(0).integers(0, 256, (25, 30, 3), dtype=np.uint8)
    expected = paint(image.astype(float), start, end, width / 2, STICK.colours[0])
    for point in (start, end):
        expected = paint(expected, point, point, 0.7 * width, 0)
        expected = paint(expected, point, point, 0.5 * width, 255)
    drawn = draw_poses(image, Poses([[start, end]]), STICK, width, 1, RAINBOW)
    np.testing.assert_array_equal(drawn, expected)
    mixed = draw_poses(image, Poses([[start, end]]), STICK, width, 0.25, RAINBOW)
    np.testing.assert_allclose(mixed, 0.25 * expected + 0.75 * image, atol=0.5)


def test_lines_and_dots_leave_a_small_person_visible():
    person = np.random.default_rng(1).random((1, 17, 2))
    person = (person - person.min(axis=1)) / np.ptp(person, axis=1)  # fills a unit square
    image = np.full((700, 1000, 3), 128, np.uint8)
    for size, most in ((48, 0.48), (96, 0.35), (400, 0.3)):  # of the person's square
        drawn = draw_poses(image, Poses(size * person), COCO_17)
        assert 0.1 < (drawn != image).any(axis=2)[: size + 1, : size + 1].mean() < most


@pytest.mark.parametrize("size, width", [(20, 1.5), (100, 2), (150, 3), (380, 4)])
def test_the_width_follows_the_size_of_the_person(size, width):
    image, poses = np.zeros((200, 400, 3), np.uint8), Poses([[(5, 90), (5 + size, 90)]])
    across = draw_poses(image, poses, STICK, None, 1, RAINBOW)[:, 5 + size // 2, 0] / 255
    assert across.sum() == pytest.approx(width, abs=0.02)  # red


def test_a_redundant_limb_is_drawn_so_no_ear_floats():
    ear, shoulder = map(OPENPOSE_18.keypoints.index, ("right_ear", "right_shoulder"))
    keypoints = np.full((1, 18, 2), np.nan)
    keypoints[0, ear], keypoints[0, shoulder] = (20, 5), (20, 35)
    drawn = draw_poses(np.zeros((40, 40, 3), np.uint8), Poses(keypoints), OPENPOSE_18, width=3)
    assert (drawn[5:36, 20] > 0).any(axis=1).all()


def test_points_far_outside_are_not_drawn_and_lines_to_near_ones_are():
    image = np.zeros((20, 20, 3), np.uint8)
    for far in (1e300, -1e9):
        poses = Poses([[(far, far), (5, 5)]])
        assert not draw_poses(image, poses, STICK)[10:].any()
    assert draw_poses(image, Poses([[(5, 5), (5, 9e6)]]), STICK)[:, 5].any(axis=1)[4:].all()
    assert draw_poses(image, Poses([[(5, 5), (9, 9)]]), STICK, width=1e300).any(axis=2).all()


def test_memory_grows_with_the_pixels_of_the_image():
    image, poses = np.zeros((10, 100_000, 3), np.uint8), Poses([[(0, 0), (99_999, 9)]])
    tracemalloc.start()
    draw_poses(image, poses, STICK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * image.size / 3


def test_what_are_no_poses_of_the_skeleton_is_refused():
    image = np.zeros((4, 4, 3), np.uint8)
    for name, arguments in (
        ("poses", (np.zeros((1, 1, 2)), DOT)), ("skeleton", (Poses.empty(1), "COCO_17")),
        ("poses", (Poses.empty(2), DOT)), ("width", (Poses.empty(1), DOT, 0)),
        ("opacity", (Poses.empty(1), DOT, 1, "half")), ("opacity", (Poses.empty(1), DOT, 1, 1e308)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            draw_poses(image, *arguments)


@pytest.mark.parametrize("image", [
    np.full((4, 4, 3), 300), np.full((4, 4, 3), 0.5), np.zeros((4, 4), np.uint8),
    np.zeros((0, 4, 3), np.uint8), [[[0, 0, 0]]], None,
])
def test_pixels_that_are_not_uint8_are_refused(image):
    with pytest.raises(ValueError, match="image: expected"):
        draw_poses(image, Poses.empty(1), DOT)
