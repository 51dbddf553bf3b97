import json

import numpy as np
import pytest

import npkpose
from npkpose import skeletons
from npkpose.skeletons import aliases, find, skeleton_names
from npkpose.skeletons.catalogue import GROUPS, entries

PLANS = {name: getattr(skeletons, name) for name in skeleton_names()}
ASKED = """MPII_16 CROWDPOSE_14 AIC_14 HALPE_26 HALPE_136 COCO_WHOLEBODY_133 HAND_21 FACE_68 WFLW_98
    COFW_29 AFLW_19 FACE_106 MEDIAPIPE_33 MEDIAPIPE_478 AP10K_17 ANIMALPOSE_20 MACAQUE_17 HORSE10_22
    ZEBRA_9 FLY_32 LOCUST_35 ATRW_15 POSETRACK_15 POSETRACK_17 OCHUMAN COCO_17 OPENPOSE_18 BODY_25
    H36M_17 PANOPTIC_19 SMPL_24 ONEHAND10K_21 FREIHAND_21 RHD_21 INTERHAND_21 MEDIAPIPE_HAND_21"""


@pytest.mark.parametrize("name", PLANS)
def test_a_name_says_the_number_of_keypoints_and_the_plan_has_a_source(name):
    plan = PLANS[name]
    assert plan.name == name and plan.num_keypoints == int(name.rsplit("_", 1)[1])
    assert plan.source and plan.group in GROUPS and name in skeleton_names(plan.group)
    assert getattr(skeletons, name) is plan  # made once


@pytest.mark.parametrize("name", PLANS)
def test_left_and_right_of_a_name_are_partners(name):
    plan = PLANS[name]
    order = plan.flip_order
    np.testing.assert_array_equal(order[order], np.arange(plan.num_keypoints))
    one_hand = name.endswith("HAND_21")  # its mirror image is the other hand
    for keypoint, partner in zip(plan.keypoints, np.array(plan.keypoints)[order]):
        words = keypoint.split("_")
        if not one_hand and {"left", "right"} & set(words):
            swapped = [{"left": "right", "right": "left"}.get(word, word) for word in words]
            assert partner == "_".join(swapped)


@pytest.mark.parametrize("name", ASKED.split())
def test_every_plan_is_found_by_its_name_in_any_spelling(name):
    plan = find(name)
    assert plan is getattr(skeletons, name) and plan.name in (name, aliases().get(name))
    for spelling in (name.lower(), name.replace("_", "-"), name.replace("_", " ").title()):
        assert find(spelling) is plan
    assert name in dir(skeletons) and getattr(npkpose, name) is plan


def test_an_alias_belongs_to_one_plan_and_is_no_name_of_another():
    listed = [each for group in GROUPS for entry in entries(group).values()
              for each in entry.get("aliases", ())]  # fmt: skip
    assert len(listed) == len(set(listed)) and not set(listed) & set(skeleton_names())


def test_the_number_is_needed_only_to_tell_plans_apart():
    assert find("h36m").name == "H36M_17" and find("SMPL").name == "SMPL_24"
    assert find("coco").name == "COCO_17" and find("coco wholebody").num_keypoints == 133
    with pytest.raises(ValueError, match="FACE_68"):
        find("face")


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(ValueError, match=r"^name: .* nearest are HALPE_26, .* got 'haple-26'"):
        find("haple-26")
    with pytest.raises(ValueError, match=r"FACE_68.* got 'face'"):
        find("face")
    for bad in (17, None, "", ["COCO_17"], "\x1b"):
        with pytest.raises(ValueError, match="^name: expected a skeleton"):
            find(bad)
    with pytest.raises(AttributeError, match="COCO_99"):
        skeletons.COCO_99  # noqa: B018
    with pytest.raises(ImportError, match="coco_17"):
        exec("from npkpose.skeletons import coco_17")


def test_numbers_out_of_the_papers():
    wholebody = skeletons.COCO_WHOLEBODY_133
    assert [wholebody.keypoints.index(name) for name in ("left_big_toe", "face-0", "face-67")] == [
        17, 23, 90,
    ]  # fmt: skip
    assert wholebody.keypoints[91] == "left_hand_root" and wholebody.keypoints[132] == (
        "right_pinky_finger4"
    )
    np.testing.assert_allclose(wholebody.sigmas[17:23], [0.068, 0.066, 0.066, 0.092, 0.094, 0.094])
    assert skeletons.MPII_16.keypoints[9] == "head_top"
    assert skeletons.CROWDPOSE_14.keypoints[12:] == ("top_head", "neck")
    assert np.isnan(skeletons.WFLW_98.sigmas).all() and max(skeletons.AIC_14.sigmas) < 0.04
    assert skeletons.RHD_21.keypoints[:5] == ("wrist", "thumb4", "thumb3", "thumb2", "thumb1")
    assert skeletons.INTERHAND_42.keypoints[20::21] == ("right_wrist", "left_wrist")


def test_parts_of_the_whole_body_are_slices_of_it():
    whole = skeletons.COCO_WHOLEBODY_133
    for name, first in (("FOOT_6", 17), ("FACE_68", 23), ("LEFT_HAND_21", 91),
                        ("RIGHT_HAND_21", 112)):  # fmt: skip
        part = find(f"COCO_WHOLEBODY_{name}")
        rows = slice(first, first + part.num_keypoints)
        assert part.keypoints == whole.keypoints[rows] and part.sigmas == whole.sigmas[rows]
    assert whole.keypoints[:17] == npkpose.COCO_17.keypoints
    assert skeletons.HALPE_136.keypoints[:26] == npkpose.HALPE_26.keypoints


def test_all_plans_of_the_reference_agree_with_it(shared_data):
    path = shared_data.parent / "reference" / "skeletons.json"
    if not path.is_file():
        pytest.skip("needs ../shared/reference/skeletons.json")
    for name, there in json.loads(path.read_text(encoding="utf-8")).items():
        plan = find(name)
        assert skeletons.skeleton_of(there["keypoints"]) is plan
        assert _pairs(plan.pairs) == _pairs(there["pairs"])
        if there["sigmas"]:
            np.testing.assert_allclose(plan.sigmas, there["sigmas"], err_msg=name)
        palm = _pairs([(5, 9), (9, 13), (13, 17)]) if name == "MEDIAPIPE_HAND_21" else set()
        assert _pairs(there["limbs"]) - _pairs(plan.limbs) == palm


def _pairs(pairs):
    return {frozenset(pair) for pair in pairs}
