import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import Grid, Poses
from npkpose.codec.tags.loss import tag_loss, tag_targets


def plain_loss(tags, pixels):
    """Pull and push by the sums of the module's docstring, one term at a time."""
    tags = tags.reshape(*tags.shape[:3], -1)
    width = tags.shape[2]
    people = [
        [tags[k, p // width, p % width] for k, p in enumerate(row) if p >= 0]
        for row in pixels
        if (row >= 0).any()
    ]
    means = [sum(person) / len(person) for person in people]
    pull = [np.mean([((t - h) ** 2).sum() for t in person]) for person, h in zip(people, means)]
    push = [
        np.exp(-((h - g) ** 2).sum())
        for n, h in enumerate(means)
        for m, g in enumerate(means)
        if n != m
    ]
    return np.mean(pull) if pull else 0.0, 0.5 * np.mean(push) if push else 0.0


def test_two_people_of_two_keypoints_give_the_hand_worked_losses():
    tags = np.zeros((2, 1, 4))
    tags[0, 0, 0], tags[1, 0, 1] = 1.0, 3.0  # person 0: mean 2, mean square deviation 1
    tags[0, 0, 2], tags[1, 0, 3] = 5.0, 5.0  # person 1: mean 5
    pull, push, dtags = tag_loss(tags, [[0, 1], [2, 3]])
    assert pull == pytest.approx(0.5) and push == pytest.approx(0.5 * np.exp(-9))
    assert dtags[0, 0, 0] == pytest.approx(-0.5 + np.exp(-9) * 1.5)


people = arrays(
    np.int64, st.tuples(st.integers(0, 4), st.just(3)), elements=st.integers(-1, 5)
)  # pixels (P, K)


@given(people, st.sampled_from([(), (1,), (2,)]))
def test_losses_are_the_plain_sums_and_gradients_their_central_differences(pixels, dims):
    rng = np.random.default_rng(pixels.size + len(dims))
    tags = rng.normal(0, 1, (3, 2, 3, *dims))
    pull, push, dtags = tag_loss(tags, pixels, 0.5, 2.0)
    expected = np.array(plain_loss(tags, pixels)) * (0.5, 2.0)
    np.testing.assert_allclose((pull, push), expected, rtol=1e-12, atol=1e-15)
    assert dtags.shape == tags.shape
    step = rng.normal(size=tags.shape)
    above, below = (tag_loss(tags + eps * step, pixels, 0.5, 2.0)[:2] for eps in (1e-5, -1e-5))
    slope = (sum(above) - sum(below)) / 2e-5
    np.testing.assert_allclose((dtags * step).sum(), slope, rtol=1e-6, atol=1e-9)


def test_losses_are_defined_for_no_people_one_person_and_people_without_keypoints():
    tags = np.arange(12.0).reshape(2, 2, 3)
    for pixels in (np.empty((0, 2)), [[-1, -1]]):
        pull, push, dtags = tag_loss(tags, pixels)
        assert pull == push == 0 and (dtags == 0).all()
    assert tag_loss(tags, [[0, 0]])[:2] == (9.0, 0.0)
    assert tag_loss(tags, [[-1, -1], [0, 0]])[:2] == (9.0, 0.0)


def test_equal_tags_within_and_far_tags_between_people_cost_nothing():
    tags = np.zeros((2, 1, 2))
    tags[:, 0, 1] = 30.0
    pull, push, _ = tag_loss(tags, [[0, 0], [1, 1]])
    assert pull == 0 and push < 1e-300


def test_targets_are_nearest_pixels_and_minus_one_where_missing():
    people = np.array([[(2.4, 1.5), (np.nan, np.nan)], [(-0.6, 0), (3.4, 2.4)], [(0, 0), (4, 0)]])
    pixels = tag_targets(people, (3, 4))
    assert pixels.tolist() == [[2 * 4 + 2, -1], [-1, 11], [0, -1]]
    hidden = tag_targets(people, (3, 4), visibility=[[0, 1], [1, 1], [2, 1]])
    assert hidden.tolist() == [[-1, -1], [-1, 11], [0, -1]]
    grid = Grid(4, "centre")
    on_image = Poses(grid.to_image(people))
    np.testing.assert_array_equal(tag_targets(on_image, (3, 4), grid=grid), pixels)
    assert tag_targets(Poses.empty(5), 8).shape == (0, 5)


def test_descent_on_the_losses_makes_tags_that_separate_people(rng):
    pixels = rng.permutation(30)[:12].reshape(3, 4)
    tags = rng.normal(0, 0.1, (4, 5, 6))
    for _ in range(300):
        tags -= 0.5 * tag_loss(tags, pixels)[2]
    read = tags.reshape(4, 30)[np.arange(4), pixels]
    assert np.ptp(read, axis=1).max() < 0.1
    assert np.diff(np.sort(read.mean(axis=1))).min() > 0.8


@pytest.mark.parametrize(
    "function, arguments, message",
    [
        (tag_targets, ([1, 2], 8), r"poses: expected shape \(P, K, 2\)"),
        (tag_targets, ([[(np.inf, 0)]], 8), "poses.*: expected a finite value, got inf"),
        (tag_targets, ([[(0, 0)]], 0), "size: expected at least 1"),
        (tag_targets, ([[(0, 0)]], 8, [1]), r"visibility: expected shape \(1, 1\)"),
        (tag_loss, (np.zeros((2, 3)), [[0, 0]]), r"tags: expected shape \(K, H, W\)"),
        (tag_loss, (np.full((1, 2, 2), np.nan), [[0]]), r"tags\[0, 0, 0\]: expected a finite"),
        (tag_loss, (np.zeros((1, 2, 2)), [[0, 0]]), r"pixels: expected shape \(P, 1\)"),
        (tag_loss, (np.zeros((1, 2, 2)), [[0], [4]]), r"pixels\[1, 0\]: expected -1 or an index"),
        (tag_loss, (np.zeros((1, 2, 2)), [[0.5]]), r"pixels\[0, 0\]: expected -1 or an index"),
        (tag_loss, (np.zeros((1, 2, 2)), [[0]], None), "pull_weight: expected a finite number"),
    ],
)
def test_bad_input_is_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
