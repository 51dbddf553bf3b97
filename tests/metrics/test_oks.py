import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import COCO_17, oks
from npkpose.metrics import match
from npkpose.metrics.oks import People, _exponents, pair_oks
from npkpose.reference.metrics import oks as reference

NAN = (np.nan, np.nan)
coordinates = arrays(np.float64, (2, 3, 2), elements=st.integers(-40, 40).map(float))


def test_one_annotator_sigma_away_scores_exp_of_minus_an_eighth():
    distance = 0.05 * np.sqrt(400.0)  # sigma times the square root of the area
    similarity = oks([[(distance, 0)]], [[(0, 0)]], [400.0], [0.05])
    np.testing.assert_allclose(similarity, [[np.exp(-1 / 8)]])


@given(coordinates, coordinates)
def test_similarity_is_bounded_shift_invariant_and_1_for_the_truth(poses, truth):
    areas, sigmas = [100.0, 900.0], [0.05, 0.1, 0.2]
    similarity = oks(poses, truth, areas, sigmas)
    assert ((similarity >= 0) & (similarity <= 1)).all()
    np.testing.assert_allclose(similarity, oks(poses + 7, truth + 7, areas, sigmas))
    np.testing.assert_array_equal(np.diag(oks(truth, truth, areas, sigmas)), 1)
    np.testing.assert_array_equal(similarity[::-1], oks(poses[::-1], truth, areas, sigmas))


def test_pycocotools_gives_the_same(rng):
    mask = pytest.importorskip("pycocotools.cocoeval")
    from pycocotools.coco import COCO

    truth = rng.uniform(0, 100, (3, 17, 2))
    visibility = rng.integers(0, 3, (3, 17))
    areas = rng.uniform(500, 5000, 3)
    poses = truth[[2, 0, 1]] + rng.normal(0, 5, (3, 17, 2))
    flat = lambda p, v: np.concatenate([p, v[:, None]], 1).ravel().tolist()  # noqa: E731
    annotations = [
        {"id": i + 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": areas[i],
         "bbox": [0, 0, 100, 100], "keypoints": flat(truth[i], visibility[i]),
         "num_keypoints": int((visibility[i] > 0).sum())} for i in range(3)
    ]  # fmt: skip
    gt = COCO()
    gt.dataset = {"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": annotations}
    gt.createIndex()
    results = [
        {"image_id": 1, "category_id": 1, "score": 1 - i / 10,
         "keypoints": flat(poses[i], np.ones(17))} for i in range(3)
    ]  # fmt: skip
    dt = gt.loadRes(results)
    evaluation = mask.COCOeval(gt, dt, "keypoints")
    evaluation._prepare()
    expected = evaluation.computeOks(1, 1)
    got = oks(poses, truth, areas, COCO_17.sigmas, visibility)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_unlabelled_keypoints_are_left_out_and_without_any_labelled_the_oks_is_0():
    truth = np.array([[(0, 0), (50, 50)], [(0, 0), (0, 0)]], float)
    similarity = oks([[(0, 0), (0, 0)]], truth, [100, 100], [0.1, 0.1], [[2, 0], [0, 0]])
    assert similarity.tolist() == [[1, 0]]
    assert oks([[(0, 0), (9, 9)]], [[(0, 0), NAN]], [100], [0.1, 0.1]).tolist() == [[1]]


def test_without_labelled_keypoints_the_box_widened_by_its_own_size_is_used():
    boxes = [[10, 20, 4, 6]]  # widened: x from 6 to 18, y from 14 to 32
    poses = [[(6, 14), (18, 32)], [(5, 20), (10, 34)]]
    similarity = oks(poses, [[NAN, NAN]], [100.0], [0.1, 0.1], boxes=boxes)
    expected = (np.exp(-1 / 8) + np.exp(-4 / 8)) / 2  # 2 * area * (2 * sigma)^2 is 8
    np.testing.assert_allclose(similarity, [[1.0], [expected]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_pairs_match_the_reference_to_the_last_bit(seed, parts):
    rng = np.random.default_rng(seed)
    people = People(
        rng.integers(0, 40, (4, parts, 2)) / 2, rng.random((4, parts)) < rng.random(),
        rng.choice([0.0, 1024.0, rng.uniform(1, 999)], 4), rng.integers(0, 30, (4, 4)) / 1.0,
    )  # fmt: skip
    poses = rng.normal(10, 9, (3, parts, 2))
    poses[0] = people.keypoints[0]
    poses[rng.random((3, parts, 2)) < 0.05] = np.nan
    pairs = rng.integers(0, (3, 4), (12, 2))
    sigmas = rng.uniform(0.02, 0.12, parts)
    expected = reference.pair_oks(poses, people, sigmas, pairs)
    np.testing.assert_array_equal(pair_oks(poses, people, sigmas, pairs), expected)


@pytest.mark.parametrize("parts", [7, 8, 9, 15, 16, 127, 128, 129, 133, 136, 200, 257, 300, 1030])
def test_terms_are_added_in_the_order_of_numpy_s_sum(parts, rng):
    people = People(
        rng.normal(0, 9, (2, parts, 2)), rng.random((2, parts)) < [[2], [0.8]],
        np.array([900.0, 400.0]), np.zeros((2, 4)),
    )  # fmt: skip
    poses, sigmas = rng.normal(0, 9, (10, parts, 2)), rng.uniform(0.02, 0.12, parts)
    pairs = np.indices((10, 2)).reshape(2, -1).T
    expected = reference.pair_oks(poses, people, sigmas, pairs)
    np.testing.assert_array_equal(pair_oks(poses, people, sigmas, pairs), expected)


def test_only_sigmas_within_two_bits_of_tenths_are_read_as_tenths(rng):
    truth = rng.integers(0, 40, (50, 3, 2)) / 1.0
    people = People(truth, np.ones((50, 3), bool), np.full(50, 400.0), np.zeros((50, 4)))
    pose, pairs = rng.normal(20, 3, (1, 3, 2)), np.c_[np.zeros(50, int), np.arange(50)]
    for sigmas, read in (([0.107] * 3, 1.07 / 10), ([1 / 17] * 3, 1 / 17), ([1e-14] * 3, 1e-14)):
        exponents = ((pose - truth) ** 2).sum(axis=2) / (2 * read) ** 2 / (400 + np.spacing(1)) / 2
        expected = np.exp(-exponents).sum(axis=1) / 3
        np.testing.assert_array_equal(pair_oks(pose, people, sigmas, pairs), expected)


def test_one_specialisation_serves_every_input():
    oks(np.ones((1, 2, 2), np.float32), np.zeros((1, 2, 2), int), [1], [0.1, 0.1])
    oks(np.ones((1, 2, 2)), np.zeros((1, 2, 2)), [1.0], (0.1, 0.1), boxes=[[0, 0, 1, 1]])
    assert len(getattr(_exponents, "signatures", [None])) == 1


def test_missing_keypoints_are_refused_unless_they_may_add_0():
    poses = [[(0, 0), NAN]]
    with pytest.raises(ValueError, match=r"keypoints\[0, 1, 0\]: expected a finite value, got nan"):
        oks(poses, [[(0, 0), (9, 9)]], [100], [0.1, 0.1])
    assert oks(poses, [[(0, 0), (9, 9)]], [100], [0.1, 0.1], missing="zero").tolist() == [[0.5]]


def test_no_people_give_empty_tables():
    assert oks(np.empty((0, 3, 2)), np.zeros((2, 3, 2)), [1, 1], [1, 1, 1]).shape == (0, 2)
    assert oks(np.zeros((2, 3, 2)), np.empty((0, 3, 2)), [], [1, 1, 1]).shape == (2, 0)
    assert match(np.empty((2, 0)), [1, 2]).tolist() == [-1, -1]


def test_poses_choose_by_score_the_most_similar_free_person():
    similarity = [[0.9, 0.6], [0.95, 0.4], [0.3, 0.2]]
    assert match(similarity, [0.8, 0.9, 1.0]).tolist() == [1, 0, -1]
    assert match(similarity, [0.9, 0.9, 1.0]).tolist() == [0, -1, -1]
    assert match(similarity, [0.9, 0.9, 1.0], threshold=0.1).tolist() == [1, -1, 0]


@pytest.mark.parametrize("threshold", ["high", -np.inf, np.nan, None])
def test_a_threshold_of_a_match_is_a_finite_number(threshold):
    with pytest.raises(ValueError, match="threshold: expected a finite number"):
        match([[0.9], [0.8]], [1, 0], threshold)


def test_nobody_is_taken_twice_however_low_the_threshold():
    assert match([[0.9], [0.8]], [1, 0], threshold=-1e300).tolist() == [0, -1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"keypoints": np.zeros((1, 2))}, "keypoints: expected shape"),
        ({"true_keypoints": np.zeros((1, 3, 2))}, "true_keypoints: expected shape"),
        ({"true_keypoints": [[(0, np.inf), (0, 0)]]}, "true_keypoints.*: expected a finite value"),
        ({"areas": [0.0]}, "areas, sigmas: expected positive"),
        ({"areas": [1.0, 2.0]}, r"areas: expected shape \(1\)"),
        ({"sigmas": [0.1, -0.1]}, "areas, sigmas: expected positive"),
        ({"visibility": [[1]]}, r"visibility: expected shape \(1, 2\)"),
        ({"missing": None}, "missing: expected one of raise, zero"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"keypoints": np.zeros((1, 2, 2)), "true_keypoints": np.zeros((1, 2, 2)),
            "areas": [1.0], "sigmas": [0.1, 0.1]}  # fmt: skip
    with pytest.raises(ValueError, match=message):
        oks(**{**good, **arguments})


@pytest.mark.parametrize("pair", [(0, 2), (1, 0), (-1, 0)])
def test_pairs_of_people_who_do_not_exist_are_refused(pair):
    people = People(np.zeros((2, 3, 2)), np.ones((2, 3), bool), np.ones(2), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"pairs: expected indices below \(1, 2\)"):
        pair_oks(np.zeros((1, 3, 2)), people, [0.1] * 3, np.array([pair]))
    with pytest.raises(ValueError, match="people: expected 4 keypoints each"):
        pair_oks(np.zeros((1, 3, 2)), people, [0.1] * 4, np.array([(0, 0)]))
