import numpy as np
import pytest

from npkpose import skeletons
from npkpose.metrics.coco.protocols import PARTS, PROTOCOLS, as_protocol, layouts


def test_every_protocol_has_its_own_name_and_a_published_skeleton():
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name and as_protocol(name.upper()) is protocol
        assert protocol.skeleton is None or skeletons.find(protocol.skeleton)
    assert as_protocol(PROTOCOLS["xtcoco"]) is PROTOCOLS["xtcoco"]


def test_the_parts_of_wholebody_cover_its_keypoints_once():
    names = np.array(skeletons.COCO_WHOLEBODY_133.keypoints)
    parts = [names[PROTOCOLS[f"wholebody_{part.name}"].columns] for part in PARTS]
    assert np.concatenate(parts).tolist() == names.tolist()
    assert parts[0].tolist() == list(skeletons.COCO_17.keypoints)
    assert parts[1].tolist() == list(skeletons.COCO_WHOLEBODY_FOOT_6.keypoints)


def test_wholebody_has_two_layouts_and_others_one():
    assert [len(layout) for layout in layouts(PROTOCOLS["wholebody"], 133)] == [5, 1]
    assert layouts(PROTOCOLS["crowdpose"], 14) == ((("keypoints", 14),),)


@pytest.mark.parametrize("bad", ["voc", None, 3])
def test_unknown_protocols_are_refused(bad):
    with pytest.raises(ValueError, match="protocol: expected "):
        as_protocol(bad)
