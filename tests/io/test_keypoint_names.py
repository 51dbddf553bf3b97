import pytest

from npkpose import COCO_17, OPENPOSE_18
from npkpose.io.keypoint_names import listed_names, name_difference, other_skeleton


@pytest.mark.parametrize("spell", [
    str.upper,
    lambda name: name.replace("_", " "),
    lambda name: "_".join(reversed(name.split("_"))),
    lambda name: name.replace("left_", "l_").replace("right_", "R-"),
    lambda name: "".join(word.capitalize() for word in name.split("_")),
    lambda name: name.title().replace("Left_", "L").replace("Right_", "R"),
])  # fmt: skip
def test_spellings_of_the_same_names_do_not_differ(spell):
    assert name_difference([spell(name) for name in COCO_17.keypoints], COCO_17) == ""


def test_other_names_another_order_and_another_number_differ():
    names = list(COCO_17.keypoints)
    assert name_difference(["root", *names[1:]], COCO_17) == (
        "keypoint 0 is 'root', in COCO_17 it is 'nose'"
    )
    names[1], names[2] = names[2], names[1]
    assert name_difference(names, COCO_17) == (
        "keypoint 1 is 'right_eye', in COCO_17 it is 'left_eye'"
    )
    assert name_difference(names[:5], COCO_17) == "5 keypoints, COCO_17 has 17"
    assert name_difference(["鼻子", *names[1:]], COCO_17).startswith("keypoint 0 is '鼻子'")


def test_only_a_list_of_text_is_a_list_of_names():
    assert listed_names({"keypoints": ["a", "b"]}) == ["a", "b"]
    for category in ({}, {"keypoints": []}, {"keypoints": [1, 2]}, {"keypoints": "ab"}):
        assert listed_names(category) is None


def test_the_advice_names_a_skeleton_with_known_sigmas_or_how_to_make_one():
    assert other_skeleton(18, COCO_17).endswith("evaluate_coco(..., skeleton=npkpose.OPENPOSE_18)")
    assert other_skeleton(17, OPENPOSE_18).endswith("skeleton=npkpose.COCO_17)")
    for count in (23, 98):  # WFLW_98 has no sigmas
        assert other_skeleton(count, COCO_17).endswith("skeleton=npkpose.Skeleton(...))")
