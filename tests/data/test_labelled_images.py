import numpy as np
import pytest

from npkpose.data.labelled_images import LabelledImages, boxes_and_areas
from npkpose.image.files import write_image
from npkpose.io import ImageEntry, Labels
from npkpose.skeleton import Skeleton

pytest.importorskip("PIL", reason="images need Pillow")
PLAN = Skeleton("TWO", ("nose", "tail"), limbs=((0, 1),))
NAMES = "a.png", "b.png", "c.png", "d.png"
POINTS = np.array([[3.0, 4.0], [11.0, 8.0]])


def labels(count=4, **columns):
    """Return ``count`` instances, the same in each image."""
    images = [ImageEntry(i, name, 24, 16) for i, name in enumerate(NAMES)]
    keypoints = np.array([POINTS + n for n in range(count)]).reshape(-1, 2, 2)
    index = np.arange(count) % 4
    return Labels(PLAN, images, **{"image_index": index, "keypoints": keypoints} | columns)


@pytest.fixture
def folder(tmp_path):
    """A folder with the first three images, each of one grey value."""
    for i, name in enumerate(NAMES[:3]):
        write_image(tmp_path / name, np.full((16, 24, 3), 10 * i, np.uint8))
    return tmp_path


def test_scenes_hold_the_labels_of_their_image(folder):
    data = LabelledImages(labels(7), folder)
    assert len(data) == 3 and data.num_instances == 6 and data.skeleton is PLAN
    scene = data[1]
    assert (scene.image == 10).all() and data.image_name(1) == "b.png"
    np.testing.assert_array_equal(scene.keypoints, [POINTS + 1, POINTS + 5])
    assert (scene.visibility == 2).all() and not scene.crowd.any()
    with pytest.raises(IndexError, match="i: expected 0 to 2, got 3"):
        data[3]


def test_missing_images_are_named_and_left_out(folder):
    data = LabelledImages(labels(), folder)
    assert data.missing == ["d.png"] and len(data) == 3
    assert LabelledImages(labels(3), folder).missing == []  # without instances none is missed


def test_missing_keypoints_have_no_label(folder):
    keypoints = np.array([POINTS, POINTS])
    keypoints[0, 1] = np.nan
    visibility = [[1, 0], [2, 2]]
    data = LabelledImages(labels(2, keypoints=keypoints, visibility=visibility), folder)
    scene = data[0]
    assert scene.visibility.tolist() == [[1, 0]] and np.isnan(scene.keypoints[0, 1]).all()
    assert scene.labelled.all()


def test_boxes_and_areas_of_the_file_are_taken_and_others_made_of_keypoints():
    boxes = [[1, 2, 10, 20], [np.nan] * 4, [5, 5, 0, 3]]
    made, areas = boxes_and_areas(labels(3, boxes=boxes, areas=[7, np.nan, np.nan]))
    np.testing.assert_array_equal(made[0], [1, 2, 11, 22])
    # x from 4 to 12 and y from 5 to 9, pixels as areas; the margin is an eighth of 9
    np.testing.assert_allclose(made[1], [4 - 1.125, 5 - 1.125, 13 + 1.125, 10 + 1.125])
    np.testing.assert_allclose(made[2], made[1] + 1)
    np.testing.assert_allclose(areas, [7, 11.25 * 7.25, 11.25 * 7.25])


def test_ignored_and_unlabelled_instances_are_left_out(folder):
    keypoints = np.array([POINTS, POINTS, np.full((2, 2), np.nan)])
    data = LabelledImages(labels(3, keypoints=keypoints, ignored=[0, 1, 0]), folder)
    assert data.num_instances == len(data) == 1


def test_no_usable_instance_is_an_error_that_counts_the_reasons(folder, tmp_path_factory):
    nothing = np.full((3, 2, 2), np.nan)
    for given, message in (
        (labels(0), "f.json: expected instances to train on, got none"),
        (labels(3, ignored=[1, 1, 1]), "got 3, of which 3 are ignored"),
        (labels(3, keypoints=nothing), "got 3, of which 3 have no labelled keypoint"),
    ):
        with pytest.raises(ValueError, match=message):
            LabelledImages(given, folder, "f.json")
    empty = tmp_path_factory.mktemp("empty")
    message = r"4 have images that are not in .*empty0 \(a.png, b.png, c.png, d.png\)"
    with pytest.raises(ValueError, match=message):
        LabelledImages(labels(), empty)
    with pytest.raises(FileNotFoundError, match="images: expected a folder, got"):
        LabelledImages(labels(), empty / "none")


def test_an_image_of_another_size_is_refused(folder):
    write_image(folder / "b.png", np.zeros((8, 24, 3), np.uint8))
    data = LabelledImages(labels(), folder)
    data[0]
    with pytest.raises(ValueError, match="b.png: expected 24 x 16 pixels, .* got 24 x 8"):
        data[1]


def test_a_split_divides_the_images_and_is_the_same_for_the_same_seed(folder):
    data = LabelledImages(labels(6), folder)
    train, val = data.split(0.3, np.random.default_rng(1))
    names = [[part.image_name(i) for i in range(len(part))] for part in (train, val)]
    assert len(names[0]) == 2 and sorted(names[0] + names[1]) == list(NAMES[:3])
    again = data.split(0.3, np.random.default_rng(1))
    assert [part.fingerprint for part in again] == [train.fingerprint, val.fingerprint]
    assert len({train.fingerprint, val.fingerprint, data.fingerprint}) == 3
    assert train.num_instances + val.num_instances == data.num_instances
    for fraction in (0, 1.5, 0.99):
        with pytest.raises(ValueError, match="fraction: expected"):
            data.split(fraction, np.random.default_rng(1))


def test_the_fingerprint_changes_with_a_keypoint(folder):
    other = np.array([POINTS + n for n in range(4)])
    other[0, 0, 0] += 1
    one, same = LabelledImages(labels(), folder), LabelledImages(labels(), folder)
    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != LabelledImages(labels(keypoints=other), folder).fingerprint
