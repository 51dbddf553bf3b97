import numpy as np
import pytest

from npkpose.metrics import mpii_protocol


def as_published(poses, truth, boxes, missing, index):
    """The protocol as published: arrays by keypoint and person, masked means, a row of a table."""
    errors = np.linalg.norm(poses + 1.0 - truth, axis=2).T  # (16, P)
    heads = np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=1) * 0.6
    visible = 1 - missing.T
    scaled = errors / heads * visible
    counts = visible.sum(axis=1)
    table = [100 * ((scaled <= t) * visible).sum(axis=1) / counts for t in np.arange(0, 0.51, 0.01)]
    at_half = 100 * ((scaled <= 0.5) * visible).sum(axis=1) / counts
    weights = np.ma.array(counts, mask=False)
    weights.mask[6:8] = True
    weights = weights / weights.sum()
    both = [0.5 * (at_half[a] + at_half[b]) for a, b in
            ((13, 12), (14, 11), (15, 10), (3, 2), (4, 1), (5, 0))]  # fmt: skip
    return [at_half[9], *both, (at_half * weights).sum(), (table[index] * weights).sum()]


@pytest.fixture
def people(rng):
    truth = rng.uniform(0, 300, (40, 16, 2))
    corner = rng.uniform(0, 200, (40, 2))
    boxes = np.c_[corner, corner + rng.uniform(20, 60, (40, 2))]
    poses = truth - 1 + rng.normal(0, 9, truth.shape)
    return poses, truth, boxes, rng.random((40, 16)) < 0.2


def test_the_nine_numbers_are_the_published_definitions(people):
    poses, truth, boxes, missing = people
    scores = mpii_protocol(poses, truth, boxes, ~missing)
    np.testing.assert_allclose(scores, as_published(*people, index=11))
    honest = mpii_protocol(poses, truth, boxes, ~missing, low_threshold=0.1)
    np.testing.assert_allclose(honest, as_published(*people, index=10))
    assert scores.mean_at_01 > honest.mean_at_01 and scores[:8] == honest[:8]


def test_pelvis_and_thorax_are_not_in_the_mean_and_the_offset_is_one(people):
    _, truth, boxes, missing = people
    poses = truth - 1
    assert mpii_protocol(poses, truth, boxes, ~missing) == (100,) * 9
    assert mpii_protocol(truth, truth, boxes, ~missing, offset=0) == (100,) * 9
    poses[:, 6:8] += 1000
    assert mpii_protocol(poses, truth, boxes, ~missing) == (100,) * 9
    poses[:, 9] = np.nan
    scores = mpii_protocol(poses, truth, boxes, ~missing)
    assert scores.head == 0 and 90 < scores.mean < 96


def test_other_numbers_of_keypoints_are_refused():
    with pytest.raises(ValueError, match=r"keypoints: expected shape \(P, 16, 2\)"):
        mpii_protocol(np.zeros((1, 17, 2)), np.zeros((1, 17, 2)), [(0, 0, 1, 1)])


@pytest.mark.parametrize("argument", ["offset", "low_threshold"])
def test_numbers_that_are_none_are_refused_by_name(argument):
    poses = np.zeros((1, 16, 2))
    for value in ("a", np.nan, None):
        with pytest.raises(ValueError, match=f"^{argument}: expected a finite number"):
            mpii_protocol(poses, poses, [(0, 0, 1, 1)], **{argument: value})
