import json

import numpy as np
import pytest

from npkpose.models.described import (
    DESCRIPTION,
    describe,
    load_described,
    skeleton_from_dict,
    skeleton_to_dict,
)
from npkpose.models.small import SmallTopDown, load_trained
from npkpose.models.tiny import TinyKeypointNet
from npkpose.skeleton import Skeleton
from npkpose.skeletons import BODY_25, COCO_17, H36M_17
from npkpose.weights import save_npz

PLAN = Skeleton("MINE", ("a", "b", "c"), ((0, 1),), ((1, 2),), (0.1, np.nan, 0.2))


@pytest.mark.parametrize("skeleton", [PLAN, BODY_25], ids=lambda skeleton: skeleton.name)
def test_saved_weights_make_the_network_again(tmp_path, skeleton):
    network = SmallTopDown((32, 48), 4, skeleton=skeleton, rng=np.random.default_rng(5)).eval()
    save_npz(tmp_path / "w.npz", network.state_dict() | describe(network))
    loaded = load_described(tmp_path / "w.npz")
    assert skeleton_to_dict(loaded.skeleton) == skeleton_to_dict(skeleton)
    assert loaded.input_size == (32, 48) and not loaded.training
    x = network.preprocess(np.zeros((32, 48, 3), np.uint8))
    np.testing.assert_array_equal(loaded(x), network(x))
    network.load_state_dict(network.state_dict() | describe(network))  # which ignores it


def test_a_published_skeleton_is_itself_and_another_of_its_name_is_not():
    assert skeleton_from_dict(skeleton_to_dict(H36M_17)) is H36M_17
    other = skeleton_to_dict(COCO_17) | {"pairs": []}
    assert skeleton_from_dict(other).pairs == () and skeleton_from_dict(other).name == "COCO_17"
    assert json.dumps(skeleton_to_dict(PLAN), allow_nan=False)
    np.testing.assert_array_equal(skeleton_from_dict(skeleton_to_dict(PLAN)).sigmas, PLAN.sigmas)


def test_other_networks_and_weights_have_no_description(tmp_path):
    class Mine(SmallTopDown):
        pass

    assert describe(TinyKeypointNet()) == describe(Mine(base=2)) == {}
    save_npz(tmp_path / "w.npz", load_trained("topdown").state_dict())
    assert load_described(tmp_path / "w.npz") is None


@pytest.mark.parametrize("change", [
    {"network": "Other"}, {"skeleton": 3}, {"skeleton": {}}, {"base": "x"}, {"input_size": [7, 8]},
    {"input_size": None}, {"base": 10**30}, {"skeleton": skeleton_to_dict(COCO_17)},
    {"skeleton": skeleton_to_dict(PLAN) | {"limbs": [[9, 9]]}},
])  # fmt: skip
def test_a_wrong_description_is_refused_with_the_file(tmp_path, change):
    network = SmallTopDown((32, 16), 2, skeleton=PLAN)
    content = json.loads(bytes(describe(network)[DESCRIPTION])) | change
    text = np.frombuffer(json.dumps(content).encode(), np.uint8)
    save_npz(tmp_path / "w.npz", network.state_dict() | {DESCRIPTION: text})
    with pytest.raises(ValueError, match=r"w.npz: expected a network that npkpose trained, got"):
        load_described(tmp_path / "w.npz")
    save_npz(tmp_path / "w.npz", network.state_dict() | {DESCRIPTION: text[:-1]})
    with pytest.raises(ValueError, match=r"w.npz: expected a network that npkpose trained, got"):
        load_described(tmp_path / "w.npz")


def test_a_description_alone_is_refused(tmp_path):
    save_npz(tmp_path / "w.npz", describe(SmallTopDown(base=2)))
    with pytest.raises(ValueError, match="w.npz: expected a network"):
        load_described(tmp_path / "w.npz")
