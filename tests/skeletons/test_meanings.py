import pytest

from npkpose import skeletons
from npkpose.skeletons import normal_name, skeleton_names
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
    for meaning, rule in rules().items():
        assert meaning in every and {part for part, _ in rule.parts} <= every
        assert set(rule.groups) <= set(GROUPS) and set(rule.exceptions) <= set(PLANS)


def test_weights_sum_to_one_so_that_a_rule_holds_in_every_frame():
    for rule in rules().values():
        assert sum(weight for _, weight in rule.parts) == 1 and rule.text and rule.source


def test_rules_need_each_other_without_circles():
    left = {meaning: {part for part, _ in rule.parts} & set(rules())
            for meaning, rule in rules().items()}  # fmt: skip
    while done := {meaning for meaning, parts in left.items() if not parts}:
        left = {meaning: parts - done for meaning, parts in left.items() if meaning not in done}
    assert left == {}


def test_synonyms_and_own_meanings():
    where = dict(zip(skeletons.HALPE_26.keypoints, meanings(skeletons.HALPE_26)))
    assert where["head"] == "headtop" and where["hip"] == "midhip" and where["nose"] == "nose"
    assert meanings(skeletons.FLY_32)[0] == "fly: head" != meanings(skeletons.LOCUST_35)[0]
    assert meanings(skeletons.SMPL_24)[0] == meanings(skeletons.MPII_16)[6] == "midhip"
