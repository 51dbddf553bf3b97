import numpy as np
import pytest

from npkpose import BODY_25, COCO_17, H36M_17, OPENPOSE_18, PANOPTIC_19, SMPL_24, oks


def test_flipping_twice_is_the_identity_and_exchanges_left_and_right():
    for skeleton in (COCO_17, OPENPOSE_18, BODY_25, H36M_17, PANOPTIC_19, SMPL_24):
        order = skeleton.flip_order
        np.testing.assert_array_equal(order[order], np.arange(skeleton.num_keypoints))
        for name, partner in zip(skeleton.keypoints, np.array(skeleton.keypoints)[order]):
            swap = {"left": "right", "right": "left"}.get(name.split("_")[0])
            assert partner == (name if swap is None else f"{swap}_{name.split('_', 1)[1]}")


def test_coco_sigmas_are_the_published_ones():
    published = [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]
    np.testing.assert_allclose(COCO_17.sigmas, np.array(published) / 1000)


def test_openpose_limbs_use_each_paf_channel_once():
    channels = [c for pair in OPENPOSE_18.paf_channels for c in pair]
    assert sorted(channels) == list(range(38)) and OPENPOSE_18.num_paf_channels == 38
    ends = {OPENPOSE_18.keypoints[k] for limb in OPENPOSE_18.redundant_limbs
            for k in OPENPOSE_18.limbs[limb]}  # fmt: skip
    assert ends == {"left_ear", "right_ear", "left_shoulder", "right_shoulder"}


def test_body_25_limbs_use_each_paf_channel_once_and_reach_every_keypoint():
    channels = [c for pair in BODY_25.paf_channels for c in pair]
    assert sorted(channels) == list(range(52))
    assert {k for limb in BODY_25.limbs for k in limb} == set(range(25))


@pytest.mark.parametrize(
    "skeleton, parents",
    [
        (H36M_17, [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]),
        (PANOPTIC_19, [-1, 0, 0, 0, 3, 4, 2, 6, 7, 0, 9, 10, 2, 12, 13, 1, 15, 1, 17]),
        (SMPL_24, [-1, 0, 0, 0, *range(1, 10), 9, 9, 12, 13, 14, *range(16, 22)]),
    ],
)  # fmt: skip
def test_skeletons_in_space_are_trees_and_their_limbs_mirror_each_other(skeleton, parents):
    assert sorted(skeleton.limbs, key=lambda limb: limb[1]) == list(zip(parents, range(50)))[1:]
    mirrored = {tuple(skeleton.flip_order[list(limb)].tolist()) for limb in skeleton.limbs}
    assert mirrored == set(skeleton.limbs)
    for parent, child in skeleton.limbs:  # a limb never joins left and right
        assert {skeleton.keypoints[k].split("_")[0] for k in (parent, child)} != {"left", "right"}


def test_keypoints_in_space_have_their_published_numbers():
    # Human3.6M's left and right as VideoPose3D lists them; Panoptic's from its own description.
    left, right = ([k for k, name in enumerate(H36M_17.keypoints) if name.startswith(side)]
                   for side in ("left", "right"))  # fmt: skip
    assert left == [4, 5, 6, 11, 12, 13] and right == [1, 2, 3, 14, 15, 16]
    assert [PANOPTIC_19.keypoints.index(f"left_{part}") for part in ("wrist", "ear")] == [5, 16]
    assert [SMPL_24.keypoints.index(name) for name in ("head", "right_hand")] == [15, 23]
    assert (COCO_17.columns_of(PANOPTIC_19) >= 0).sum() == 17 == len(COCO_17.keypoints)


def test_a_keypoint_without_a_measured_sigma_has_nan_and_its_skeleton_no_oks():
    undefined = [name for name, s in zip(H36M_17.keypoints, H36M_17.sigmas) if np.isnan(s)]
    assert undefined == ["spine", "thorax", "neck_nose", "head"]
    assert np.isfinite(PANOPTIC_19.sigmas).all() and np.isnan(SMPL_24.sigmas).sum() == 11
    assert H36M_17.sigmas[5] == COCO_17.sigmas[13] and SMPL_24.sigmas[12] == BODY_25.sigmas[1]
    pose = np.zeros((1, 17, 2))
    with pytest.raises(ValueError, match=r"sigmas\[7\]: expected a finite value, got nan"):
        oks(pose, pose, [1], H36M_17.sigmas)
