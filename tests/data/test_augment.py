import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npkpose import COCO_17, OPENPOSE_18, Grid
from npkpose.data import augment
from npkpose.data.people import SyntheticPeople
from npkpose.data.scene import Scene
from npkpose.image.crop import crop_matrices

SIZE = 64


class Network:
    skeleton, grid = COCO_17, Grid(2, "centre")

    def __init__(self, input_size):
        self.input_size = input_size


def dot_scene(x, y, k=0):
    """A black image with one bright smooth dot, which is keypoint k of one person."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    dot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.5**2))
    image = np.repeat(np.rint(255 * dot)[..., None], 3, axis=2).astype(np.uint8)
    keypoints, visibility = np.full((1, 17, 2), np.nan), np.zeros((1, 17), int)
    keypoints[0, k], visibility[0, k] = (x, y), 2
    box = np.array([[x - 5, y - 5, x + 6, y + 6]])
    return Scene(image, keypoints, visibility, box, np.array([100.0]), np.zeros(1, bool))


def centre_of(image):
    """The bright dot's centre of mass."""
    weight = image[..., 0].astype(float)
    rows, columns = np.mgrid[: weight.shape[0], : weight.shape[1]]
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()


@pytest.fixture(scope="module")
def scene():
    return SyntheticPeople(3, seed=2, size=(80, 96), people=3)[1]


def test_a_flip_by_hand():
    scene = dot_scene(10, 20, COCO_17.keypoints.index("left_wrist"))
    flipped = augment.flip_scene(scene, COCO_17)
    right = COCO_17.keypoints.index("right_wrist")
    assert flipped.keypoints[0, right].tolist() == [53, 20] and flipped.visibility[0, right] == 2
    assert flipped.visibility.sum() == 2
    assert flipped.boxes.tolist() == [[64 - 16, 15, 64 - 5, 26]]


def test_flipping_twice_gives_the_scene_back(scene):
    twice = augment.flip_scene(augment.flip_scene(scene, COCO_17), COCO_17)
    for name in ("image", "visibility", "boxes", "areas", "crowd"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(scene, name))
    np.testing.assert_allclose(twice.keypoints, scene.keypoints, atol=1e-12)


def test_the_identity_changes_nothing(scene):
    same = augment.warp_scene(scene, np.eye(2, 3), (80, 96))
    for name in ("image", "visibility", "boxes", "areas", "crowd"):
        np.testing.assert_array_equal(getattr(same, name), getattr(scene, name))
    np.testing.assert_allclose(same.keypoints, scene.keypoints, atol=1e-12)


def test_a_view_by_hand():
    scene = dot_scene(10, 20)
    larger = augment.warp_scene(scene, [[0.5, 0, 4], [0, 0.5, 10]], (32, 24))
    np.testing.assert_allclose(larger.keypoints[0, 0], (12, 20))
    # The box from 5 to 16 and 15 to 26 lies between 4.5 and 15.5, 14.5 and 25.5 as points.
    np.testing.assert_allclose(larger.boxes, [[1.5, 9.5, 23.5, 31.5]])
    np.testing.assert_allclose(larger.areas, 400)
    cut = augment.warp_scene(scene, [[0.5, 0, 10], [0, 0.5, 10]], (32, 24))
    np.testing.assert_allclose(cut.boxes, [[0, 9.5, 11.5, 31.5]])
    np.testing.assert_allclose(cut.areas, 400 * 11.5 / 22)


@settings(max_examples=30)  # warping is slow where nothing is compiled
@given(st.integers(0, 10_000))
def test_a_keypoint_moves_with_its_pixel(seed):
    rng = np.random.default_rng(seed)
    scene = dot_scene(*rng.uniform(22, 42, 2), k=9)
    if rng.random() < 0.5:
        scene = augment.flip_scene(scene, COCO_17)
    view = augment.random_view((SIZE, SIZE), (72, 80), rng)
    moved = augment.warp_scene(scene, view, (72, 80))
    dot = moved.keypoints[moved.visibility > 0]
    if len(dot) and (dot > 10).all() and (dot < [70, 62]).all():  # the whole dot is visible
        np.testing.assert_allclose(dot[0], centre_of(moved.image), atol=0.15)
    crop = augment.random_crop(scene, 0, Network((48, 36)), rng)
    moved = augment.warp_scene(scene, crop, (48, 36))
    dot = moved.keypoints[moved.visibility > 0]
    step = np.sqrt(abs(np.linalg.det(crop[:, :2])))
    if len(dot) and (dot > 9 / step).all() and (dot < [35 - 9 / step, 47 - 9 / step]).all():
        np.testing.assert_allclose(dot[0], centre_of(moved.image), atol=0.15 / step)


@settings(max_examples=30)  # warping is slow where nothing is compiled
@given(st.integers(0, 10_000))
def test_keypoints_outside_the_view_lose_their_labels(seed):
    rng = np.random.default_rng(seed)
    scene = SyntheticPeople(1, seed=3, size=64, people=3)[0]
    moved = augment.warp_scene(scene, augment.random_view((64, 64), 64, rng, 1.5), 64)
    labelled = moved.visibility > 0
    np.testing.assert_array_equal(labelled, ~np.isnan(moved.keypoints[..., 0]))
    assert augment.inside(moved.keypoints, (64, 64))[labelled].all()
    assert (moved.boxes >= 0).all() and (moved.boxes <= 64).all()
    assert (moved.boxes[:, 2:] > moved.boxes[:, :2]).all() and (moved.areas > 0).all()


def test_at_strength_0_a_crop_is_that_of_the_pipeline(scene):
    crop = augment.random_crop(scene, 0, Network((64, 48)), np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(crop, crop_matrices(scene.boxes[:1], (64, 48), "centre")[0])
    whole = augment.random_view((80, 96), (80, 96), np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(whole, np.eye(2, 3), atol=1e-12)


def test_a_half_body_box_contains_the_keypoints_of_one_half(scene):
    keypoints = np.random.default_rng(0).uniform(10, 50, (17, 2))
    seen = set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        box = augment.half_body(keypoints, scene.boxes[0], COCO_17, rng)
        whole = [
            ((half >= box[:2]) & (half <= box[2:])).all()
            for half in (keypoints[:11], keypoints[11:])
        ]
        assert any(whole)
        seen.add(tuple(box))
    assert len(seen) == 2
    keypoints[11:] = np.nan  # no legs: always the upper half
    boxes = [
        augment.half_body(keypoints, None, COCO_17, np.random.default_rng(s)) for s in range(4)
    ]
    assert len({tuple(box) for box in boxes}) == 1
    nobody = np.full((17, 2), np.nan)
    assert augment.half_body(nobody, "given", COCO_17, np.random.default_rng(0)) == "given"


def test_bad_views_are_refused(scene):
    with pytest.raises(ValueError, match="view: expected an invertible matrix"):
        augment.warp_scene(scene, [[1, 1, 0], [1, 1, 0]], 64)
    with pytest.raises(ValueError, match="strength: expected at least 0, got -1"):
        augment.random_view((64, 64), 64, np.random.default_rng(0), -1)
    with pytest.raises(ValueError, match="scene: expected a Scene, got 3"):
        augment.flip_scene(3, COCO_17)
    with pytest.raises(ValueError, match="skeleton: expected a Skeleton, got 'COCO_17'"):
        augment.flip_scene(scene, "COCO_17")
    with pytest.raises(ValueError, match="skeleton: expected 17 keypoints, got 18"):
        augment.flip_scene(scene, OPENPOSE_18)
    with pytest.raises(ValueError, match="network.input_size: expected an integer, got None"):
        augment.random_crop(scene, 0, "small", np.random.default_rng(0))
