import numpy as np
import pytest

from npkpose import Skeleton, skeletons

pytest.importorskip("matplotlib")

from npkpose.cli.skeleton_plot import plot_skeleton  # noqa: E402


@pytest.mark.parametrize("name", ["COCO_17", "HAND_21", "COFW_29", "FLY_32", "FACE_68"])
def test_every_keypoint_has_its_number_beside_it(name):
    plan = getattr(skeletons, name)
    figure = plot_skeleton(plan)
    (axes,) = figure.axes
    numbers = {text.get_text(): text for text in axes.texts}
    assert set(numbers) == {str(k) for k in range(plan.num_keypoints)}
    dots = axes.collections[0].get_offsets()
    for k, place in enumerate(dots):
        np.testing.assert_allclose(numbers[str(k)].xy, place)
    assert len(axes.lines) == len(plan.limbs)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    touching = [(a, b) for a in range(len(boxes)) for b in range(a) if boxes[a].overlaps(boxes[b])]
    assert touching == []


def test_names_stand_beside_a_small_plan_and_not_beside_a_large_one():
    listed = [text.get_text() for text in plot_skeleton(skeletons.COCO_17).texts]
    assert listed[9].split() == ["9", "left_wrist"] and len(listed) == 17
    assert plot_skeleton(skeletons.FACE_68).texts == []


def test_plans_of_no_or_one_keypoint_are_drawn_too():
    for names in ((), ("a",)):
        plot_skeleton(Skeleton("SMALL", names, ())).canvas.draw()
