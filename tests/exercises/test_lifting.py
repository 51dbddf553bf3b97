import numpy as np
import pytest

from npkpose import mpjpe, mpjve, pa_mpjpe
from npkpose.data.motion import SIZE
from npkpose.exercises import lifting
from npkpose.models.lifting.videopose3d import to_screen


@pytest.fixture
def sequences(monkeypatch):
    """A few sequences for training, and a few for evaluation."""
    monkeypatch.setattr(lifting, "SEQUENCES", 12)
    monkeypatch.setattr(lifting, "TEST_SEQUENCES", 2)
    monkeypatch.setattr(lifting, "FRAMES", 40)
    return lifting.training_sequences(0), lifting.held_out_sequences(0)


def test_training_and_held_out_sequences_differ_and_are_the_same_every_time(sequences):
    (keypoints, poses), (test_keypoints, _) = sequences
    again, _ = lifting.training_sequences(0)
    np.testing.assert_array_equal(keypoints, again)
    assert keypoints.shape == (12, 40, 17, 2) and poses.shape == (12, 40, 17, 3)
    assert test_keypoints.shape == (2, 40, 17, 2)
    assert abs(test_keypoints - keypoints[:2]).mean() > 10


@pytest.mark.parametrize("widths", [(1, 1), (3, 3)])
def test_videopose3d_learns_its_sequences(sequences, widths, monkeypatch):
    monkeypatch.setattr(lifting, "CHANNELS", 32)
    (keypoints, poses), _ = sequences
    losses = []
    net = lifting.train_videopose3d(
        widths, keypoints, poses, 0, 60, lambda step, loss: losses.append(loss)
    )
    assert len(losses) == 60 and np.mean(losses[-5:]) < 0.6 * losses[0]
    assert net.form == "dilated" and not net.training and net.widths == widths
    errors = lifting.sequence_errors(net, keypoints[:2], poses[:2])
    assert errors[0] < 600 * losses[0]  # mm
    lifted = np.stack([net.lift(sequence, SIZE) for sequence in keypoints[:2]])
    np.testing.assert_allclose(errors[:2], 1000 * np.array(
        [mpjpe(lifted, poses[:2]), pa_mpjpe(lifted, poses[:2])]))  # fmt: skip
    velocity = [1000 * mpjve(sequence, true) for sequence, true in zip(lifted, poses[:2])]
    np.testing.assert_allclose(errors[2], np.mean(velocity))


def test_a_small_mhformer_learns_its_sequences(sequences, monkeypatch):
    monkeypatch.setattr(lifting, "BATCH", {"mhformer": 4})
    monkeypatch.setattr(lifting, "WIDTHS", (16, 32))
    (keypoints, poses), _ = sequences
    losses = []
    net = lifting.train_mhformer(
        9, keypoints, poses, 0, 40, lambda step, loss: losses.append(loss)
    )
    assert len(losses) == 40 and np.mean(losses[-5:]) < 0.8 * losses[0] and not net.training
    y = net(to_screen(keypoints[:1, :9], SIZE).astype(np.float32))
    assert mpjpe(y, poses[:1, :9]) < losses[0]
