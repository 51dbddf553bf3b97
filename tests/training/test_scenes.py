import numpy as np
import pytest

from npkpose import COCO_17, Grid
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.codec.paf.fields import paf_fields
from npkpose.codec.paf.group import group_paf
from npkpose.codec.tags.group import group_tags
from npkpose.data.augment import flip_scene
from npkpose.data.people import SyntheticPeople
from npkpose.data.scene import Scene
from npkpose.models.small import SmallPaf, SmallTags
from npkpose.training import Trainer
from npkpose.training.fit import adam_with_warmup
from npkpose.training.paf import PafTask
from npkpose.training.scenes import learn_mask
from npkpose.training.score import score
from npkpose.training.tags import TagTask

KINDS = [(SmallPaf, PafTask), (SmallTags, TagTask)]


def make_task(kind, size=48, batch_size=2):
    net, task = kind
    data = SyntheticPeople(9, seed=1, size=size), SyntheticPeople(4, seed=2, size=size)
    return task(net(base=2), *data, 3, (batch_size, size, size))


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_depends_only_on_its_step(kind):
    task = make_task(kind)
    one, other, again = task.batch(5), task.batch(6), task.batch(5)
    for name in ("x", "heatmaps", "mask"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    np.testing.assert_equal(one.other_targets, again.other_targets)
    assert one.x.shape == (2, 3, 48, 48) and one.heatmaps.shape == (2, 17, 24, 24)
    assert not np.array_equal(one.x, other.x) and 0.8 < one.heatmaps.max() <= 1


def test_perfect_fields_and_perfect_tags_score_nearly_one():
    """The loss of stride, encoding and grouping is a bound for every network."""
    dataset = SyntheticPeople(8, seed=4)
    paf = PafTask(SmallPaf(base=2), dataset, dataset)
    tags = TagTask(SmallTags(base=2), dataset, dataset)

    def by_fields(scene):
        heatmaps, fields = paf._heatmaps(scene, (64, 64)), paf.targets([scene], (64, 64))[0]
        return group_paf(heatmaps, fields, COCO_17, paf.grid, **paf.model.thresholds)

    def by_tags(scene):
        maps = np.zeros((17, 64 * 64), np.float32)
        for person, pixels in enumerate(tags.targets([scene], (64, 64))[1][0]):
            maps[np.flatnonzero(pixels >= 0), pixels[pixels >= 0]] = 5 * person
        heatmaps, maps = tags._heatmaps(scene, (64, 64)), maps.reshape(17, 64, 64)
        return group_tags(heatmaps, maps, COCO_17, tags.grid, **tags.model.thresholds)

    assert score(dataset, by_fields).stats.ap > 0.85
    assert score(dataset, by_tags).stats.ap > 0.75


def test_the_mask_excludes_unlabelled_people_but_not_labelled_ones_in_front_of_them():
    keypoints = np.full((2, 17, 2), np.nan)
    keypoints[1, 0] = 20, 20
    visibility = np.zeros((2, 17), int)
    visibility[1, 0] = 2
    boxes = np.array([[8, 8, 40, 24], [16, 16, 24, 24]], float)
    image = np.zeros((64, 64, 3), np.uint8)
    scene = Scene(image, keypoints, visibility, boxes, np.ones(2), np.zeros(2, bool))
    mask = learn_mask(scene, (32, 32), Grid(2, "centre"))
    assert mask[3, 10] == 1 and mask[5, 15] == 0 and mask[10, 18] == 0 and mask[14, 10] == 1
    assert mask[10, 10] == 1 and mask[9, 9] == 1  # around the labelled nose at (9.75, 9.75)
    nobody = scene.of([])
    assert learn_mask(nobody, (32, 32), Grid(2, "centre")).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_of_the_loss_is_right(kind, rng):
    task = make_task(kind)
    batch = task.batch(1)
    channels = 17 + 38 + (34 if "pull" in task.parts else 0)
    output = rng.normal(size=(2, channels, 24, 24))
    loss, parts, dy = task.loss(output, batch)
    assert len(parts) == len(task.parts) and sum(parts) == pytest.approx(loss)
    step = 1e-6 * rng.normal(size=output.shape)
    slope = task.loss(output + step, batch)[0] - task.loss(output - step, batch)[0]
    assert 2 * (dy * step).sum() == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_steps_lower_the_loss(kind, tmp_path):
    task = make_task(kind)
    net = kind[0](base=4)
    trainer = Trainer(net, task, *adam_with_warmup(net, 20, lr=1e-2), tmp_path)
    first = task.loss(net(task.batch(0).x), task.batch(0))[0]
    assert trainer.run(20, log_every=20)
    assert task.loss(net(task.batch(0).x), task.batch(0))[0] < 0.6 * first


@pytest.mark.parametrize("flip", [False, True])
def test_people_on_maps_of_a_resized_image_get_coordinates_of_the_image(flip):
    scene = SyntheticPeople(1, seed=4, size=(64, 96), people=1)[0]
    seen = scene.visibility > 0

    class Oracle(SmallPaf):
        """Answers the scene's ideal maps at half its size, then those of the flipped scene."""

        def __call__(self, x):
            assert x.shape == (1, 3, 32, 48)
            self.calls += 1
            shown = scene if self.calls % 2 else flip_scene(scene, COCO_17)
            points = Grid(2, "centre").to_map(shown.keypoints)  # in the resized image
            heatmaps = gaussian_heatmaps(points, (16, 24), grid=self.grid, sigma=1)[0]
            return np.concatenate(
                [heatmaps, paf_fields(points, COCO_17, (16, 24), grid=self.grid)]
            )[None]

    class Scenes(list):
        skeleton = COCO_17

    net = Oracle(base=2)
    net.calls, net.blur, net.input_height = 0, 0, 32
    task = PafTask(net, Scenes([scene]), Scenes([scene]), 0, (1, 32, 48))
    assert seen.sum() > 8 and task.score(net, flip).stats.ap > 0.8
    assert net.calls == 1 + flip


def test_bad_sizes_are_named():
    data = SyntheticPeople(1)
    with pytest.raises(
        ValueError, match="batch_shape: expected height and width in multiples of 16"
    ):
        PafTask(SmallPaf(base=2), data, data, 0, (2, 60, 64))
