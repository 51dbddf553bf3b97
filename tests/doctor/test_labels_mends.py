import numpy as np

from npkpose import io
from npkpose.doctor.labels_mends import mend_labels
from npkpose.skeletons import COCO_17

IMAGES = [io.ImageEntry(0, "a.png", 200, 100), io.ImageEntry(1, "b.png", 200, 100)]


def labels(**columns):
    keypoints = np.random.default_rng(0).uniform(20, 60, (4, 17, 2))
    boxes = np.array([[18.0, 18, 44, 44]] * 4)
    given = {"image_index": [0, 0, 1, 1], "keypoints": keypoints, "boxes": boxes} | columns
    return io.Labels(COCO_17, IMAGES, **given)


def test_well_formed_labels_stay():
    mended, done = mend_labels(labels())
    assert mended == labels() and done == []


def test_each_mend_gives_back_what_was_there():
    good, size = labels(), np.array([200.0, 100.0])
    small = labels(keypoints=good.keypoints / size, boxes=good.boxes / np.tile(size, 2))
    turned = good.boxes.copy()
    turned[2] = [62, 62, -44, -44]
    for damaged, what in ((small, "coordinates mul"), (labels(boxes=turned), "boxes of neg")):
        mended, done = mend_labels(damaged)
        assert [text.startswith(what) for _, text, _ in done] == [True]
        np.testing.assert_allclose(mended.keypoints, good.keypoints, rtol=1e-12)
        np.testing.assert_allclose(mended.boxes, good.boxes, rtol=1e-12)


def test_x_and_y_exchanged_are_exchanged_again():
    far = labels().keypoints + [100, 0]
    good = labels(keypoints=far, boxes=[[118.0, 18, 44, 44]] * 4)
    mended, done = mend_labels(labels(keypoints=far[..., ::-1], boxes=good.boxes))
    assert mended == good and [text for _, text, _ in done] == ["x and y exchanged"]


def test_keypoints_at_the_origin_become_missing_and_copies_are_removed():
    keypoints = labels().keypoints
    keypoints[0, :2] = 0
    keypoints[3] = keypoints[2]
    mended, done = mend_labels(labels(keypoints=keypoints))
    assert len(mended) == 3 and mended.visibility[0].tolist() == [0, 0, *[2] * 15]
    places = [places for _, _, places in done]
    assert places == [["instances[0] in a.png"], ["instances[3] in b.png"]]
