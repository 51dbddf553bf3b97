"""The whole pipeline on two photographs, against their COCO annotations."""

import json

import numpy as np
import pytest

from npkpose import COCO_17, OPENPOSE_18, BottomUp, Skeleton, oks
from npkpose.codec.heatmap.blur import smooth_heatmaps
from npkpose.codec.paf.group import PAF_VARIANTS
from npkpose.metrics import match
from npkpose.models import (
    LightweightOpenPose,
    OpenPoseBody25,
    OpenPoseCOCO,
    OpenPoseMobileNetV2,
)
from npkpose.models.higherhrnet import HigherHRNet
from tests.stubs import BrightNet

PHOTOS = (785, 197388)


@pytest.fixture(scope="module")
def find(shared_data):
    path = shared_data / "openpose-mobilenetv2-small" / "graph_opt.pb"
    return BottomUp(OpenPoseMobileNetV2.from_file(path))


def test_five_of_six_annotated_people_are_found_well_and_six_are_drawn(find, shared_data):
    pytest.importorskip("PIL")
    annotations = json.loads((shared_data / "photos" / "annotations.json").read_bytes())
    similarities, drawn, annotated = [], 0, 0
    for image_id in PHOTOS:
        poses = find(shared_data / "photos" / f"{image_id:012d}.jpg").convert(OPENPOSE_18, COCO_17)
        people = [a for a in annotations["annotations"]
                  if a["image_id"] == image_id and a["num_keypoints"]]  # fmt: skip
        truth = np.array([a["keypoints"] for a in people]).reshape(-1, 17, 3)
        similarity = oks(
            poses.keypoints, truth[..., :2], [a["area"] for a in people], COCO_17.sigmas,
            truth[..., 2], missing="zero",
        )  # fmt: skip
        matched = match(similarity, poses.person_scores)
        similarities += [similarity[d, g] for d, g in enumerate(matched) if g >= 0]
        drawn += len(poses)
        annotated += len(people)
    print(f"{len(similarities)} found, mean OKS {np.mean(similarities):.3f}, {drawn} drawn")
    assert annotated == 6 and drawn == 6
    assert len(similarities) >= 5 and np.mean(similarities) >= 0.80


def test_an_array_gives_the_same_as_its_file_and_is_not_modified(find, shared_data):
    pytest.importorskip("PIL")
    from npkpose.image.files import read_image

    path = shared_data / "photos" / "000000000785.jpg"
    image = read_image(path)
    before = image.copy()
    np.testing.assert_array_equal(find(image).keypoints, find(str(path)).keypoints)
    np.testing.assert_array_equal(image, before)


class GreyNet(BrightNet):
    """A stub of stride 8: the brighter a place, the more it is every keypoint and limb."""

    darkest = 0


def test_coordinates_go_back_through_both_grids():
    image = np.zeros((100, 150, 3), np.uint8)
    image[40:60, 90:110] = 255  # centred at (99.5, 49.5)
    poses = BottomUp(GreyNet(), height=96)(image)
    np.testing.assert_allclose(poses.keypoints[0, 0], (99.5, 49.5), atol=1.0)


@pytest.mark.parametrize("options", [
    {"flip": True}, {"scales": (1, 0.5, 1.5)}, {"flip": True, "scales": (1, 2)},
])  # fmt: skip
def test_several_scales_and_the_flipped_image_give_the_same_position(options):
    image = np.zeros((100, 150, 3), np.uint8)
    image[40:60, 90:110] = 255
    poses = BottomUp(GreyNet(), 96, **options)(image)
    np.testing.assert_allclose(poses.keypoints[0, 0], (99.5, 49.5), atol=1.0)


class TagNet:
    """A stub of stride 2: red dots are noses, green ones tails, and blue is the tag."""

    skeleton = Skeleton("PAIR", ("nose", "tail"), ((0, 1),), (), 0.1)
    stride, size_multiple = 2, 16

    def eval(self):
        return self

    def preprocess(self, image):
        return image.transpose(2, 0, 1)[None].astype(np.float32) / 255

    def __call__(self, x):
        cells = x.reshape(1, 3, x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean(axis=(3, 5))
        return cells[:, :2], np.repeat(10 * cells[:, 2:], 2, axis=1)  # blue is the tag

    def split(self, maps):
        return maps


@pytest.mark.parametrize("options", [{}, {"flip": True}, {"scales": (1, 0.5)}])
def test_tags_assign_each_keypoint_to_its_person(options):
    image = np.zeros((96, 128, 3))
    people = np.array([[(20.0, 20.0), (100.0, 70.0)], [(90.0, 24.0), (30.0, 74.0)]])
    y, x = np.indices(image.shape[:2])
    for person, tag in zip(people, (0.2, 0.9)):
        for (px, py), colour in zip(person, (0, 1)):
            squared = (x - px) ** 2 + (y - py) ** 2
            image[..., colour] += 255 * np.exp(-squared / 32)
            image[..., 2][squared < 256] = 255 * tag
    find = BottomUp(TagNet(), 96, {"min_keypoints": 2}, **options)
    poses = find(image.astype(np.uint8))
    assert find.grouping == "tags" and len(poses) == 2
    found = poses.keypoints[np.argsort(poses.keypoints[:, 0, 0])]
    np.testing.assert_allclose(found, people, rtol=0, atol=0.6)


def test_a_networks_grouping_attribute_decides():
    net = TagNet()
    net.thresholds = {"min_keypoints": 2}
    assert BottomUp(net, 32).grouping == "paf"
    net.grouping = "tags"
    assert BottomUp(net, 32).grouping == "tags"
    net.grouping = "hair"
    with pytest.raises(ValueError, match="model.grouping: expected one of paf, tags, got 'hair'"):
        BottomUp(net, 32)


def test_a_networks_thresholds_may_be_a_published_parsers():
    for model in (OpenPoseCOCO(1, 2), LightweightOpenPose(0, 4), OpenPoseBody25(1, 1, 2)):
        assert BottomUp(model).thresholds == PAF_VARIANTS[model.thresholds]
        assert BottomUp(model, thresholds={"min_score": 0.9}).thresholds["min_score"] == 0.9
    net = GreyNet()
    net.thresholds = "hair"
    with pytest.raises(ValueError, match="model.thresholds: expected one of .*, got 'hair'"):
        BottomUp(net)


def test_heatmaps_of_a_network_with_a_blur_are_smoothed(rng):
    net, image = GreyNet(), rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)
    heatmaps, fields = BottomUp(net, height=64).maps(image)
    net.blur = 1.5
    smooth, same_fields = BottomUp(net, height=64).maps(image)
    np.testing.assert_array_equal(smooth, smooth_heatmaps(heatmaps, 1.5))
    np.testing.assert_array_equal(same_fields, fields)


def test_higherhrnet_fits_the_pipeline():
    model = HigherHRNet(4, modules=(1, 1, 1), blocks=1)
    poses = BottomUp(model, 64, {"min_keypoints": 17}, flip=True)(np.zeros((60, 90, 3), np.uint8))
    assert poses.keypoints.shape[1:] == (17, 2) and not model.training


def test_several_images_give_a_list_and_no_images_an_empty_one():
    image = np.zeros((100, 150, 3), np.uint8)
    image[40:60, 90:110] = 255
    find = BottomUp(GreyNet(), height=96)
    alone = find(image)
    for poses in (*find([image, image]), *find(image[None])):
        np.testing.assert_array_equal(poses.keypoints, alone.keypoints)
    assert find([]) == []


def test_a_black_image_gives_no_people():
    poses = BottomUp(GreyNet(), height=32)(np.zeros((20, 30, 3), np.uint8))
    assert poses.keypoints.shape == (0, 18, 2)


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), 7, None],
)
def test_anything_but_an_image_is_refused(image):
    with pytest.raises(ValueError, match="image: expected (shape|real)"):
        BottomUp(GreyNet())(image)


def test_a_bad_height_or_threshold_is_refused():
    with pytest.raises(ValueError, match="height: expected at least 16, got 8"):
        BottomUp(GreyNet(), height=8)
    with pytest.raises(ValueError, match="scales: expected at least one"):
        BottomUp(GreyNet(), scales=())
    with pytest.raises(ValueError, match="height: expected at most 1000000"):
        BottomUp(GreyNet(), height=10**9)
    for scales in (3, (1, 1e300), None, (1, "2")):
        with pytest.raises(ValueError, match="scales"):
            BottomUp(GreyNet(), scales=scales)
    with pytest.raises(ValueError, match="flip: expected True or False, got 'no'"):
        BottomUp(GreyNet(), flip="no")
    with pytest.raises(ValueError, match="thresholds: expected a dict, got 0.5"):
        BottomUp(GreyNet(), thresholds=0.5)
    with pytest.raises(ValueError, match="scales: expected more than 0"):
        BottomUp(GreyNet(), scales=(1, 0))
    with pytest.raises(ValueError, match="min_keypoints: expected at least 1"):
        BottomUp(GreyNet(), 32, {"min_keypoints": 0})(np.zeros((20, 30, 3), np.uint8))


def test_an_image_whose_input_would_fill_the_memory_is_refused():
    with pytest.raises(ValueError, match="image: expected sides that give an input of at most"):
        BottomUp(GreyNet(), 8000)(np.zeros((10, 20, 3), np.uint8))


def test_a_long_image_is_enlarged_less():
    find = BottomUp(GreyNet(), 432)
    for shape in ((20, 3000), (2, 4000), (10, 100_000)):
        height, width = find._input_size(shape, 1.0)
        assert height * width <= 1.5 * max(16 * 432**2, shape[0] * shape[1])  # 1.5: multiples of 16
        assert shape[1] <= width
    assert find._input_size((20, 300), 1.0) == (432, 6480)  # 15 times as long as high
    assert find._input_size((864, 86400), 1.0) == (432, 43200)  # reduced, as any other
    poses = find(np.zeros((20, 3000, 3), np.uint8))
    assert len(poses) == 0


def test_the_height_may_be_that_of_the_shorter_side():
    find = BottomUp(GreyNet(), 64)
    find.model.short_side = True
    assert find._input_size((200, 100), 1.0) == (128, 64)
    assert find._input_size((100, 200), 1.0) == (64, 128)
    assert find._input_size((100, 200), 0.5) == (32, 64)
