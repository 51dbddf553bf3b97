import numpy as np
import pytest

from npkpose import skeletons
from npkpose.metrics import Detections, GroundTruth, evaluate_coco
from npkpose.metrics.coco.protocols import PROTOCOLS
from npkpose.metrics.coco.scored import part_skeleton, skeleton_to_score
from tests.metrics.coco.test_evaluate import one_person


def test_sigmas_nobody_published_are_refused_unless_given():
    with pytest.raises(ValueError, match="skeleton.sigmas: .* constants of WFLW_98, got none"):
        skeleton_to_score("WFLW_98", PROTOCOLS["xtcoco"])
    given = skeleton_to_score("WFLW_98", PROTOCOLS["xtcoco"], np.full(98, 0.05))
    assert set(given.sigmas) == {0.05} and given.keypoints == skeletons.WFLW_98.keypoints


def test_one_sigma_for_all_is_a_guess_and_warns():
    with pytest.warns(UserWarning, match="sigmas: 0.05 for all keypoints is a guess"):
        skeleton = skeleton_to_score(None, PROTOCOLS["coco"], 0.05)
    assert skeleton.sigmas == (0.05,) * 17


def test_a_part_keeps_names_limbs_pairs_and_sigmas():
    whole = skeletons.COCO_WHOLEBODY_133
    foot = part_skeleton(whole, PROTOCOLS["wholebody_foot"])
    assert foot.keypoints == whole.keypoints[17:23] and foot.sigmas == whole.sigmas[17:23]
    for a, b in foot.limbs:
        assert (a + 17, b + 17) in whole.limbs
    assert part_skeleton(whole, PROTOCOLS["wholebody"]) is whole


def test_xtcoco_counts_labels_and_leaves_out_results_of_zeros():
    truth, results = one_person(num_keypoints=0)
    with pytest.warns(UserWarning, match="nobody to find"):
        assert evaluate_coco(truth, results).stats.ap == -1
    assert evaluate_coco(truth, results, protocol="xtcoco").stats.ap > 0.999
    results[0]["keypoints"] = [1, 1, 0] * 17
    assert evaluate_coco(truth, results, protocol="xtcoco").stats.ar == 0


def test_tables_are_scored_like_files():
    points = np.stack(np.meshgrid(np.arange(17.0), [0, 3]), axis=-1)
    truth = GroundTruth(points, np.ones((2, 17)), [1, 1], [500, 500], num_keypoints=[0, 0])
    found = Detections(points, [0.5, 0.25], [1, 1], third=np.ones((2, 17)) * [[1], [0]])
    result = evaluate_coco(truth, found, protocol="xtcoco")
    assert result.stats.ar == 0.5 and len(result.found) == 1
    assert len(found) == 2  # which is not changed
