import numpy as np
import pytest

from npkpose import nn
from npkpose.models.mesh.pymaf import IUV
from npkpose.training.losses import IUVLabels, iuv_loss
from npkpose.training.losses.iuv import ANNOTATED_CLASS

# DensePose's 14 annotated body parts, each of one or two parts of the surface.
GROUPS = [
    [0], [1, 2], [3], [4], [5], [6], [7, 9], [8, 10], [11, 13], [12, 14], [15, 17], [16, 18],
    [19, 21], [20, 22], [23, 24],
]  # fmt: skip


def random_case(rng, N=3, H=4, W=5):
    """Maps, and labels of which the second image has none."""
    iuv = IUV(*(rng.normal(size=(N, C, H, W)) for C in (25, 25, 25, 15)))
    part = rng.integers(0, 25, (N, H, W))
    u, v = rng.uniform(size=(2, N, H, W)) * (part > 0)
    return iuv, IUVLabels(part, u, v, np.arange(N) != 1)


def test_the_annotated_class_of_every_part():
    assert len(ANNOTATED_CLASS) == 25
    for c, group in enumerate(GROUPS):
        assert (ANNOTATED_CLASS[group] == c).all()


def test_one_pixel_worked_by_hand():
    iuv = IUV(*(np.zeros((1, C, 1, 1)) for C in (25, 25, 25, 15)))
    iuv.u[0, 7], iuv.v[0, 7] = 0.75, 2.5
    labels = IUVLabels([[[7]]], [[[0.25]]], [[[0.5]]])
    loss, terms, gradient = iuv_loss(iuv, labels)
    np.testing.assert_allclose(terms, (0.5 * 0.125, 0.5 * 1.5, np.log(25), np.log(15)))
    assert loss == pytest.approx(sum(terms))
    assert gradient.u[0, 7] == 0.25 and gradient.v[0, 7] == 0.5
    assert np.count_nonzero(gradient.u) == np.count_nonzero(gradient.v) == 1
    assert gradient.part[0, 7, 0, 0] == pytest.approx(1 / 25 - 1)
    assert gradient.annotated[0, 6, 0, 0] == pytest.approx(1 / 15 - 1)


def test_a_true_map_has_next_to_no_loss(rng):
    _, labels = random_case(rng)
    one_hot = np.eye(25)[labels.part].transpose(0, 3, 1, 2)
    annotated = np.eye(15)[ANNOTATED_CLASS[labels.part]].transpose(0, 3, 1, 2)
    u, v = (one_hot * place[:, None] for place in labels[1:3])
    loss, terms, _ = iuv_loss(IUV(u, v, 100 * one_hot, 100 * annotated), labels)
    assert terms.u == terms.v == 0 and loss < 1e-30


@pytest.mark.parametrize("field", IUV._fields)
def test_the_gradient_is_the_slope(rng, assert_slope, field):
    iuv, labels = random_case(rng)

    def loss(maps):
        value, _, gradient = iuv_loss(iuv._replace(**{field: maps}), labels)
        return value, getattr(gradient, field)

    assert_slope(loss, getattr(iuv, field))


def test_value_and_gradient_are_autograds(rng, assert_autograd):
    """The sums of the authors' code, over one-hot maps of the labels."""
    functional = pytest.importorskip("torch").nn.functional
    iuv, labels = random_case(rng)
    valid = labels.valid
    one_hot = np.eye(25)[labels.part[valid]].transpose(0, 3, 1, 2)
    annotated = np.stack([one_hot[:, group].sum(axis=1) for group in GROUPS], axis=1)

    def twin(u, v, part, scores):
        mask, N = u.new_tensor(one_hot) > 0, len(u)
        targets = (u.new_tensor(one_hot * place[valid][:, None]) for place in labels[1:3])
        places = sum(
            functional.smooth_l1_loss(maps[valid][mask], target[mask], reduction="sum") / N
            for maps, target in zip((u, v), targets)
        )
        classes = (u.new_tensor(maps).argmax(dim=1) for maps in (one_hot, annotated))
        first, second = (
            functional.cross_entropy(maps[valid], wanted)
            for maps, wanted in zip((part, scores), classes)
        )
        return 0.5 * places + first + second

    def loss(*maps):
        value, _, gradient = iuv_loss(IUV(*maps), labels)
        return value, *gradient

    assert_autograd(loss, twin, *iuv)


def test_images_without_labels_change_only_the_mean_over_images(rng):
    iuv, labels = random_case(rng)
    keep = labels.valid
    _, terms, gradient = iuv_loss(iuv, labels)
    _, own, _ = iuv_loss(IUV(*(maps[keep] for maps in iuv)), IUVLabels(*(a[keep] for a in labels)))
    np.testing.assert_allclose(terms[2:], own[2:], rtol=1e-12)
    np.testing.assert_allclose(np.multiply(terms[:2], 3), np.multiply(own[:2], 2), rtol=1e-12)
    assert not any(part[1].any() for part in gradient)


@pytest.mark.parametrize("shape", [(0, 4, 5), (2, 0, 5), (2, 4, 5)])
def test_nothing_labelled_has_no_loss(shape):
    N, H, W = shape
    iuv = IUV(*(np.ones((N, C, H, W), np.float32) for C in (25, 25, 25, 15)))
    empty = np.zeros(shape)
    loss, terms, gradient = iuv_loss(iuv, IUVLabels(empty, empty, empty, np.zeros(N, bool)))
    assert loss == 0 and tuple(terms) == (0, 0, 0, 0)
    for maps, part in zip(iuv, gradient):
        assert part.shape == maps.shape and part.dtype == np.float32 and not part.any()


def test_descent_on_the_loss_finds_parts_and_places(rng):
    iuv, labels = random_case(rng, N=2)
    labels = labels._replace(valid=None)
    for _ in range(300):
        _, _, gradient = iuv_loss(iuv, labels)
        steps = (0.5, 0.5, 20.0, 20.0)
        iuv = IUV(*(maps - lr * part for maps, lr, part in zip(iuv, steps, gradient)))
    np.testing.assert_array_equal(iuv.part.argmax(axis=1), labels.part)
    np.testing.assert_array_equal(iuv.annotated.argmax(axis=1), ANNOTATED_CLASS[labels.part])
    u = np.take_along_axis(iuv.u, labels.part[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(u, labels.u, atol=1e-6)


MAPS = IUV(*(np.ones((1, C, 2, 2)) for C in (25, 25, 25, 15)))
ZEROS = np.zeros((1, 2, 2))


@pytest.mark.parametrize(("iuv", "labels", "message"), [
    (MAPS._replace(u=np.ones((1, 24, 2, 2))), IUVLabels(ZEROS, ZEROS, ZEROS),
     r"iuv.u: expected shape \(N, 25, H, W\)"),
    (MAPS._replace(annotated=np.ones((1, 25, 2, 2))), IUVLabels(ZEROS, ZEROS, ZEROS),
     r"iuv.annotated: expected shape \(1, 15, 2, 2\)"),
    (MAPS._replace(part=MAPS.part * np.nan), IUVLabels(ZEROS, ZEROS, ZEROS), "iuv.part.*finite"),
    (MAPS, IUVLabels(ZEROS[:, :1], ZEROS, ZEROS), r"labels.part: expected shape \(1, 2, 2\)"),
    (MAPS, IUVLabels(ZEROS + 25, ZEROS, ZEROS), r"labels.part\[0, 0, 0\]: expected an integer in"),
    (MAPS, IUVLabels(ZEROS, ZEROS + 2, ZEROS), r"labels.u: expected \[0, 1\], got 2 to 2"),
    (MAPS, IUVLabels(ZEROS, ZEROS, ZEROS, [2]), r"labels.valid\[0\]: expected True or False"),
    (MAPS, (ZEROS, ZEROS, ZEROS), "labels: expected IUVLabels, got tuple"),
    (None, IUVLabels(ZEROS, ZEROS, ZEROS), "iuv: expected IUV, got NoneType"),
])
def test_bad_arguments_are_named(iuv, labels, message):
    with pytest.raises(ValueError, match=message):
        iuv_loss(iuv, labels)


def test_a_weight_that_is_negative_or_huge_is_named():
    for weight, message in ((-1, "at least 0"), (1e308, r"at most 1e\+06")):
        with pytest.raises(ValueError, match=f"point_weight: expected {message}"):
            iuv_loss(MAPS, IUVLabels(ZEROS, ZEROS, ZEROS), weight)


def test_the_weight_of_places_scales_their_terms(rng):
    iuv, labels = random_case(rng)
    _, terms, _ = iuv_loss(iuv, labels, 2.0)
    _, published, _ = iuv_loss(iuv, labels)
    np.testing.assert_allclose(terms[:2], 4 * np.array(published[:2]))
    expected = nn.cross_entropy_loss(iuv.part[[0, 2]], labels.part[[0, 2]])[0]
    assert terms.part == published.part == pytest.approx(expected, rel=1e-12)
