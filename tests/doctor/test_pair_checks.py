import numpy as np
import pytest

from npkpose.doctor import diagnose
from npkpose.doctor.pair_checks import paired_differences
from npkpose.doctor.sheet import sheet_of_entries
from npkpose.skeletons import COCO_17


def shifted(results, x, y, noise=0.0):
    rng = np.random.default_rng(1)
    for one in results:
        row = np.array(one["keypoints"], float).reshape(17, 3)
        row[:, :2] += np.array([x, y]) + noise * rng.normal(size=(17, 2))
        one["keypoints"] = row.ravel().tolist()
    return results


@pytest.mark.parametrize("shift, why", [
    ((0.5, 0.5), "half a pixel"), ((1.0, 1.0), "one pixel"), ((0.0, -2.0), "OKS of small"),
])  # fmt: skip
def test_a_shift_of_all_results_is_named(truth, results, save, shift, why):
    for one, other in zip(results, truth["annotations"]):
        one["keypoints"] = other["keypoints"]
    path = save(shifted(results, *shift, noise=0.2), "dt.json")
    (finding,) = diagnose(save(truth), path).findings
    assert finding.what.startswith("results that lie (") and why in finding.effect
    measured = [float(text) for text in finding.what.split("(")[1].split(")")[0].split(", ")]
    np.testing.assert_allclose(measured, shift, atol=0.1)


def test_noise_and_few_results_are_no_shift(truth, results, save):
    noisy = shifted(results, 0, 0, noise=2.0)
    assert diagnose(save(truth), save(noisy, "dt.json")).findings == []
    few = shifted(results[:3], 3, 3)
    assert diagnose(save(truth), save(few, "dt.json")).findings == []


def test_a_result_is_paired_with_the_nearest_annotation_of_its_image(truth, results):
    exact = [{**one, "keypoints": one["keypoints"]} for one in truth["annotations"]]
    exact[0]["keypoints"] = [value + 1 for value in exact[0]["keypoints"]]
    images = truth["images"]
    sheet = sheet_of_entries(truth["annotations"], images, COCO_17, "annotations")
    found = sheet_of_entries(exact[::-1], images, COCO_17, "results")
    differences = paired_differences(sheet, found)
    assert len(differences) == 6 * 17 and (differences[-17:] == 1).all()
    assert not differences[:-17].any()
    far = sheet_of_entries([{**exact[1], "image_id": 99}], images, COCO_17, "results")
    assert len(paired_differences(sheet, far)) == 0
