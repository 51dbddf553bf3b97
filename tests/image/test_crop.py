import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose.grid import CONVENTIONS
from npkpose.image.crop import crop_matrices, crop_sizes, to_image, touch_image

numbers = st.floats(-50, 300)
sides = st.floats(1, 200)


def test_a_box_is_widened_to_the_inputs_aspect_ratio_and_enlarged():
    boxes = np.array([(10.0, 20.0, 40.0, 100.0), (0.0, 0.0, 90.0, 60.0)])
    np.testing.assert_allclose(crop_sizes(boxes, (256, 192)), [(75, 100), (112.5, 150)])


def test_published_rules_for_one_box():
    box = [(10.0, 20.0, 70.0, 100.0)]  # centre (40, 60), 60 x 80: S = (75, 100)
    index, corner, centre = (
        crop_matrices(box, (256, 192), name)[0] for name in ("index", "corner", "centre")
    )
    np.testing.assert_allclose(index, [[75 / 192, 0, 2.5], [0, 100 / 256, 10]])
    np.testing.assert_allclose(corner, [[75 / 191, 0, 2.5], [0, 100 / 255, 10]])
    np.testing.assert_allclose(centre[:, 2], [2.5 + 37.5 / 192 - 0.5, 10 + 50 / 256 - 0.5])


@given(numbers, numbers, sides, sides, st.sampled_from(CONVENTIONS))
def test_the_crops_centre_is_the_boxs_centre(x, y, width, height, convention):
    (matrix,) = crop_matrices([(x, y, x + width, y + height)], (128, 96), convention)
    of_crop = {"index": (48, 64), "centre": (47.5, 63.5), "corner": (47.5, 63.5)}[convention]
    centre = np.array([x + width / 2, y + height / 2]) - (0.5 if convention == "centre" else 0)
    np.testing.assert_allclose(matrix @ (*of_crop, 1), centre, rtol=0, atol=1e-9)


@given(numbers, numbers, sides, sides, st.sampled_from(CONVENTIONS))
def test_every_corner_of_the_box_is_inside_the_crop(x, y, width, height, convention):
    box = (x, y, x + width, y + height)
    (matrix,) = crop_matrices([box], (128, 96), convention)
    edges = np.reshape(box, (2, 2)).T - (0.5 if convention == "centre" else 0)
    corners = np.linalg.solve(matrix[:, :2], edges - matrix[:, 2:])
    assert corners.min() > 0 and (corners < [[96], [128]]).all()


def test_points_go_back_through_the_matrix_of_their_own_person(rng):
    matrices, points = rng.normal(size=(3, 2, 3)), rng.normal(size=(3, 4, 2))
    in_image = to_image(points, matrices)
    for p in range(3):
        for k in range(4):
            np.testing.assert_allclose(in_image[p, k], matrices[p] @ (*points[p, k], 1))


def test_boxes_touch_an_image_if_they_share_an_area():
    inside = [(0, 0, 1, 1), (-5, -5, 0.5, 0.5), (9, 4, 90, 90), (-9, -9, 99, 99)]
    outside = [(10, 0, 11, 1), (0, 5, 1, 6), (-3, 0, 0, 1), (0, -3, 1, 0), (1000, 1000, 1050, 1050)]
    assert touch_image(inside + outside, (5, 10)).tolist() == [True] * 4 + [False] * 5
    assert touch_image([], (5, 10)).shape == (0,)


def test_no_boxes_give_no_matrices():
    assert crop_matrices([], 8, "index").shape == (0, 2, 3)


@pytest.mark.parametrize(("arguments", "message"), [
    (([[1], [1, 2]], 8, "index"), "boxes: expected an array of real numbers"),
    (([(0, 0, 1)], 8, "index"), r"boxes: expected shape \(P, 4\)"),
    (([(0, 0, 1, 0)], 8, "index"), r"boxes\[0\]: expected x0 < x1 and y0 < y1"),
    (([(0, 0, 1, 1e300)], 8, "index"), r"boxes\[0, 3\]: expected at most 1e\+09"),
    (([(0, 0, 1, 1)], 0, "index"), "input_size: expected at least 1"),
    (([(0, 0, 1, 1)], 8, "middle"), "convention: expected one of index"),
    (([(0, 0, 1, 1)], 8, "index", 0), "padding: expected more than 0"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        crop_matrices(*arguments)
