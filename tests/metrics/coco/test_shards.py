"""Joined shards of images against the evaluation of the whole: every array, every bit."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose.io import ImageEntry, Labels
from npkpose.metrics import Detections, GroundTruth, analyse_errors, evaluate_coco
from npkpose.metrics.coco.shards import join_shards, split_images
from npkpose.skeleton import Skeleton
from npkpose.skeletons import CROWDPOSE_14

PAIR = Skeleton("PAIR", ("a", "b"), ((0, 1),), sigmas=0.1)


def random_tables(seed, num_images=7):
    """Return people and detections of two categories, with ties, crowds and empty images."""
    rng = np.random.default_rng(seed)
    people, found = rng.integers(0, 12), rng.integers(0, 40)
    images = rng.permutation(50)[:num_images]
    truth = GroundTruth(
        rng.integers(0, 40, (people, 2, 2)), rng.integers(0, 3, (people, 2)),
        rng.choice(images, people), rng.choice([900, 1024, 9216, 9999.0], people),
        rng.integers(0, 60, (people, 4)), rng.random(people) < 0.2, None,
        rng.choice([1, 4], people), None, images, (1, 4),
    )  # fmt: skip
    places = rng.integers(0, 40, (found, 2, 2)).astype(float)
    if people:
        near = rng.random(found) < 0.7
        of = rng.integers(0, people, found)
        places[near] = truth.keypoints[of[near]] + rng.normal(0, 1, (near.sum(), 2, 2))
    results = Detections(
        places, rng.integers(0, 4, found) / 4, rng.choice(images, found),
        rng.integers(0, 120, (found, 4)), rng.choice([1, 4], found),
    )  # fmt: skip
    return truth, results


def evaluate_shards(truth, found, num_shards, seed=0, **options):
    """Evaluate each shard, as another process would; join them in a random order."""
    pairs = split_images(truth, found, num_shards, PAIR)
    results = [evaluate_coco(*pair, PAIR, **options) for pair in pickle.loads(pickle.dumps(pairs))]
    order = np.random.default_rng(seed).permutation(num_shards)
    return join_shards([pickle.loads(pickle.dumps(results[i])) for i in order])


def assert_same(joined, whole):
    """Assert that two results have the same bits everywhere."""
    assert joined.stats == whole.stats
    names = "precision", "scores", "recall", "similarity", "outcomes", "ignored", "categories"
    for name in names:
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name), err_msg=name)
    for field, one, other in zip(whole.candidates._fields, joined.candidates, whole.candidates):
        np.testing.assert_array_equal(one, other, err_msg=field)
    for one, other in zip(joined.matched, whole.matched, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    for one, other in ((joined.truth, whole.truth), (joined.found, whole.found)):
        for column in one.columns:
            np.testing.assert_array_equal(
                getattr(one, column), getattr(other, column), err_msg=column
            )
        assert one.left_out == other.left_out


@pytest.mark.filterwarnings("ignore:results. nothing to evaluate")
def test_two_images_in_two_shards_share_one_curve():
    points = [[(0, 0), (10, 0)], [(0, 0), (10, 0)]]
    truth = GroundTruth(points, np.ones((2, 2)), [1, 2], [1024, 1024])
    # Image 1: a true positive of score 0.3. Image 2: a false one of score 0.9. Precision is 1/2 up
    # to recall 1/2; an average over images would be another number.
    found = Detections([points[0], [(900, 0), (900, 9)]], [0.3, 0.9], [1, 2], np.ones((2, 4)))
    joined = evaluate_shards(truth, found, 2)
    assert joined.stats.ap == pytest.approx(0.5 * 51 / 101, abs=1e-12)
    assert joined.matches().tolist() == [0, -1]


@pytest.mark.filterwarnings("ignore")
@given(st.integers(0, 2**20), st.integers(1, 9))
@settings(max_examples=60)
def test_shards_joined_in_any_order_equal_the_whole(seed, num_shards):
    truth, found = random_tables(seed)
    options = {"max_dets": (2, 20), "areas": {"all": (0, 1e10), "medium": (1024, 9216)}}
    joined = evaluate_shards(truth, found, num_shards, seed, **options)
    assert_same(joined, evaluate_coco(truth, found, PAIR, **options))


@pytest.mark.filterwarnings("ignore")
def test_the_methods_of_a_joined_result_return_what_those_of_the_whole_do():
    truth, found = random_tables(5, num_images=20)
    joined, whole = evaluate_shards(truth, found, 3), evaluate_coco(truth, found, PAIR)
    assert str(joined) == str(whole) and joined.per_image() == whole.per_image()
    assert joined.matches().tolist() == whole.matches().tolist()
    for one, other in zip(joined.keypoint_errors(), whole.keypoint_errors()):
        np.testing.assert_array_equal(one, other)
    errors = [analyse_errors(result) for result in (joined, whole)]
    assert str(errors[0]) == str(errors[1])


@pytest.mark.filterwarnings("ignore")
def test_parsed_json_and_ids_that_are_text_can_be_split_and_joined():
    truth = {
        "images": [{"id": name} for name in ("b", "a", "ccc")],
        "annotations": [{"id": 1, "image_id": "ccc", "category_id": 1, "num_keypoints": 2,
                         "keypoints": [0, 0, 2, 9, 9, 2], "area": 81, "bbox": [0, 0, 9, 9],
                         "iscrowd": 0}],
        "categories": [{"id": 1}],
    }  # fmt: skip
    results = [
        {"image_id": image, "category_id": category, "score": 0.5,
         "keypoints": [0.0, 0.0, 1.0, 9.0, 9.0, 1.0]}
        for image, category in (("ccc", 1), ("a", 1), ("a", 7))
    ]  # fmt: skip
    joined, whole = evaluate_shards(truth, results, 2), evaluate_coco(truth, results, PAIR)
    assert_same(joined, whole)
    assert joined.matches().tolist() == whole.matches().tolist() == [0, -1, -1]


@pytest.mark.filterwarnings("ignore")
def test_shards_that_do_not_fit_together_are_refused():
    truth, found = random_tables(1)
    pairs = split_images(truth, found, 2, PAIR)
    one, other = (evaluate_coco(*pair, PAIR) for pair in pairs)
    with pytest.raises(ValueError, match="results: expected at least one"):
        join_shards([])
    with pytest.raises(ValueError, match="results: expected a list of CocoResult, got 3"):
        join_shards(3)
    with pytest.raises(ValueError, match=r"results\[1\]: expected a CocoResult, got None"):
        join_shards([one, None])
    with pytest.raises(ValueError, match="results: expected every image once, got .* again"):
        join_shards([one, other, one])
    elsewhere = evaluate_coco(*pairs[1], PAIR, max_dets=5)
    with pytest.raises(ValueError, match=r"results\[1\]: expected the settings"):
        join_shards([one, elsewhere])
    for number, expected in ((0, "at least 1"), (2**64, "at most 100000")):
        with pytest.raises(ValueError, match=f"num_shards: expected {expected}, got {number}"):
            split_images(truth, found, number, PAIR)
    astray = copy.copy(found)
    astray.image_id = np.full(len(found), 77)
    with pytest.raises(ValueError, match=r"results\[0\].image_id: .* got 77"):
        evaluate_shards(truth, astray, 2)
    truth.id = np.ones(len(truth), dtype=int)
    strict = [
        evaluate_coco(*pair, PAIR, strict=True) for pair in split_images(truth, found, 2, PAIR)
    ]
    with pytest.raises(ValueError, match="each id once if strict"):
        join_shards(strict)


def test_crowd_indices_of_images_are_joined():
    labels = [
        Labels(
            CROWDPOSE_14, [ImageEntry(i) for i in ids], [0, 1], np.zeros((2, 14, 2)),
            boxes=[[0, 0, 9, 9]] * 2, image_fields={"crowdIndex": np.array(index)},
        )
        for ids, index in (((5, 2), (0.1, 0.9)), ((3, 1), (0.5, 0.3)))
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no areas
        shards = [evaluate_coco(each, each, protocol="crowdpose") for each in labels]
        joined = join_shards(shards)
    assert joined.truth.images.tolist() == [1, 2, 3, 5]
    assert joined.truth.crowd_index.tolist() == [0.3, 0.9, 0.5, 0.1]
    assert joined.stats[6:] == (1, 1, 1)
