import json

import pytest

from npkpose import COCO_17, skeletons
from npkpose.skeletons import find_skeletons, normal_name, skeleton_names, skeleton_of

OF_FILES = {  # {annotation file: the plan of its first category that lists names}
    "aic_test_aic": "AIC_14", "ak_test_animalkingdom": "ANIMALKINGDOM_23",
    "animalpose_test_animalpose": "ANIMALPOSE_20", "ap10k_test_ap10k": "AP10K_17",
    "atrw_test_atrw": "ATRW_15", "coco_test_coco": "COCO_17",
    "crowdpose_test_crowdpose": "CROWDPOSE_14", "deepfasion2_deepfasion2": "DEEPFASHION2_294",
    "exlpose_test_exlpose": "CROWDPOSE_14", "fld_test_fld": "DEEPFASHION_FULL_8",
    "fly_test_fly": "FLY_32", "freihand_test_freihand": "HAND_21", "h36m_h36m_coco": "H36M_17",
    "horse10_test_horse10": "HORSE10_22", "humanart_test_humanart": "HUMANART_21",
    "jhmdb_test_jhmdb_sub1": "JHMDB_15", "locust_test_locust": "LOCUST_35",
    "macaque_test_macaque": "MACAQUE_17", "mhp_test_mhp": "MPII_16",
    "mpii_test_mpii_trb": "MPII_TRB_40", "ochuman_test_ochuman": "COCO_17",
    "onehand10k_test_onehand10k": "HAND_21", "panoptic_test_panoptic": "HAND_21",
    "posetrack18_annotations_test_posetrack18_val": "POSETRACK_17", "zebra_test_zebra": "ZEBRA_9",
}  # fmt: skip


@pytest.mark.parametrize("file", OF_FILES)
def test_the_plan_of_a_data_set_is_recognised_by_its_own_annotation_file(file, shared_data):
    path = shared_data / "samples" / "annotations" / f"{file}.json"
    category = json.loads(path.read_text(encoding="utf-8"))["categories"][0]
    assert skeleton_of(category["keypoints"], category["name"]).name == OF_FILES[file]


@pytest.mark.parametrize("name", skeleton_names())
def test_every_plan_is_recognised_by_its_own_names_unless_another_has_the_same(name):
    plan = getattr(skeletons, name)
    found = skeleton_of(plan.keypoints)
    assert found is plan or (name == "MACAQUE_17" and found is COCO_17)
    assert skeleton_of([each.upper().replace("_", " ") for each in plan.keypoints]) is found


def test_spellings_of_one_name():
    for spelled in ("left_eye", "Left eye", "LEye", "L_Eye", "eyeL", "Eye_Left ", "leftEye",
                    "lefteye", "LEFT-EYE"):  # fmt: skip
        assert normal_name(spelled) == "left eye"
    assert normal_name("L_F_Paw") == normal_name("left_front_paw") == "left frontpaw"
    assert normal_name("Nearfrontfoot") == normal_name("near_front_foot")
    assert normal_name("forelegR2") == normal_name("right_foreleg2") != normal_name("forelegR1")


def test_other_names_another_order_and_what_is_no_list_of_names_give_none():
    listed = list(COCO_17.keypoints)
    assert skeleton_of(listed[::-1]) is skeleton_of(listed[:-1]) is skeleton_of([]) is None
    assert skeleton_of(["root", *listed[1:]]) is skeleton_of([1, 2]) is skeleton_of(None) is None
    assert skeleton_of(listed, "macaque").name == "MACAQUE_17"
    assert skeleton_of(listed, "person") is skeleton_of(listed, 3) is COCO_17


def test_numbers_of_files_are_recognised_by_how_many_they_are():
    for count, name in ((68, "FACE_68"), (98, "WFLW_98"), (106, "FACE_106"), (29, "COFW_29")):
        assert skeleton_of([f"kpt-{k}" for k in range(count)]).name == name


def test_plans_of_a_number_of_keypoints():
    assert [plan.name for plan in find_skeletons(136)] == ["HALPE_136"]
    assert find_skeletons(17)[0] is COCO_17 and find_skeletons(99) == []
    with pytest.raises(ValueError, match="^num_keypoints"):
        find_skeletons("17")
