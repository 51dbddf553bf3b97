"""Every annotation file of the samples: its format, skeleton, number of instances and of images."""

import warnings

import numpy as np
import pytest

from npkpose import skeletons
from npkpose.io import read, write
from npkpose.io.convert import recognise
from npkpose.io.source import Source

EXPECTED = {
    "300vw_anno_300vw": ("coco", "FACE_68", 3, 3),
    "300w_test_300w": ("coco", "FACE_68", 2, 2),
    "300wlp_test_300wlp": ("coco", "FACE_68", 2, 2),
    "aflw_test_aflw": ("coco", "AFLW_19", 2, 2),
    "aic_test_aic": ("coco", "AIC_14", 9, 3),
    "ak_test_animalkingdom": ("coco", "ANIMALKINGDOM_23", 2, 2),
    "animalpose_test_animalpose": ("coco", "ANIMALPOSE_20", 2, 2),
    "ap10k_test_ap10k": ("coco", "AP10K_17", 2, 2),
    "atrw_test_atrw": ("coco", "ATRW_15", 2, 2),
    "coco_test_coco": ("coco", "COCO_17", 14, 4),
    "coco_test_coco_wholebody": ("wholebody", "COCO_WHOLEBODY_133", 14, 4),
    "coco_test_keypoint_partition_metric": ("coco", "COCO_WHOLEBODY_133", 14, 4),
    "cofw_test_cofw": ("coco", "COFW_29", 2, 2),
    "crowdpose_test_crowdpose": ("coco", "CROWDPOSE_14", 5, 2),
    "deepfasion2_deepfasion2": ("coco", "DEEPFASHION2_294", 2, 2),
    "exlpose_test_exlpose": ("coco", "CROWDPOSE_14", 6, 2),
    "fld_test_fld": ("coco", "DEEPFASHION_FULL_8", 2, 2),
    "fly_test_fly": ("coco", "FLY_32", 2, 2),
    "freihand_test_freihand": ("coco", "HAND_21", 8, 8),
    "h36m_h36m_coco": ("coco", "H36M_17", 4, 4),
    "halpe_test_halpe": ("coco", "HALPE_136", 14, 4),
    "horse10_test_horse10": ("coco", "HORSE10_22", 3, 3),
    "humanart_test_humanart": ("coco", "COCO_17", 4, 3),
    "jhmdb_test_jhmdb_sub1": ("posetrack", "JHMDB_15", 3, 3),
    "lapa_test_lapa": ("coco", "FACE_106", 2, 2),
    "locust_test_locust": ("coco", "LOCUST_35", 2, 2),
    "macaque_test_macaque": ("coco", "MACAQUE_17", 2, 2),
    "mhp_test_mhp": ("coco", "MPII_16", 4, 2),
    "mpii_test_mpii": ("mpii", "MPII_16", 5, 5),
    "mpii_test_mpii_trb": ("coco", "MPII_TRB_40", 5, 5),
    "ochuman_test_ochuman": ("coco", "COCO_17", 5, 3),
    "onehand10k_test_onehand10k": ("coco", "HAND_21", 4, 4),
    "panoptic_test_panoptic": ("coco", "HAND_21", 4, 4),
    "posetrack18_annotations_test_posetrack18_val": ("posetrack", "POSETRACK_17", 14, 3),
    "posetrack18_annotations_val_003418_mpii_test": ("posetrack", "POSETRACK_17", 1, 1),
    "posetrack18_annotations_val_009473_mpii_test": ("posetrack", "POSETRACK_17", 2, 1),
    "posetrack18_annotations_val_012834_mpii_test": ("posetrack", "POSETRACK_17", 11, 1),
    "rhd_test_rhd": ("coco", "RHD_21", 3, 3),
    "ubody3d_ubody3d_train": ("coco", "UBODY3D_133", 1, 1),
    "wflw_test_wflw": ("coco", "WFLW_98", 4, 2),
    "zebra_test_zebra": ("coco", "ZEBRA_9", 2, 2),
}
REFUSED = {
    "campus_calibration_campus": "got a camera calibration",
    "coco_test_coco_det_AP_H_56": "got boxes without keypoints",
    "crowdpose_test_crowdpose_det_AP_40": "got boxes without keypoints",
    "humanart_test_humanart_det_AP_H_56": "got boxes without keypoints",
    "interhand2.6m_test_interhand2.6m_camera": "got a camera calibration",
    "interhand2.6m_test_interhand2.6m_data": r"annotations\[0\].keypoints: expected keypoints, got",
    "interhand2.6m_test_interhand2.6m_joint_3d": "got points in space, not in images",
    "posetrack18_annotations_test_posetrack18_human_detections": "got boxes without keypoints",
}


@pytest.fixture(scope="module")
def samples(shared_data):
    return shared_data / "samples" / "annotations"


def test_every_sample_is_listed(samples):
    assert {path.stem for path in samples.glob("*.json")} == set(EXPECTED) | set(REFUSED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_read_with_its_skeleton_instances_and_images(samples, name):
    path = samples / f"{name}.json"
    labels = read(path)
    got = recognise(Source(path)), labels.skeleton.name, len(labels), len(labels.images)
    assert got == EXPECTED[name]
    assert labels.present.any() and np.nanmax(labels.keypoints) < 10_000
    assert labels.skeleton is skeletons.find(labels.skeleton.name)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_converted_to_coco_and_back_without_loss(samples, name, tmp_path):
    labels = read(samples / f"{name}.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is left out
        write(labels, tmp_path / "coco.json")
    again = read(tmp_path / "coco.json", "coco")
    if EXPECTED[name][0] == "mpii":  # its instances have no ids, and COCO's images need them
        assert [image.file_name for image in again.images] == [
            image.file_name for image in labels.images
        ]
    assert again == labels


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_keypoints_is_refused_by_what_it_is(samples, name):
    with pytest.raises(ValueError, match=rf"{name}.json: .*{REFUSED[name]}"):
        read(samples / f"{name}.json")


def test_keypoints_of_whole_bodies_are_those_of_their_parts(samples):
    parts = read(samples / "coco_test_coco_wholebody.json")
    whole = read(samples / "coco_test_keypoint_partition_metric.json")
    np.testing.assert_array_equal(parts.keypoints[:, :17], whole.keypoints[:, :17])
    assert parts.fields["foot_valid"].dtype == bool and parts.fields["face_box"].shape == (14, 4)


def test_crowd_indices_tracks_and_ignored_regions_are_fields(samples):
    crowd = read(samples / "crowdpose_test_crowdpose.json")
    assert crowd.image_fields["crowdIndex"].tolist() == [0.33, 0.39]
    video = read(samples / "posetrack18_annotations_test_posetrack18_val.json")
    assert len(video.fields["track_ids"]) == 14 and video.fields["head_boxes"].shape == (14, 4)
    assert set(video.image_fields["vid_id"]) == {"012834", "003418", "009473"}
    polygons = video.image_fields["ignore_regions"][0]
    assert all(len(point) == 2 for polygon in polygons for point in polygon)
