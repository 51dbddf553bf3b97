import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from npkpose import COCO_17, Poses
from npkpose.tracking import fill_and_smooth, smooth_sequence, track_sequence

BODY = np.random.default_rng(0).uniform(0, 100, (17, 2))


def walkers(*gaps, frames=20):
    """Return Poses of people 300 px apart; person p is missing in the frames of gaps[p]."""
    found = []
    for f in range(frames):
        here = [p for p in range(len(gaps)) if f not in gaps[p]]
        keypoints = [BODY + (300 * p + 2 * f, 0) for p in here]
        scores = np.full((len(here), 17), 0.5 + f / 100)
        found.append(Poses(np.reshape(keypoints, (-1, 17, 2)), scores, ids=np.array(here, int) + 5))
    return found


def test_a_person_has_its_identity_from_the_first_sight_on():
    ids = track_sequence(walkers((), range(6), {3, 4}), COCO_17)
    assert [each.tolist() for each in ids] == (
        [[1, 2]] * 3 + [[1]] * 2 + [[1, 2]] + [[1, 3, 2]] * 14
    )


def test_what_is_seen_once_has_none():
    frames = walkers((), set(range(20)) - {9})
    assert [each.tolist() for each in track_sequence(frames, COCO_17)][8:11] == [[1], [1, -1], [1]]


def test_gaps_are_filled_in_with_marks_and_scores_between_those_beside():
    frames, filled = fill_and_smooth(walkers((), {4, 5}, range(4, 16)), max_gap=0.2)
    assert frames[4].ids.tolist() == [5, 6] and frames[16].ids.tolist() == [5, 6, 7]
    assert_allclose(frames[4].keypoints[1], BODY + (308, 0))
    assert_allclose(frames[4].scores[1], 0.54)
    assert frames[4].person_scores[1] == pytest.approx(0.54)
    assert filled[4].all(axis=1).tolist() == [False, True]
    assert sum(mask.sum() for mask in filled) == 2 * 17


def test_each_identity_is_smoothed_alone_and_nothing_else_changes():
    frames = walkers((), {4, 5})
    rng = np.random.default_rng(1)
    noisy = [p.with_keypoints(p.keypoints + rng.normal(0, 2, p.keypoints.shape)) for p in frames]
    smooth, filled = fill_and_smooth(noisy, cutoff=2.0)
    assert_array_equal([p.ids.tolist() for p in smooth[:4]], [[5, 6]] * 4)
    alone = smooth_sequence(np.stack([p.keypoints[0] for p in noisy]), cutoff=2.0)
    assert_allclose([p.keypoints[0] for p in smooth], alone, atol=1e-9)
    assert not any(mask.any() for mask in filled)
    assert [len(p) for p in smooth] == [len(p) for p in frames]


def test_no_frames_and_wrong_arguments():
    assert track_sequence([], COCO_17) == [] and fill_and_smooth([]) == ([], [])
    empty, _ = fill_and_smooth([Poses.empty(17)] * 2, max_gap=1, cutoff=1)
    assert [poses.keypoints.shape for poses in empty] == [(0, 17, 2)] * 2
    with pytest.raises(ValueError, match="frames: expected a list of Poses"):
        track_sequence([1], COCO_17)
    with pytest.raises(ValueError, match=r"frames\[0\].ids"):
        fill_and_smooth([Poses(np.zeros((2, 17, 2)), ids=[1, 1])])
