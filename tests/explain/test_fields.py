import numpy as np
import pytest

from npkpose import Poses, Skeleton, limb_scores, paf_fields
from npkpose.explain.fields import plot_fields, plot_integral, sample_limb

pytest.importorskip("matplotlib", reason="figures need Matplotlib")

STICK = Skeleton("STICK", ("a", "b"), ((0, 1),))
TRUE, WRONG = [(3.5, 2.0), (12.5, 9.0)], [(3.5, 2.0), (3.0, 12.0)]


def test_samples_are_those_of_the_integral():
    field = np.random.default_rng(0).normal(size=(2, 12, 16))
    for limb in np.random.default_rng(1).uniform(0, 11, (6, 2, 2)):
        points, values = sample_limb(field, limb, 7)
        expected = limb_scores(field, [limb[0]], [limb[1]], 7)[0]
        assert values.mean() == pytest.approx(expected, abs=1e-12)
        np.testing.assert_allclose(points[[0, 3, 6]], [limb[0], limb.mean(axis=0), limb[1]])
    assert not sample_limb(field, np.ones((2, 2)), 4)[1].any()  # of no length


def test_the_true_limb_is_one_all_along_and_a_wrong_one_is_not():
    field = paf_fields(Poses([TRUE]), STICK, (14, 16))
    figure = plot_integral(field, [TRUE, WRONG], ("kept", "wrong"), 10, 0.05)
    zoom, samples = figure.axes
    threshold, true, wrong = samples.lines
    np.testing.assert_allclose(true.get_ydata(), 1.0, atol=1e-6)
    assert true.get_label() == "kept: E = 1.00" and wrong.get_ydata().mean() < 0.3
    assert set(threshold.get_ydata()) == {0.05}
    np.testing.assert_allclose(zoom.lines[0].get_xydata()[[0, -1]], TRUE)
    assert zoom.get_xlabel() == "x, map pixels" and samples.get_ylabel() == "field along it"


def test_fields_are_drawn_on_a_pale_image():
    image = np.zeros((56, 64, 3), np.uint8)
    (axes,) = plot_fields(image, paf_fields(Poses([TRUE]), STICK, (14, 16)), STICK).axes
    shown = axes.images[0].get_array()
    assert (shown[50:, :10] == 140).all() and (shown != 140).any()


def test_limbs_without_names_and_other_arrays_are_refused():
    field = np.zeros((2, 4, 4))
    for name, arguments in (
        ("names", (field, [TRUE], ())), ("names", (field, [TRUE], ("a", "b"))),
        ("limbs", (field, np.empty((0, 2, 2)), ())),
        ("limbs", (field, TRUE)), ("num_samples", (field, [TRUE], ("a",), 1)),
        ("field", (np.zeros((3, 4, 4)), [TRUE])),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            plot_integral(*arguments)
