import warnings

import numpy as np
import pytest

from npkpose import io, skeletons
from npkpose.io import ImageEntry, Labels
from npkpose.metrics import evaluate_coco
from npkpose.metrics.coco.from_labels import detections_of, ground_truth_of

PLAN = skeletons.ZEBRA_9


def zebras(**columns):
    points = np.stack(np.meshgrid(np.arange(9.0), [0, 5]), axis=-1)
    points[1, 3] = np.nan
    return Labels(PLAN, [ImageEntry("b"), ImageEntry("a")], [0, 1], points, **columns)


def test_the_columns_become_those_of_tables():
    labels = zebras(
        areas=[7, 8], boxes=[[0, 0, 9, 9]] * 2, categories={3: "zebra"}, ignored=[False, True],
        image_fields={"crowdIndex": np.array([0.5, 0.25])}, instance_scores=[0.5, np.nan],
    )  # fmt: skip
    truth, found = ground_truth_of(labels), detections_of(labels)
    assert truth.image_id.tolist() == ["b", "a"] and truth.images.tolist() == ["a", "b"]
    assert truth.crowd_index.tolist() == [0.25, 0.5] and truth.category_id.tolist() == [3, 3]
    assert truth.labelled.sum(axis=1).tolist() == [9, 8] and truth.iscrowd.tolist() == [False, True]
    assert found.score.tolist() == [0.5, 1.0] and found.present.sum() == 17


def test_areas_that_are_missing_are_0_53_of_the_box():
    with pytest.warns(UserWarning, match="ground_truth: 2 have no area: 0.53 of the box is taken"):
        truth = ground_truth_of(zebras(boxes=[[0, 0, 10, 10], [np.nan] * 4]))
    assert truth.area.tolist() == [53, 0] and truth.bbox[1].tolist() == [0, 5, 8, 0]


SAMPLES = """300vw_anno_300vw 300w_test_300w 300wlp_test_300wlp aflw_test_aflw aic_test_aic
ak_test_animalkingdom animalpose_test_animalpose ap10k_test_ap10k atrw_test_atrw coco_test_coco
coco_test_coco_wholebody coco_test_keypoint_partition_metric cofw_test_cofw
crowdpose_test_crowdpose deepfasion2_deepfasion2 exlpose_test_exlpose fld_test_fld fly_test_fly
freihand_test_freihand h36m_h36m_coco halpe_test_halpe horse10_test_horse10
humanart_test_humanart jhmdb_test_jhmdb_sub1 lapa_test_lapa locust_test_locust
macaque_test_macaque mhp_test_mhp mpii_test_mpii mpii_test_mpii_trb ochuman_test_ochuman
onehand10k_test_onehand10k panoptic_test_panoptic posetrack18_annotations_test_posetrack18_val
posetrack18_annotations_val_003418_mpii_test posetrack18_annotations_val_009473_mpii_test
posetrack18_annotations_val_012834_mpii_test rhd_test_rhd ubody3d_ubody3d_train wflw_test_wflw
zebra_test_zebra""".split()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_annotation_file_scored_against_itself_is_perfect(name, shared_data):
    path = shared_data / "samples" / "annotations" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no {path.name} here")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = io.read(path)
        labels = labels.at(labels.present.any(axis=1))
        sigmas = labels.skeleton.sigmas
        sigmas = sigmas if np.isfinite(sigmas).all() else 0.05
        protocol = "crowdpose" if "crowdpose" in name else "xtcoco"
        result = evaluate_coco(labels, labels, "auto", protocol=protocol, sigmas=sigmas)
    assert result.stats.ap > 1 - 1e-12 and result.stats.ar == 1
