import numpy as np
import pytest

from npkpose import COCO_17, Grid, Peaks, decode_heatmaps, gaussian_heatmap
from npkpose.explain.peaks import fit_log_parabola, highest_near, plot_peak, plot_peaks

pytest.importorskip("matplotlib", reason="figures need Matplotlib")


def texts(figure):
    """Return all titles and labels of a figure."""
    found = []
    for axes in figure.axes:
        found += [axes.get_xlabel(), axes.get_ylabel(), *(t.get_text() for t in axes.texts)]
        found += [axes.get_title(loc=place) for place in ("left", "center", "right")]
    return found


def test_the_fitted_curve_is_the_gaussian_and_its_vertex_the_decoded_place():
    heatmap = gaussian_heatmap((15, 20), 8.3, 6.4, sigma=1.5)
    offset, curve = fit_log_parabola(heatmap[6], 8)
    assert offset == pytest.approx(0.3, abs=1e-5)
    assert offset + 8 == pytest.approx(decode_heatmaps(heatmap[None, None])[0][0, 0, 0], abs=1e-5)
    t = np.array([-1.5, 0.3, 2.0])
    row = np.exp(-(0.4**2) / 4.5)
    np.testing.assert_allclose(curve(t), row * np.exp(-((t - 0.3) ** 2) / 4.5), rtol=1e-4)


def test_where_three_values_have_no_parabola_there_is_no_curve():
    for values, middle in (([0, 1, 0.5], 1), ([1, 2, 1], 0), ([3, 1, 2], 1), ([1, 1, 1], 1)):
        assert fit_log_parabola(np.array(values, float), middle) is None


def test_a_peak_is_shown_at_its_place_wherever_it_is():
    heatmap = gaussian_heatmap((15, 20), 8.3, 6.4, sigma=1.5)
    figure = plot_peak(heatmap, 7.6, 6.4, "left_wrist")
    assert {"8 +0.30 = 8.30 px", "6 +0.40 = 6.40 px"} <= set(texts(figure))
    assert "left wrist: the peak lies between the pixels" in texts(figure)
    (square, cross) = (line.get_xydata()[0] for line in figure.axes[0].lines)
    assert square.tolist() == [8, 6] and cross == pytest.approx((8.3, 6.4), abs=1e-4)
    for x, y in ((0, 0), (19, 14), (-0.6, 14.4)):  # also at the border, and on a map of zeros
        assert len(plot_peak(gaussian_heatmap((15, 20), x, y), x, y).axes) == 3
        assert len(plot_peak(np.zeros((1, 1)), 0, 0).axes) == 3
    assert highest_near(heatmap, 9.2, 7.3) == (8, 6)


def test_all_peaks_are_marked_on_the_image():
    first = np.zeros(18, int)
    first[3:] = 2
    peaks = Peaks(np.array([[1.0, 2.0], [3.0, 0.5]]), np.array([0.5, 0.9]), first)
    figure = plot_peaks(np.zeros((32, 64, 3), np.uint8), peaks, COCO_17, Grid(8, "centre"))
    (axes,) = figure.axes
    np.testing.assert_allclose(axes.collections[0].get_offsets(), [[11.5, 19.5], [27.5, 7.5]])
    assert axes.get_title(loc="left").startswith("2 peaks")


def test_what_is_no_map_or_outside_of_it_is_refused():
    for name, arguments in (
        ("heatmap", (np.zeros(3), 0, 0)), ("heatmap", (np.zeros((0, 3)), 0, 0)),
        ("x", (np.zeros((3, 3)), 5, 0)), ("y", (np.zeros((3, 3)), 0, np.nan)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            plot_peak(*arguments)
