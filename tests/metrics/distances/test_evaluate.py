import json

import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import ImageEntry, Labels
from npkpose.metrics import evaluate_distances, mpii_protocol
from npkpose.metrics.distances.protocols import DISTANCE_PROTOCOLS

LOWEST = {"EPE", "NME"}


def labels(skeleton, points, images=None, **columns):
    """Return Labels, one instance in each image."""
    images = [ImageEntry(i) for i in range(len(points))] if images is None else images
    return Labels(skeleton, images, np.arange(len(points)), points, **columns)


def faces(skeleton, count=3):
    """Return faces whose points are 10 px apart in x."""
    points = np.zeros((count, skeleton.num_keypoints, 2))
    points[..., 0] = 10.0 * np.arange(skeleton.num_keypoints)
    return points


@pytest.mark.parametrize("name, skeleton, size", [
    ("300w", skeletons.FACE_68, 90), ("wflw", skeletons.WFLW_98, 120),
    ("cofw", skeletons.COFW_29, 10), ("lapa", skeletons.FACE_106, 130),
])  # fmt: skip
def test_nme_is_the_distance_over_that_of_the_outer_corners_of_the_eyes(name, skeleton, size):
    """Errors of 0, 1/20 and 1/5 of the size: by hand NME 1/12, and one face of three fails."""
    points = faces(skeleton)
    found = points + size * np.array([0, 1 / 20, 1 / 5])[:, None, None] * [0, 1]
    result = evaluate_distances(labels(skeleton, points), labels(skeleton, found), name)
    threshold = DISTANCE_PROTOCOLS[name].face_threshold
    assert result["NME"] == pytest.approx(1 / 12)
    assert result[f"FR@{threshold:g}"] == pytest.approx(1 / 3)
    assert result[f"AUC@{threshold:g}"] == pytest.approx((1 + 1 - 0.05 / threshold) / 3)
    np.testing.assert_allclose(result.faces, [0, 1 / 20, 1 / 5])


def test_nme_by_the_pupils_and_by_the_box():
    skeleton, points = skeletons.FACE_68, faces(skeletons.FACE_68)
    truth = labels(skeleton, points, boxes=[[0, 0, 20, 5]] * 3)
    found = labels(skeleton, points + [0, 3])
    assert evaluate_distances(truth, found, "nme")["NME"] == pytest.approx(3 / 10)
    by_pupils = evaluate_distances(truth, found, "300w", size="interpupil")
    assert by_pupils["NME"] == pytest.approx(3 / 60)  # means of points 36-41 and 42-47


def test_hands_are_scored_by_pck_auc_and_epe_worked_by_hand():
    """Half of the points are 12 px away, the others 0; the larger side of the box is 50."""
    skeleton = skeletons.HAND_21
    points = faces(skeleton, 2)
    found = points.copy()
    found[0] += [0, 12]
    truth = labels(skeleton, points, boxes=[[0, 0, 50, 30]] * 2)
    result = evaluate_distances(truth, labels(skeleton, found), "onehand10k")
    assert result.numbers == {
        "PCK@0.2": 0.5, "AUC@30px": pytest.approx((12 / 20 + 1) / 2), "EPE": 6.0,
    }  # fmt: skip
    assert evaluate_distances(truth, labels(skeleton, found), thresholds=0.24)["PCK@0.24"] == 1


def test_mpii_gives_the_nine_numbers_of_mpii_protocol(rng):
    points = rng.uniform(0, 200, (8, 16, 2))
    points[rng.random((8, 16)) < 0.1] = np.nan
    found = rng.normal(points, 6)
    found[np.isnan(found)] = 0.0
    heads = np.c_[rng.uniform(0, 50, (8, 2)), rng.uniform(15, 30, (8, 2))]
    truth = labels(skeletons.MPII_16, points, fields={"head_boxes": heads})
    result = evaluate_distances(truth, labels(skeletons.MPII_16, found), "mpii")
    corners = np.c_[heads[:, :2], heads[:, :2] + heads[:, 2:]]
    expected = mpii_protocol(found, points, corners, offset=0)
    np.testing.assert_array_equal(list(result.numbers.values()), expected)
    with pytest.raises(ValueError, match="ground_truth: expected MPII's 16 keypoints, got 17 of"):
        body = labels(skeletons.COCO_17, np.ones((1, 17, 2)), fields={"head_boxes": heads[:1]})
        evaluate_distances(body, body, "mpii")


def test_jhmdb_divides_by_the_torso():
    skeleton, points = skeletons.JHMDB_15, faces(skeletons.JHMDB_15, 1)
    ends = [skeleton.keypoints.index(name) for name in ("left_shoulder", "right_hip")]
    torso = 10 * abs(ends[0] - ends[1])
    found = labels(skeleton, points + [0, 0.15 * torso])
    result = evaluate_distances(labels(skeleton, points), found, "jhmdb")
    assert result.numbers == {"PCK@0.2": 1.0, "PCK@0.1": 0.0}


def test_a_missing_result_is_wrong_for_pck_and_refused_for_nme():
    skeleton, points = skeletons.FACE_68, faces(skeletons.FACE_68)
    truth = labels(skeleton, points, boxes=[[0, 0, 9, 9]] * 3)
    found = labels(skeleton, points[:2])
    assert evaluate_distances(truth, found, "pck")["PCK@0.2"] == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="results: expected keypoint 'face-0' of image 2, got no"):
        evaluate_distances(truth, found, "300w")


def test_results_of_other_keypoints_are_refused_with_both_counts_and_the_category():
    truth = labels(skeletons.FACE_68, faces(skeletons.FACE_68), categories={1: "face"})
    found = labels(skeletons.WFLW_98, faces(skeletons.WFLW_98))
    with pytest.raises(ValueError, match=r"expected 68 keypoints of face \(FACE_68\), got 98"):
        evaluate_distances(truth, found, "300w")


def test_files_are_read_and_a_size_that_they_lack_is_named(tmp_path):
    points = np.dstack([faces(skeletons.WFLW_98, 1), np.full((1, 98), 2)]).ravel().tolist()
    entry = {"id": 7, "image_id": 3, "category_id": 1, "keypoints": points}
    category = {"id": 1, "name": "face", "keypoints": []}
    truth = {"images": [{"id": 3}], "annotations": [entry], "categories": [category]}
    paths = tmp_path / "gt.json", tmp_path / "dt.json"
    for path, data in zip(paths, (truth, [{**entry, "score": 1.0}])):
        path.write_text(json.dumps(data), encoding="utf-8")
    result = evaluate_distances(*paths, "wflw")
    assert result.numbers == {"NME": 0, "AUC@0.1": 1, "FR@0.1": 0}
    assert str(result).splitlines()[0].split() == ["NME", "=", "0.0000"]
    with pytest.raises(ValueError, match=r"ground_truth\[0\]: expected a bbox, the size 'box'"):
        evaluate_distances(*paths, "nme")
    with pytest.raises(ValueError, match="expected a skeleton that has the size 'torso'"):
        evaluate_distances(*paths, "jhmdb")
    with pytest.raises(ValueError, match="expected the field box_size"):
        evaluate_distances(*paths, "aflw")


@pytest.mark.parametrize("settings, message", [
    ({"protocol": "oks"}, "protocol: expected one of mpii, .*, got 'oks'"),
    ({"protocol": 3}, "protocol: expected a name or a DistanceProtocol, got 3"),
    ({"size": "arm"}, "size: expected one of box, .*, got 'arm'"),
    ({"thresholds": [-1]}, "thresholds: expected positive numbers"),
])  # fmt: skip
def test_bad_settings_are_named(settings, message):
    truth = labels(skeletons.FACE_68, faces(skeletons.FACE_68), boxes=[[0, 0, 9, 9]] * 3)
    with pytest.raises(ValueError, match=message):
        evaluate_distances(truth, truth, **settings)


SAMPLES = {
    "300vw_anno_300vw": "300w", "300w_test_300w": "300w", "300wlp_test_300wlp": "300w",
    "aflw_test_aflw": "aflw", "cofw_test_cofw": "cofw", "lapa_test_lapa": "lapa",
    "wflw_test_wflw": "wflw", "onehand10k_test_onehand10k": "onehand10k",
    "freihand_test_freihand": "freihand", "rhd_test_rhd": "rhd", "jhmdb_test_jhmdb_sub1": "jhmdb",
    "panoptic_test_panoptic": "pckh", "mpii_test_mpii": "epe", "fly_test_fly": "pck",
    "horse10_test_horse10": "nme", "locust_test_locust": "pck", "zebra_test_zebra": "pck",
}  # fmt: skip


@pytest.mark.parametrize("name, protocol", SAMPLES.items())
def test_an_annotation_file_scored_against_itself_is_perfect(name, protocol, shared_data):
    path = shared_data / "samples" / "annotations" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no {path.name} here")
    for number, value in evaluate_distances(path, path, protocol).numbers.items():
        assert value == (0 if number in LOWEST or number.startswith("FR") else 1), number
