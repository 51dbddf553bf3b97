import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from npkpose import COCO_17, Grid, decode_heatmaps
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.data.augment import random_crop, to_view
from npkpose.data.people import SyntheticPeople
from npkpose.models.small import SmallTopDown
from npkpose.pipeline.topdown import TopDown
from npkpose.training import Trainer
from npkpose.training.cached_dataset import CachedDataset
from npkpose.training.fit import adam_with_warmup
from npkpose.training.score import score
from npkpose.training.topdown import TopDownTask, divergence

RNG = np.random.default_rng(0)


def make_task(model, batch_size=6):
    return TopDownTask(model, SyntheticPeople(9, 1, 64), SyntheticPeople(3, 2, 64), 3, batch_size)


def test_a_batch_depends_only_on_its_step():
    task = make_task(SmallTopDown(base=2))
    one, other, again = task.batch(5), task.batch(6), task.batch(5)
    for name in ("x", "target"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    assert one.x.shape == (6, 3, 96, 64) and one.target.shape == (6, 17, 48, 32)
    assert not np.array_equal(one.x, other.x)
    sums = one.target.sum(axis=(2, 3))
    missing = sums == 0
    assert missing.any() and not missing.all(axis=1).any()  # every crop has a target
    np.testing.assert_allclose(sums[~missing], 1, atol=1e-5)


def test_perfect_maps_of_true_boxes_score_nearly_one():
    """The loss of crop size, stride and decoding is a bound for every network."""
    dataset = SyntheticPeople(8, seed=4)

    class Oracle:
        """Answers the ideal heatmaps of the crops, in the pipeline's order."""

        skeleton, grid, input_size, sigma = COCO_17, Grid(2, "centre"), (96, 64), 1.25

        def eval(self):
            return self

        def preprocess(self, crops):
            return crops

        def __call__(self, crops):
            return self.maps[: len(crops)]

    oracle = Oracle()
    find = TopDown(oracle, flip=False)

    def find_people(scene):
        people = np.flatnonzero(scene.labelled)
        views = [random_crop(scene, int(p), oracle, RNG, 0.0) for p in people]
        points = [to_view(scene.keypoints[p], view) for p, view in zip(people, views)]
        oracle.maps = np.zeros((0, 17, 48, 32), np.float32)
        if len(people):
            oracle.maps = gaussian_heatmaps(
                np.stack(points), (48, 32), oracle.sigma, grid=oracle.grid
            )
        return find(scene.image, scene.boxes[people])

    assert score(dataset, find_people).stats.ap > 0.97


def test_targets_have_their_maximum_inside_the_crop():
    task = make_task(SmallTopDown(base=2))
    batch = task.batch(0)
    found, scores = decode_heatmaps(batch.target, "log_parabola")
    clear = scores > 0.9 / (2 * np.pi * task.model.sigma**2)
    assert clear.sum() > 20
    inside = (found[clear] > -1).all() and (found[clear] < [32, 48]).all()
    assert inside


def test_crops_fit_the_box_with_the_networks_padding():
    scene = SyntheticPeople(1, 1, 64)[0].of([0])
    dataset = CachedDataset(SyntheticPeople(9, 1), 9)
    task = TopDownTask(SmallTopDown(base=2), dataset, None, strength=0)
    high = 96 / task.model.padding  # of a box that is narrow enough, in the crop
    crop = task._crop(scene, 0, np.random.default_rng(0))
    width, height = crop.boxes[0, 2:] - crop.boxes[0, :2]
    assert height == pytest.approx(high) or width == pytest.approx(high * 64 / 96)


def test_divergence_by_hand():
    target = np.array([[[[0.5, 0.5]], [[0.0, 0.0]]]])
    maps = np.array([[[[3.0, 1.0]], [[1.0, 2.0]]]])  # shares 3/4 and 1/4
    loss, gradient = divergence(maps, target)
    assert loss == pytest.approx(0.5 * np.log(2 / 3) + 0.5 * np.log(2))
    np.testing.assert_allclose(gradient[0, 0], [[1 / 4 - 0.5 / 3, 1 / 4 - 0.5 / 1]])
    assert not gradient[0, 1].any()
    assert divergence(7 * target[:, :1], target[:, :1])[0] == pytest.approx(0, abs=1e-12)
    assert divergence(maps, 0 * target)[0] == 0


@given(arrays(np.float64, (1, 2, 3, 3), elements=st.integers(1, 16)), st.integers(1, 9))
def test_divergence_is_never_negative_and_independent_of_the_maps_scale(maps, factor):
    target = maps[:, ::-1] / maps[:, ::-1].sum(axis=(2, 3), keepdims=True)
    loss = divergence(maps, target)[0]
    assert loss > -1e-12 and divergence(factor * maps, target)[0] == pytest.approx(loss)


def test_the_gradient_of_the_loss_is_right(rng):
    task = make_task(SmallTopDown(base=2), 2)
    batch = task.batch(1)
    output = rng.uniform(0.1, 2, batch.target.shape)
    _, _, dy = task.loss(output, batch)
    step = 1e-6 * rng.normal(size=output.shape)
    slope = task.loss(output + step, batch)[0] - task.loss(output - step, batch)[0]
    assert 2 * (dy * step).sum() == pytest.approx(slope, rel=1e-5)


def test_a_few_steps_lower_the_loss(tmp_path):
    net = SmallTopDown((32, 16), base=8)
    task = make_task(net, 8)
    trainer = Trainer(net, task, *adam_with_warmup(net, 60, lr=1e-2), tmp_path)
    first = task.loss(net(task.batch(0).x), task.batch(0))[0]
    assert trainer.run(60, log_every=60)
    assert task.loss(net(task.batch(0).x), task.batch(0))[0] < 0.8 * first
    assert 0 <= task.evaluate(net) <= 1


def test_scenes_without_labelled_people_are_refused():
    nobody = SyntheticPeople(3, size=16, people=0)
    task = TopDownTask(SmallTopDown(base=2), nobody, nobody)
    with pytest.raises(ValueError, match="dataset: expected labelled people, got 200 scenes"):
        task.batch(0)
