import numpy as np
import pytest

from npkpose.data.labelled_images import LabelledImages
from npkpose.image.files import write_image
from npkpose.io import ImageEntry, Labels
from npkpose.models.described import load_described
from npkpose.skeleton import Skeleton
from npkpose.training import read_log
from npkpose.training.labelled_recipe import SQUARE, TALL, WIDE, crop_shape, make_labelled_trainer

pytest.importorskip("PIL", reason="images need Pillow")
HAND = Skeleton("HAND", ("wrist", "thumb", "little"), ((0, 1), (0, 2)), (), np.nan)
FACE = Skeleton("FACE", ("left", "right", "nose"), (), ((0, 1),), 0.05)


@pytest.fixture
def data(tmp_path):
    """Return a function from a skeleton of three keypoints to two images of coloured dots."""

    def make(skeleton):
        rng, images, keypoints = np.random.default_rng(3), [], []
        for i in range(2):
            image = np.zeros((32, 32, 3), np.uint8)
            points = rng.integers(4, 28, (3, 2))
            for k, (x, y) in enumerate(points):
                image[y - 1 : y + 2, x - 1 : x + 2, k] = 255
            write_image(tmp_path / f"{i}.png", image)
            images.append(ImageEntry(i, f"{i}.png", 32, 32))
            keypoints.append(points)
        boxes = [[0, 0, 32, 32]] * 2
        return LabelledImages(Labels(skeleton, images, [0, 1], keypoints, boxes=boxes), tmp_path)

    return make


def train(data, folder, steps=2, **options):
    trainer = make_labelled_trainer(data, data, folder, steps, **options)
    assert trainer.run(steps, evaluate_every=steps)
    return trainer


def test_the_weights_say_their_skeleton_and_the_log_has_its_score(data, tmp_path):
    for skeleton, column in ((HAND, "pck"), (FACE, "ap")):
        folder = tmp_path / skeleton.name
        trainer = train(data(skeleton), folder)
        assert trainer.model.head.params["weight"].shape[1] == 3
        for name in ("weights.npz", "best.npz", "checkpoint.npz"):
            network = load_described(folder / name)
            assert network.skeleton.name == skeleton.name and network.input_size == SQUARE
        assert 0 <= read_log(folder / "log.csv")[-1][column] <= 1
        final = load_described(folder / "weights.npz").state_dict()
        for name, array in load_described(folder / "checkpoint.npz").state_dict().items():
            np.testing.assert_array_equal(array, final[name])


def test_a_run_of_another_skeleton_is_not_continued(data, tmp_path):
    train(data(HAND), tmp_path / "run", 1)
    make_labelled_trainer(data(HAND), data(HAND), tmp_path / "run", 1)
    other = Skeleton("HAND", HAND.keypoints, ((0, 1),), (), np.nan)
    for skeleton, message in (
        (FACE, "skeleton: expected 'HAND', as in the checkpoint, got 'FACE'"),
        (other, "skeleton_content: expected"),
    ):
        with pytest.raises(ValueError, match=message):
            make_labelled_trainer(data(skeleton), data(skeleton), tmp_path / "run", 1)


def test_only_a_skeleton_with_pairs_is_flipped(data):
    """Of a scene that is not symmetric, some crops are flipped, and none of a single hand."""
    for skeleton in (HAND, FACE):
        scenes = data(skeleton)
        trainer = make_labelled_trainer(scenes, scenes, scenes.folder / skeleton.name, 1)
        scene, flipped = scenes[0], 0
        order = np.sign(np.diff(scene.keypoints[0, :, 0]))
        trainer.task.strength = 0
        for seed in range(20):
            crop = trainer.task._crop(scene, 0, np.random.default_rng(seed))
            flipped += not np.array_equal(np.sign(np.diff(crop.keypoints[0, :, 0])), order)
        assert (flipped > 0) == bool(skeleton.pairs)


def test_the_shape_of_crops_is_that_of_most_boxes():
    def box(width, height):
        return [5.0, 5.0, 5.0 + width, 5.0 + height]

    assert crop_shape(np.array([box(20, 40)] * 2 + [box(90, 10)])) == TALL
    assert crop_shape(np.array([box(40, 20)])) == WIDE
    assert crop_shape(np.array([box(30, 36), box(30, 26)])) == SQUARE
