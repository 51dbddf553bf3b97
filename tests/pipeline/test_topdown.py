"""People drawn as dots of light, and a stub of a network that finds such dots."""

import numpy as np
import pytest

from npkpose import Grid, Skeleton
from npkpose.codec.heatmap.expected_oks import expected_oks
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.models.hrnet import HRNet
from npkpose.models.vitpose import ViTPose
from npkpose.pipeline.flip import flip, flip_maps
from npkpose.pipeline.topdown import TopDown

DOTS = Skeleton("DOTS", ("nose", "left", "right"), ((0, 1), (0, 2)), ((1, 2),), 0.1)
RED, GREEN = 0, 1
GRIDS = {name: Grid(4, name) for name in ("index", "centre", "corner")}


class DotNet:
    """Takes the red dot as the nose and, of two green ones, the one on the right as left."""

    skeleton, input_size = DOTS, (128, 96)

    def __init__(self, grid, height=0.9):
        self.grid, self.height = grid, height
        self.seen = []

    def eval(self):
        return self

    def preprocess(self, image):
        return image.transpose(0, 3, 1, 2).astype(np.float32)

    def __call__(self, x):
        self.seen.append(len(x))
        maps = np.stack([self._maps(person) for person in x])
        return np.concatenate([maps, np.ones_like(maps)], axis=1)  # more channels than keypoints

    def _maps(self, person):
        size = tuple(side // 4 for side in self.input_size)
        across = np.median(np.repeat(np.arange(96), person[GREEN].sum(axis=0).astype(int)))
        right_half = np.arange(96) > across
        parts = person[RED], person[GREEN] * right_half, person[GREEN] * ~right_half
        points = np.array([centroid(part) for part in parts])
        return self.height * gaussian_heatmaps(self.grid.to_map(points, size), size)


def centroid(image):
    rows, columns = np.indices(image.shape)
    weights = image / max(image.sum(), 1e-9)
    return (columns * weights).sum(), (rows * weights).sum()


def draw(people, size=(300, 400)):
    """A black image with a red dot and two green ones for each person (P, 3, 2)."""
    image = np.zeros((*size, 3))
    y, x = np.indices(size)
    for person in people:
        for (px, py), colour in zip(person, (RED, GREEN, GREEN)):
            image[..., colour] += 255 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 18)
    return np.rint(image.clip(0, 255)).astype(np.uint8)


PEOPLE = np.array([
    [(100.0, 60.0), (125.3, 120.0), (80.0, 118.6)],
    [(300.4, 150.0), (330.0, 231.7), (270.2, 220.0)],
])  # fmt: skip
BOXES = [(60, 30, 145, 150), (250, 120, 350, 260)]


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("flip", [False, True])
def test_every_person_is_found_at_the_right_place(name, flip):
    find = TopDown(DotNet(GRIDS[name]), flip=flip)
    poses = find(draw(PEOPLE), BOXES)
    np.testing.assert_allclose(poses.keypoints[np.argsort(poses.ids)], PEOPLE, rtol=0, atol=0.15)


def test_a_shift_by_a_whole_pixel_as_published_is_half_a_pixel_of_the_crop_off():
    """`Grid.flip_shift` gives 0.75 map pixels here; published code has 1."""
    from npkpose.pipeline.flip import flip, flip_maps

    net = DotNet(GRIDS["index"])
    x = np.zeros((1, 3, 128, 96), np.float32)
    x[0, :, 60:63, 40:43] = 100  # centred at 41
    for shift, error in ((0.75, 0.0), (1.0, 0.5)):
        maps = net(x)[:, :3] + flip_maps(net(flip(x))[:, :3], DOTS, shift)
        columns = 4 * (maps[0, 0].sum(axis=0) * np.arange(24)).sum() / maps[0, 0].sum()
        assert abs(columns - 41 - error) < 0.05


def test_a_score_is_the_boxs_score_times_the_mean_keypoint_score():
    poses = TopDown(DotNet(GRIDS["corner"], 0.5), refine="argmax")(draw(PEOPLE), BOXES, [0.2, 0.8])
    np.testing.assert_array_equal(poses.ids, [1, 0])  # by falling score
    np.testing.assert_allclose(
        poses.person_scores, [0.8, 0.2] * poses.scores.mean(axis=1), rtol=1e-12
    )
    weak = TopDown(DotNet(GRIDS["corner"], 0.15))(draw(PEOPLE), BOXES)
    np.testing.assert_array_equal(weak.person_scores, [0, 0])  # all keypoints below 0.2


def test_a_network_with_an_oks_scale_gives_the_expected_oks_in_place_of_heatmaps(rng):
    net = DotNet(GRIDS["centre"])
    crops = rng.integers(0, 256, (2, 128, 96, 3), dtype=np.uint8)
    x = net.preprocess(crops)
    here, flipped = (expected_oks(net(each)[:, :3], DOTS.sigmas, 0.5 * 32) for each in (x, flip(x)))
    net.oks_scale = 0.5
    np.testing.assert_array_equal(TopDown(net, flip=False).heatmaps(crops), here)
    mean = (here + flip_maps(flipped, DOTS)) / 2
    np.testing.assert_array_equal(TopDown(net).heatmaps(crops), mean)


def test_of_two_boxes_around_one_person_the_better_one_is_kept():
    boxes = [BOXES[0], (58, 28, 147, 154), BOXES[1]]
    find = TopDown(DotNet(GRIDS["corner"]))
    np.testing.assert_array_equal(find(draw(PEOPLE), boxes, [0.5, 0.9, 0.7]).ids, [1, 2])
    find = TopDown(DotNet(GRIDS["corner"]), nms_threshold=1.0)
    assert len(find(draw(PEOPLE), boxes, [0.5, 0.9, 0.7])) == 3


def test_a_box_outside_the_image_gives_no_person_and_the_ids_of_others_stay():
    outside = [(400, 0, 450, 50), (1000, 1000, 1050, 1050), (-50, 20, 0, 90)]
    find = TopDown(DotNet(GRIDS["corner"]))
    poses = find(draw(PEOPLE), [outside[0], BOXES[0], *outside[1:], BOXES[1]], [1, 0.5, 1, 1, 0.4])
    assert poses.ids.tolist() == [1, 4]
    np.testing.assert_allclose(poses.keypoints, PEOPLE, rtol=0, atol=0.15)
    assert len(find(draw(PEOPLE), outside)) == 0


def test_many_people_go_through_the_network_in_batches():
    net = DotNet(GRIDS["corner"])
    poses = TopDown(net, flip=False, nms_threshold=1.0)(draw(PEOPLE), BOXES * 20)
    assert net.seen == [16, 16, 8] and len(poses) == 40


def test_several_images_give_a_list_and_paths_give_the_same_as_arrays(tmp_path):
    pytest.importorskip("PIL")
    from npkpose.image.files import write_image

    image = draw(PEOPLE)
    write_image(tmp_path / "a.png", image)
    find = TopDown(DotNet(GRIDS["corner"]))
    alone = find(image, BOXES)
    before = image.copy()
    several = find([image, tmp_path / "a.png", str(tmp_path / "a.png")], [BOXES, BOXES, []])
    for poses, count in zip(several, (2, 2, 0), strict=True):
        np.testing.assert_array_equal(poses.keypoints, alone.keypoints[:count])
    stacked = find(np.stack([image, image]), [BOXES, BOXES])
    np.testing.assert_array_equal(stacked[1].keypoints, alone.keypoints)
    np.testing.assert_array_equal(image, before)


def test_no_boxes_and_no_images_give_empty_results():
    find = TopDown(DotNet(GRIDS["corner"]))
    assert find(draw([]), []).keypoints.shape == (0, 3, 2)
    assert find(draw([]), np.empty((0, 4)), []).keypoints.shape == (0, 3, 2)
    assert find([]) == [] and find(np.empty((0, 8, 8, 3), np.uint8), []) == []


def test_without_boxes_the_whole_image_is_one_box():
    poses = TopDown(DotNet(GRIDS["corner"]))(draw(PEOPLE[:1], (180, 200)))
    np.testing.assert_allclose(poses.keypoints, PEOPLE[:1], rtol=0, atol=0.3)


@pytest.mark.parametrize("model", [
    ViTPose((12, 1, 2), "simple", image_size=(64, 48)),
    HRNet(4, 17, modules=(1, 1, 1), blocks=1),
], ids=["ViTPose", "HRNet"])  # fmt: skip
def test_the_networks_of_the_library_fit_the_pipeline(model):
    find = TopDown(model)
    poses = find(draw(PEOPLE, (300, 400)), BOXES[:1])
    assert poses.keypoints.shape == (1, 17, 2)
    assert not model.training and find.grid.stride == 4


NET = DotNet(GRIDS["corner"])
IMAGE = draw([])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: TopDown(NET, padding=0), "padding: expected more than 0"),
    (lambda: TopDown(NET, nms_threshold=-1), "nms_threshold: expected at least 0"),
    (lambda: TopDown(NET, keypoint_threshold="a"), "keypoint_threshold: expected a finite number"),
    (lambda: TopDown(NET, refine="best"), "refine: expected one of"),
    (lambda: TopDown(NET)(np.zeros((4, 4))), r"image: expected shape \(H, W, 3\) of uint8"),
    (lambda: TopDown(NET)(IMAGE, [(1, 2, 3)]), r"boxes: expected shape \(P, 4\)"),
    (lambda: TopDown(NET)(IMAGE, [(0, 0, 9, 9), (5, 5, 5, 9)]), r"boxes\[1\]: expected x0 < x1"),
    (lambda: TopDown(NET)(IMAGE, [(0, 0, 9, np.nan)]), r"boxes\[0, 3\]: expected a finite value"),
    (lambda: TopDown(NET)(IMAGE, BOXES, [1.0]), r"box_scores: expected shape \(2\)"),
    (lambda: TopDown(NET)([IMAGE], [BOXES, BOXES]), "boxes: expected an item for each of 1 image"),
])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_network_with_too_few_maps_is_named():
    from npkpose.models import HRNet

    find = TopDown(HRNet(4, 5, modules=(1, 1, 1), blocks=1))
    with pytest.raises(ValueError, match="model: expected 17 maps for COCO_17, got 5"):
        find(np.zeros((20, 20, 3), np.uint8))
