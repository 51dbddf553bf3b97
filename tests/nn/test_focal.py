import math

import numpy as np
import pytest

from npkpose import nn


def test_a_centre_and_its_neighbour_cost_what_the_formula_says():
    x, near = math.log(3), 0.5  # p = 3/4
    loss, _ = nn.focal_loss([x, x], [1.0, near])
    assert loss == pytest.approx(-(0.25**2) * math.log(0.75) - 0.5**4 * 0.75**2 * math.log(0.25))
    assert nn.focal_loss([x, x, x], [1.0, 1.0, near])[0] < loss  # divided by two centres


def test_gradients_are_those_of_central_differences(rng):
    scores = 3 * rng.normal(size=(2, 1, 4, 5))
    target, weight = rng.random(scores.shape), rng.random(scores.shape)
    target[:, :, 1, 2] = 1
    step = 1e-6 * rng.normal(size=scores.shape)
    for settings in ({}, {"alpha": 1.5, "beta": 3.0}):
        _, gradient = nn.focal_loss(scores, target, weight, **settings)
        above = nn.focal_loss(scores + step, target, weight, **settings)[0]
        slope = above - nn.focal_loss(scores - step, target, weight, **settings)[0]
        assert 2 * (gradient * step).sum() == pytest.approx(slope, rel=1e-6)


def test_loss_and_gradient_agree_with_published_code_in_torch(rng):
    torch = pytest.importorskip("torch")
    scores, target = rng.normal(size=(3, 1, 6, 6)), rng.random((3, 1, 6, 6))
    target[:, :, 2, 3] = 1
    leaf, y = torch.tensor(scores, requires_grad=True), torch.tensor(target)
    p, centre = torch.sigmoid(leaf), y.eq(1)
    positive = torch.log(p) * (1 - p) ** 2 * centre
    negative = torch.log(1 - p) * p**2 * (1 - y) ** 4 * ~centre
    expected = -(positive.sum() + negative.sum()) / centre.sum()
    expected.backward()
    loss, gradient = nn.focal_loss(scores, target)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-9)


def test_sure_answers_stay_finite_and_ignored_pixels_cost_nothing():
    loss, gradient = nn.focal_loss(np.float32([200, -200, 200, -200]), [1, 0, 0, 1], [1, 1, 1, 0])
    assert loss == 200 / 2 and gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, [0, 0, 1 / 2, 0], atol=1e-30)
    assert nn.focal_loss([[2.0]], [[0.0]], 0)[0] == 0
    loss, gradient = nn.focal_loss(np.ones((0, 3)), np.ones((0, 3)))
    assert loss == 0.0 and gradient.shape == (0, 3)


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.ones(2), np.ones(3)), r"target: expected shape \(2\), got \(3,\)"),
    (([1.0, np.nan], np.ones(2)), r"scores\[1\]: expected a finite value, got nan"),
    (([1.0], [1.5]), "target: expected 0 to 1, got 1.5 to 1.5"),
    ((np.ones(2), np.ones(2), np.ones(3)), "weight: expected a shape that broadcasts"),
])  # fmt: skip
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.focal_loss(*arguments)
