import numpy as np
import pytest

from npkpose import Grid
from npkpose.data.people import SyntheticPeople
from npkpose.data.scene import Scene
from npkpose.models.small import SmallDetector
from npkpose.training import Trainer
from npkpose.training.detector import DetectorTask, l1_at
from npkpose.training.fit import adam_with_warmup


def make_task(net=None, size=64):
    data = SyntheticPeople(9, seed=1, size=size), SyntheticPeople(4, seed=2, size=size)
    return DetectorTask(net or SmallDetector(base=2), *data, 3, (2, size, size))


def test_a_batch_depends_only_on_its_step_and_has_a_size_at_each_centre():
    task = make_task()
    one, other, again = task.batch(5), task.batch(6), task.batch(5)
    np.testing.assert_equal(one, again)
    assert not np.array_equal(one.x, other.x) and one.heatmaps.shape == (2, 1, 16, 16)
    values, centres = one.other_targets
    assert centres.sum() > 1 and (one.heatmaps[centres] == 1).all() and one.mask[centres].all()
    assert ((values[:, :2] > 0) == centres).all()


def test_boxes_of_people_who_need_not_be_found_are_masked_except_near_other_centres():
    boxes = np.array([[0, 0, 64, 40], [24, 16, 40, 32], [0, 44, 64, 64]], float)
    visibility = np.zeros((3, 17), int)
    visibility[1] = 2
    keypoints = np.where(visibility[..., None] > 0, np.full((3, 17, 2), 30.0), np.nan)
    crowd = np.array([False, False, True])
    scene = Scene(np.zeros((64, 64, 3), np.uint8), keypoints, visibility, boxes, np.ones(3), crowd)

    class Scenes(list):
        skeleton = SmallDetector.skeleton

    task = DetectorTask(
        SmallDetector(base=2), Scenes([scene]), Scenes([scene]), 0, (1, 64, 64), strength=0
    )
    batch = task.batch(0)
    assert batch.other_targets.centres.sum() == 1
    mask = batch.mask[0, 0]
    assert not mask[2, 2] and not mask[13, 8] and mask[6, 8]  # unlabelled, crowd, labelled


def test_the_gradient_of_the_loss_is_right(rng):
    task = make_task()
    batch, output = task.batch(1), rng.normal(size=(2, 5, 16, 16))
    loss, parts, dy = task.loss(output, batch)
    assert len(parts) == len(task.parts) and sum(parts) == pytest.approx(loss)
    step = 1e-6 * rng.normal(size=output.shape)
    slope = task.loss(output + step, batch)[0] - task.loss(output - step, batch)[0]
    assert 2 * (dy * step).sum() == pytest.approx(slope, rel=1e-6)


def test_absolute_errors_are_added_over_channels_and_averaged_over_centres():
    centres = np.zeros((1, 1, 2, 2), bool)
    centres[0, 0, :, 0] = True
    prediction = np.array([[[[1.0, 9], [0, 9]], [[-2, 9], [0, 9]]]])
    loss, gradient = l1_at(prediction, np.zeros_like(prediction), centres, 0.5)
    assert loss == 0.5 * 3 / 2
    assert gradient.tolist() == [[[[0.25, 0], [0, 0]], [[-0.25, 0], [0, 0]]]]
    assert l1_at(prediction, 0 * prediction, ~centres & centres)[0] == 0


def test_a_few_steps_lower_the_loss_and_the_log_has_box_ap(tmp_path):
    net = SmallDetector(base=4)
    task = make_task(net)
    trainer = Trainer(net, task, *adam_with_warmup(net, 12, lr=1e-2), tmp_path)
    first = task.loss(net(task.batch(0).x), task.batch(0))[0]
    assert trainer.run(12, log_every=12, evaluate_every=12)
    assert task.loss(net(task.batch(0).x), task.batch(0))[0] < 0.8 * first
    assert "ap50" in (tmp_path / "log.csv").read_text(encoding="utf-8")
    assert 0 <= trainer.best_ap <= 1 and task.grid == Grid(4, "centre")
