import dataclasses

import numpy as np
import pytest

from npkpose import COCO_17, Poses, oks, oks_nms
from npkpose.skeletons import H36M_17, WFLW_98, estimate_sigmas


def labels(rng, sigmas, areas, annotators=3, missing=0.0):
    """Return simulated labels (R, N, K, 2): each axis has half of the variance sigma^2 A."""
    shape = annotators, len(areas), len(sigmas), 2
    spread = np.sqrt(areas[:, None, None] / 2) * np.array(sigmas)[:, None]
    found = rng.uniform(0, 500, shape[1:]) + spread * rng.normal(size=shape)
    found[rng.random(shape[:3]) < missing] = np.nan
    return found


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_constants_of_simulated_annotators_are_found(missing, rng):
    areas = rng.uniform(500, 50_000, 4000)
    found = estimate_sigmas(labels(rng, COCO_17.sigmas, areas, 3, missing), areas)
    freedom = 4000 * (2 if missing == 0 else 0.6**3 * 2 + 3 * 0.6**2 * 0.4)
    tolerance = 4 / (2 * np.sqrt(freedom))  # 4 standard errors of two axes together
    np.testing.assert_allclose(found, COCO_17.sigmas, rtol=tolerance)


def test_the_estimate_of_the_variance_is_unbiased_for_two_annotators(rng):
    areas = np.full(3, 400.0)
    variances = [estimate_sigmas(labels(rng, [0.1], areas, 2, 0.3), areas) ** 2
                 for _ in range(4000)]  # fmt: skip
    variances = np.concatenate(variances)
    variances = variances[~np.isnan(variances)]
    error = 4 * variances.std() / np.sqrt(len(variances))
    assert abs(variances.mean() - 0.1**2) < error < 0.0006


def test_worked_by_hand():
    # One object of area 100: labels 3 and 4 pixels apart on the axes, so d = 2.5 from their mean.
    pair = np.array([[[[0.0, 0.0]]], [[[3.0, 4.0]]]])
    np.testing.assert_allclose(estimate_sigmas(pair, [100]), [np.sqrt(2 * 2.5**2 / 100)])
    # A third label is missing, another object has one label only: neither changes it.
    more = np.full((3, 2, 2, 2), np.nan)
    more[:2, :1, :1] = pair
    more[0, 1, 0] = 7, 7
    found = estimate_sigmas(more, [100, 9])
    np.testing.assert_allclose(found, [np.sqrt(0.125), np.nan])
    assert estimate_sigmas(np.empty((0, 0, 3, 2)), []).shape == (3,)


def test_the_size_of_the_image_does_not_matter(rng):
    areas = rng.uniform(100, 1000, 20)
    there = labels(rng, [0.05, 0.1], areas)
    np.testing.assert_allclose(estimate_sigmas(3 * there + 50, 9 * areas),
                               estimate_sigmas(there, areas))  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.zeros((2, 3, 2)), [1]), r"repeated_labels: expected shape \(R, N, K, 2\)"),
    ((np.zeros((2, 1, 1, 2)), [1, 1]), r"areas: expected shape \(1\)"),
    ((np.zeros((2, 1, 1, 2)), [0]), "areas: expected positive numbers, got 0"),
    (([[[[np.nan, 1]]]], [1]), "repeated_labels: .* both NaN"),
])  # fmt: skip
def test_wrong_labels_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        estimate_sigmas(*arguments)


def test_an_estimate_makes_a_skeleton_that_oks_accepts(rng):
    areas = rng.uniform(500, 5000, 200)
    mine = estimate_sigmas(labels(rng, np.full(98, 0.02), areas), areas)
    face = dataclasses.replace(WFLW_98, sigmas=mine)
    there = rng.uniform(0, 90, (1, 98, 2))
    assert oks(there, there, [2000], face.sigmas) == 1
    assert len(oks_nms(Poses(np.concatenate([there, there])), face)) == 1


def test_a_skeleton_without_sigmas_is_named_with_the_way_to_get_them():
    message = r"skeleton.sigmas: expected OKS constants of WFLW_98, got NaN for 98 of 98 .*replace"
    with pytest.raises(ValueError, match=message):
        oks_nms(Poses(np.zeros((1, 98, 2))), WFLW_98)
    with pytest.raises(ValueError, match="of H36M_17, got NaN for 4 of 17"):
        oks_nms(Poses(np.zeros((1, 17, 2))), H36M_17)
