import numpy as np
import pytest

from npkpose.data.figures import KITE, SCALES, SHAPE, two_figures
from npkpose.data.markers import COLOURS


def test_every_figure_is_the_kite_rotated_scaled_and_inside():
    images, keypoints = two_figures(60, np.random.default_rng(0))
    assert images.shape == (60, 3, 64, 64) and keypoints.shape == (60, 2, 4, 2)
    assert images.min() >= 0 and images.max() <= 1
    assert keypoints.min() >= 1.5 and keypoints.max() <= 61.5
    shape = SHAPE - SHAPE.mean(axis=0)
    figures = (keypoints - keypoints.mean(axis=2, keepdims=True)).reshape(-1, 4, 2)
    scale = np.sqrt((figures**2).sum(axis=(1, 2)) / (shape**2).sum())
    assert (scale >= SCALES[0] - 1e-9).all() and (scale <= SCALES[1] + 1e-9).all()
    gram = np.einsum("nki,nli->nkl", figures, figures) / scale[:, None, None] ** 2
    np.testing.assert_allclose(gram, np.broadcast_to(shape @ shape.T, gram.shape), atol=1e-9)


def test_the_second_figures_markers_are_on_top_and_rods_fade_between_colours():
    images, keypoints = two_figures(30, np.random.default_rng(1))
    for image, points in zip(images, keypoints[:, 1]):
        x, y = np.rint(points).astype(int).T
        np.testing.assert_allclose(image[:, y[3], x[3]], COLOURS[3], atol=1e-6)  # drawn last
    apart = np.abs(keypoints[:, 0].mean(1) - keypoints[:, 1].mean(1)).max(axis=1) > 40
    assert apart.any()
    for image, points in zip(images[apart], keypoints[apart, 0]):
        a, b = KITE.limbs[0]
        x, y = np.rint(points[[a, b]].mean(axis=0)).astype(int)
        np.testing.assert_allclose(image[:, y, x], (COLOURS[a] + COLOURS[b]) / 2, atol=0.3)


def test_the_same_seed_gives_the_same_images_and_0_images_an_empty_batch():
    np.testing.assert_array_equal(
        two_figures(3, np.random.default_rng(5))[0], two_figures(3, np.random.default_rng(5))[0]
    )
    assert two_figures(0, np.random.default_rng(5))[1].shape == (0, 2, 4, 2)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="size: expected at least 48, got 32"):
        two_figures(1, np.random.default_rng(0), 32)
    with pytest.raises(ValueError, match="num_images: expected an integer"):
        two_figures(1.5, np.random.default_rng(0))
    with pytest.raises(ValueError, match="rng: expected a numpy.random.Generator, got 3"):
        two_figures(1, 3)
