import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npkpose import nn


def test_two_items_worked_by_hand():
    scores = np.log([[1.0, 3.0], [2.0, 2.0]])  # probabilities 1/4, 3/4 and 1/2, 1/2
    loss, gradient = nn.cross_entropy_loss(scores, [1, 0])
    np.testing.assert_allclose(loss, -(np.log(3 / 4) + np.log(1 / 2)) / 2, rtol=1e-14)
    np.testing.assert_allclose(gradient, [[1 / 8, -1 / 8], [-1 / 4, 1 / 4]], rtol=1e-14)


@given(st.integers(1, 4), st.lists(st.integers(0, 3), max_size=2), st.integers(0, 99))
def test_loss_and_gradient_agree_with_torch(C, size, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    scores, classes = rng.normal(0, 3, (3, C, *size)), rng.integers(-1, C, (3, *size))
    leaf = torch.tensor(scores, requires_grad=True)
    loss, gradient = nn.cross_entropy_loss(scores, classes)
    expected = torch.nn.functional.cross_entropy(
        leaf, torch.tensor(classes), ignore_index=-1, reduction="sum"
    )
    expected.backward()
    E = max((classes >= 0).sum(), 1)
    np.testing.assert_allclose(loss, expected.item() / E, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(gradient, leaf.grad / E, rtol=1e-12, atol=1e-15)


def test_ignored_pixels_change_neither_loss_nor_gradient(rng):
    scores, classes = rng.normal(size=(2, 4, 3, 3)), rng.integers(0, 4, (2, 3, 3))
    classes[0] = -1
    loss, gradient = nn.cross_entropy_loss(scores, classes)
    alone, own = nn.cross_entropy_loss(scores[1:], classes[1:])
    assert loss == alone and not gradient[0].any()
    np.testing.assert_array_equal(gradient[1:], own)


def test_very_high_scores_do_not_overflow():
    scores = np.array([[3e38, -3e38], [-3e38, 3e38]], np.float32)
    loss, gradient = nn.cross_entropy_loss(scores, [0, 1])
    assert loss == 0 and not gradient.any() and gradient.dtype == np.float32
    assert nn.cross_entropy_loss([[1000.0, 0.0]], [1])[0] == 1000


@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0, 4), (2, 3, 2), (2, 0, 2)])
def test_nothing_to_classify_has_no_loss(shape):
    classes = np.full((shape[0], *shape[2:]), -1)
    loss, gradient = nn.cross_entropy_loss(np.ones(shape, np.float32), classes)
    assert loss == 0 and gradient.shape == shape and not gradient.any()


@pytest.mark.parametrize(("arguments", "message"), [
    (([1.0, 2.0], [0]), r"scores: expected shape \(N, C, \.\.\.\), got \(2,\)"),
    (([[1.0, np.nan]], [0]), r"scores\[0, 1\]: expected a finite value, got nan"),
    ((np.ones((2, 3)), [0]), r"classes: expected shape \(2\), got \(1,\)"),
    ((np.ones((2, 3)), [0, 3]), r"classes\[1\]: expected an integer in \[-1, 3\), got 3"),
    ((np.ones((2, 3)), [0.5, 0]), r"classes\[0\]: expected an integer in \[-1, 3\), got 0.5"),
    ((np.ones((1, 3, 2)), [[0, -2]]), r"classes\[0, 1\]: expected an integer"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.cross_entropy_loss(*arguments)
