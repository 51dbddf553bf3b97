import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18, Skeleton


def test_limbs_and_channels_has_one_row_for_each_limb():
    chain = Skeleton("CHAIN", ("a", "b", "c"), ((0, 1), (2, 1)), paf_channels=((5, 0), (1, 3)))
    assert chain.limbs_and_channels.tolist() == [[0, 1, 5, 0], [2, 1, 1, 3]]
    assert Skeleton("LOOSE", ("a",), ()).limbs_and_channels.shape == (0, 4)


def test_columns_of_finds_keypoints_by_name():
    columns = OPENPOSE_18.columns_of(COCO_17)
    assert [OPENPOSE_18.keypoints[c] for c in columns] == list(COCO_17.keypoints)
    assert COCO_17.columns_of(OPENPOSE_18).tolist().count(-1) == 1  # the neck


def test_names_may_be_an_array_of_text():
    plan = Skeleton("two", np.array(["head", "tail"]), ())
    assert plan.keypoints == ("head", "tail") and {type(k) for k in plan.keypoints} == {str}


def test_colours_are_distinct_rgb():
    colours = OPENPOSE_18.colours
    assert colours.shape == (19, 3) and len(np.unique(colours, axis=0)) == 19


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"keypoints": ("a", "a")}, "keypoints: expected distinct names"),
        ({"limbs": ((0, 2),)}, r"limbs: expected indices in \[0, 2\)"),
        ({"limbs": ((0, 0),)}, "limbs: expected two different keypoints"),
        ({"pairs": ((1, 1),)}, "pairs: expected two different keypoints"),
        ({"limbs": (0, 1)}, "limbs: expected pairs of int"),
        ({"pairs": ((-1, 0),)}, "pairs: expected indices"),
        ({"sigmas": (0.1,)}, "sigmas: expected 2 positive"),
        ({"sigmas": 0}, "sigmas: expected 2 positive"),
        ({"paf_channels": ()}, "paf_channels: expected 1 pairs, got 0"),
        ({"paf_channels": ((0, 0),)}, "paf_channels: expected distinct channels, got"),
        ({"redundant_limbs": (1,)}, "redundant_limbs: expected at most 0, got 1"),
        ({"redundant_limbs": (0.0,)}, "redundant_limbs: expected an integer, got 0.0"),
        ({"group_order": (0.2, 1.1)}, "group_order: expected an integer, got 0.2"),
        ({"sigmas": ("0.1", "0.1")}, "sigmas: expected real numbers"),
        ({"sigmas": np.inf}, "sigmas: expected 2 positive numbers or NaN, got inf"),
        ({"keypoints": "ab"}, "keypoints: expected a sequence of names, got 'ab'"),
        ({"keypoints": (0, 1)}, r"keypoints: expected a sequence of names, got \(0, 1\)"),
        ({"limbs": ((False, True),)}, "limbs: expected pairs of int"),
        ({"paf_channels": ((0, 2**62),)}, r"paf_channels: expected indices in \[0, 100000\)"),
    ],
)
def test_bad_plans_raise_an_error_that_names_the_field(arguments, message):
    with pytest.raises(ValueError, match=message):
        Skeleton(**{"name": "bad", "keypoints": ("a", "b"), "limbs": ((0, 1),), **arguments})


def test_a_keypoint_has_one_partner_so_a_mirror_image_mirrored_is_the_image():
    for pairs in (((0, 1), (0, 2)), ((0, 1), (2, 1)), ((0, 1), (1, 0)), ((0, 1), (0, 1))):
        with pytest.raises(ValueError, match="pairs: expected each keypoint in one pair only"):
            Skeleton("S", tuple("abc"), (), pairs)
    order = Skeleton("S", tuple("abcde"), (), ((3, 0), (1, 4))).flip_order
    assert order.tolist() == [3, 4, 2, 0, 1] and order[order].tolist() == [0, 1, 2, 3, 4]
