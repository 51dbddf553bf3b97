import pytest

from npkpose import Skeleton, skeletons
from npkpose.skeletons import conversion_table, normal_name, skeleton_names
from npkpose.skeletons.catalogue import GROUPS
from npkpose.skeletons.meanings import _data, meanings, rules

PLANS = {name: getattr(skeletons, name) for name in skeleton_names()}


@pytest.mark.parametrize("name", PLANS)
def test_no_two_keypoints_of_a_plan_mean_the_same(name):
    assert len(set(meanings(PLANS[name]))) == PLANS[name].num_keypoints


def test_the_data_name_plans_and_keypoints_that_exist():
    every = {meaning for plan in PLANS.values() for meaning in meanings(plan)}
    data = _data()
    for name, own in data["meanings"].items():
        assert set(own) - {"*"} <= set(PLANS[name].keypoints)
    for each in data["differences"]:
        assert each["note"] and each["source"]
        for name in each["skeletons"]:
            assert {normal_name(k) for k in each["keypoints"]} & set(meanings(PLANS[name]))
    for meaning, found in rules().items():
        for rule in found:
            assert meaning in every and {part for part, _ in rule.parts} <= every
            assert set(rule.groups) <= set(GROUPS) and set(rule.exceptions) <= set(PLANS)
    for each in data["maps"]:
        assert len(each["numbers"]) == PLANS[each["to"]].num_keypoints
        assert len(set(each["numbers"])) == len(each["numbers"]) and each["source"]


def test_weights_sum_to_one_so_that_a_rule_holds_in_every_frame():
    for found in rules().values():
        for rule in found:
            assert sum(weight for _, weight in rule.parts) == 1 and rule.text and rule.source


def test_rules_that_need_each_other_end():
    # Of WFLW's points some are made of 300-W's, and these of WFLW's.
    nothing = Skeleton("NOTHING", (), ())
    for plan in PLANS.values():
        assert {row.how for row in conversion_table(nothing, plan).rows} == {"missing"}


def test_synonyms_and_own_meanings():
    where = dict(zip(skeletons.HALPE_26.keypoints, meanings(skeletons.HALPE_26)))
    assert where["head"] == "headtop" and where["hip"] == "midhip" and where["nose"] == "nose"
    assert meanings(skeletons.FLY_32)[0] == "fly: head" != meanings(skeletons.LOCUST_35)[0]
    assert meanings(skeletons.SMPL_24)[0] == meanings(skeletons.MPII_16)[6] == "midhip"
