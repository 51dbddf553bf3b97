import numpy as np
import pytest

from npkpose import io
from npkpose.doctor import file_checks
from npkpose.doctor.sheet import sheet_of_labels
from npkpose.skeletons import find

FACE = find("AFLW_19")  # six pairs of left and right


def faces(count, exchanged=()):
    """Return a sheet of faces from the front, some of them with left and right exchanged."""
    rng, keypoints = np.random.default_rng(0), np.empty((count, FACE.num_keypoints, 2))
    keypoints[:] = rng.uniform(40, 60, keypoints.shape)
    for n, (left, right) in enumerate(FACE.pairs):
        keypoints[:, left, 0], keypoints[:, right, 0] = 70 + n, 30 - n
    for n in exchanged:
        keypoints[n] = keypoints[n, FACE.flip_order]
    images = [io.ImageEntry(0, "a.png", 100, 100)]
    return sheet_of_labels(io.Labels(FACE, images, [0] * count, keypoints))


def test_a_face_with_all_pairs_exchanged_is_found_among_faces_from_the_front():
    found = file_checks.left_right(faces(80, exchanged=[7, 11]))
    assert np.flatnonzero(found).tolist() == [7, 11]
    assert not file_checks.left_right(faces(80)).any()


@pytest.mark.parametrize("count, exchanged", [(10, [3]), (80, range(40))])
def test_few_faces_or_a_file_of_both_orders_decide_nothing(count, exchanged):
    assert not file_checks.left_right(faces(count, exchanged)).any()


def test_pairs_that_are_near_in_x_have_no_order():
    sheet = faces(3)
    sheet.keypoints[0, FACE.pairs[0][0], 0] = sheet.keypoints[0, FACE.pairs[0][1], 0] + 1
    order = file_checks.pair_orders(sheet)
    assert order[0, 0] == 0 and (order[1:] == 1).all() and (order[0, 1:] == 1).all()


def test_flags_of_0_and_1_and_tiny_images_are_not_normalised():
    sheet = faces(3)
    points = sheet.keypoints.copy()
    sheet.keypoints[:] = points / 100
    assert file_checks.normalised(sheet).all()
    sheet.sizes[:] = 4
    assert not file_checks.normalised(sheet).any()
    sheet.sizes[:] = 100
    sheet.keypoints[:] = np.rint(points / 100)
    assert not file_checks.normalised(sheet).any()
    sheet.keypoints[:] = points / 100
    sheet.keypoints[0, 0, 0] = 1.5
    assert not file_checks.normalised(sheet).any()


def test_an_empty_sheet_shows_nothing():
    empty = sheet_of_labels(io.Labels(FACE, [], [], np.empty((0, FACE.num_keypoints, 2))))
    for _, _, _, check in (*file_checks.ANNOTATION_CHECKS, *file_checks.RESULT_CHECKS):
        assert check(empty).shape == (0,)
