import numpy as np
import pytest
from numpy.testing import assert_array_equal

from npkpose import COCO_17
from npkpose.data import moving_crowd
from npkpose.data.crowds import SIZE


@pytest.fixture(scope="module")
def crowd():
    return moving_crowd(np.random.default_rng(3), 8, 240)


def frames_of(crowd):
    """Return the frames in which each person is visible."""
    return [[f for f, t in enumerate(crowd.truth) if p in t.ids] for p in range(8)]


def test_the_same_seed_gives_the_same_crowd(crowd):
    again = moving_crowd(np.random.default_rng(3), 8, 240)
    for name in ("truth", "detections"):
        for a, b in zip(getattr(crowd, name), getattr(again, name)):
            assert_array_equal(a.keypoints, b.keypoints)


def test_people_are_inside_the_image_are_hidden_and_return(crowd):
    for poses, areas in zip(crowd.truth, crowd.areas):
        seen = poses.keypoints[poses.present]
        assert ((seen >= 0) & (seen < SIZE[::-1])).all() and (poses.num_present >= 3).all()
        assert len(areas) == len(poses) and (areas > 1000).all()
    gaps = np.concatenate([np.diff(frames) - 1 for frames in frames_of(crowd)])
    assert (gaps >= 5).sum() >= 8 and max(gaps) < 120
    assert 0.7 < sum(map(len, crowd.truth)) / (8 * 240) < 0.95


def test_people_cross(crowd):
    middle = np.array([
        [np.nanmean(t.keypoints[t.ids == p][..., 0]) if p in t.ids else np.nan for p in range(8)]
        for t in crowd.truth
    ])  # fmt: skip
    order = middle[:, :, None] - middle[:, None]
    crossed = (np.nanmin(order, axis=0) < -50) & (np.nanmax(order, axis=0) > 50)
    assert crossed.sum() / 2 > 10


def test_nobody_jumps(crowd):
    for before, after in zip(crowd.truth, crowd.truth[1:]):
        _, i, j = np.intersect1d(before.ids, after.ids, return_indices=True)
        steps = np.linalg.norm(before.keypoints[i] - after.keypoints[j], axis=2)
        assert np.nanmax(steps) < 60 and np.nanmedian(steps) < 12


def test_errors_misses_and_false_people_are_as_stated(crowd):
    """The nearest detection of each person: errors of visible keypoints in sigma sizes."""
    errors, missed, false = [], 0, 0
    for truth, areas, found in zip(crowd.truth, crowd.areas, crowd.detections):
        distances = np.linalg.norm(truth.keypoints[:, None] - found.keypoints, axis=3)
        distances /= np.sqrt(areas)[:, None, None] * COCO_17.sigmas
        with np.errstate(invalid="ignore"):
            median = np.nan_to_num(np.ma.median(np.ma.masked_invalid(distances), axis=2).filled(9))
        near = median.min(axis=1) < 2
        missed += (~near).sum()
        false += len(found) - near.sum()
        errors.append(distances[near, median.argmin(axis=1)[near]].ravel())
    errors = np.concatenate(errors)
    assert 0.27 < np.nanmedian(errors) < 0.36 and 1.0 < np.nanpercentile(errors, 90) < 2.6
    assert 0.02 < missed / sum(map(len, crowd.truth)) < 0.12 and 5 < false < 60


def test_an_empty_crowd_and_a_wrong_argument():
    nobody = moving_crowd(np.random.default_rng(0), 0, 2)
    assert [len(poses) for poses in nobody.detections] == [0, 0]
    with pytest.raises(ValueError, match="frames"):
        moving_crowd(np.random.default_rng(0), 1, 0)
