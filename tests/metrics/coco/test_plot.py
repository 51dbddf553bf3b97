import sys

import numpy as np
import pytest

from npkpose import Skeleton
from npkpose.metrics import Detections, GroundTruth, evaluate_coco

PAIR = Skeleton("PAIR", ("left_hand", "tail"), ((0, 1),), sigmas=0.1)


def evaluate(poses, labels=((2, 0), (2, 0)), **settings):
    truth = GroundTruth(np.zeros((2, 2, 2)), labels, [1, 2], [2000.0, 2000.0])
    found = Detections(poses, np.linspace(0.9, 0.8, len(poses)), np.arange(1, len(poses) + 1))
    return evaluate_coco(truth, found, PAIR, **settings)


def test_the_figure_shows_the_curves_and_the_bars(tmp_path):
    pytest.importorskip("matplotlib")
    result = evaluate(np.full((2, 2, 2), 6.0))  # OKS exp(-72 / 160), 0.64: thresholds up to 0.6
    figure = result.plot()
    curves, bars = figure.axes
    assert len(curves.lines) == 10 and curves.get_title() == "AP 0.300, AR 0.300, area: all"
    for t, line in enumerate(curves.lines):
        np.testing.assert_array_equal(line.get_ydata(), result.precision[t, :, 0, 0, 0])
    texts = [text.get_text() for text in bars.texts]
    assert texts == ["8.5", "none found", "mean distance\nin pixels"]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["left hand", "tail"]
    assert bars.patches[2].get_width() == pytest.approx(np.exp(-72 / 160))
    figure.savefig(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 5000


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_result_without_detections_or_without_people_can_be_drawn():
    pytest.importorskip("matplotlib")
    assert len(evaluate(np.empty((0, 2, 2))).plot().axes[0].lines) == 10
    crowds = GroundTruth(np.zeros((1, 2, 2)), [(2, 2)], [1], [2000.0], iscrowd=[1])
    nobody = evaluate_coco(crowds, Detections(np.zeros((1, 2, 2)), [0.9], [1]), PAIR)
    assert len(nobody.plot().axes[0].lines) == 0
    assert len(evaluate(np.zeros((2, 2, 2)), thresholds=(0.5,)).plot().axes[0].lines) == 1


def test_any_range_of_areas_can_be_drawn():
    pytest.importorskip("matplotlib")
    figure = evaluate(np.full((2, 2, 2), 6.0), areas={"some": (0, 1e9)}).plot()
    assert figure.axes[0].get_title() == "AP 0.300, AR 0.300, area: some"
    assert figure.axes[1].texts[0].get_text() == "8.5"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "npkpose\[examples\]"'):
        evaluate(np.zeros((2, 2, 2))).plot()
