"""Run as a program, this file trains in processes that kill themselves, one after the other."""

import os
import re
import signal
import subprocess
import sys
import threading
from typing import NamedTuple

import numpy as np
import pytest

from npkpose import nn
from npkpose._numba import config
from npkpose.data.people import SyntheticPeople
from npkpose.training import Trainer, read_log
from npkpose.training.fit import adam_with_warmup
from npkpose.weights import load_npz, save_npz

STEPS = 60
EVERY = {"save_every": 10, "evaluate_every": 20, "log_every": 10}


class Batch(NamedTuple):
    x: np.ndarray
    target: np.ndarray


class Line:
    """Find y = 2 x + 1. The "average precision" is 1 / (1 + error)."""

    parts = ("square",)

    def __init__(self, bad_step=None):
        self.bad_step = bad_step

    def batch(self, step):
        rng = np.random.default_rng([7, step])
        x = rng.normal(size=(4, 1, 3, 3)).astype(np.float32)
        y = 2 * x + 1
        return Batch(x, y * np.float32(np.nan) if step == self.bad_step else y)

    def loss(self, output, batch):
        loss, dy = nn.mse_loss(output, batch.target)
        return loss, (loss,), dy

    def evaluate(self, network):
        x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
        return float(1 / (1 + np.abs(network(x) - 2 * x - 1).mean()))


def make_trainer(folder, steps=STEPS, task=None, clip_norm=1.0, settings=None):
    """A network with everything that a checkpoint holds: statistics, dropout, moments, schedule."""
    rng = np.random.default_rng(0)
    layers = nn.Conv2d(1, 4, 1, rng=rng), nn.BatchNorm2d(4), nn.Dropout(0.1, rng=rng)
    net = nn.Sequential(*layers, nn.Conv2d(4, 1, 1, rng=rng))
    parts = adam_with_warmup(net, steps)
    return Trainer(
        net, task or Line(), *parts, folder, clip_norm=clip_norm, decay=0.9, settings=settings
    )


# Functions at whose calls a run is killed, and up to which call: in a step, amid the arrays of a
# checkpoint, before it is flushed, and before it gets its name.
EVENTS = {
    (Line, "loss"): 5,
    (np.lib.format, "write_array"): 150,
    (os, "fsync"): 5,
    (os, "replace"): 5,
}


def run_killed(folder, kills, seed):
    """Fork a run that kills itself at a random event, ``kills`` times; then let one finish.

    Prints the step at which each run began, and the event at which it ended.
    """
    rng = np.random.default_rng(seed)
    for attempt in range(kills + 1):
        event = list(EVENTS)[attempt % len(EVENTS)]
        number = int(rng.integers(1, EVENTS[event], endpoint=True))
        child = os.fork()
        if child == 0:
            if attempt < kills:
                kill_at(event, number)
            trainer = make_trainer(folder)
            print("began at", trainer.step, flush=True)
            done = trainer.run(STEPS, save_every=1, evaluate_every=7, log_every=5)
            os._exit(0 if done else 1)
        _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


def kill_at(event, number):
    """Let this process kill itself when it calls a function for the given time, from 1."""
    owner, name = event
    function, calls = getattr(owner, name), []

    def call(*args, **kwargs):
        calls.append(args)
        if len(calls) == number:
            print("killed at", name, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    setattr(owner, name, call)


def assert_same(one, other):
    """Assert that two states are equal to the bit, except for their time."""
    assert one.keys() == other.keys()
    for name in one:
        if name != "run.seconds":
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def rows_without_time(folder):
    return [
        {k: v for k, v in row.items() if k != "seconds"} for row in read_log(folder / "log.csv")
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run without interruption."""
    trainer = make_trainer(tmp_path_factory.mktemp("whole"))
    assert trainer.run(STEPS, **EVERY)
    return trainer


def test_a_run_learns_and_writes_its_files(whole):
    rows = read_log(whole.folder / "log.csv")
    assert [row["step"] for row in rows] == [10, 20, 30, 40, 50, 60]
    assert rows[-1]["loss"] < 0.2 * rows[0]["loss"]
    assert [row["step"] for row in rows if "ap" in row] == [20, 40, 60]
    assert whole.best_ap == pytest.approx(max(row.get("ap", 0) for row in rows))
    best = load_npz(whole.folder / "best.npz")
    assert best.keys() == whole.model.state_dict().keys()
    assert_same(dict(load_npz(whole.folder / "weights.npz")), whole.average.averages)
    assert_same(dict(load_npz(whole.folder / "checkpoint.npz")), whole.state_dict())


def test_sixty_steps_equal_thirty_and_thirty_to_the_bit(whole, tmp_path):
    assert make_trainer(tmp_path).run(30, **EVERY)
    second = make_trainer(tmp_path)
    assert second.step == 30 and second.run(STEPS, **EVERY)
    assert_same(second.state_dict(), whole.state_dict())
    for row in rows_without_time(whole.folder):
        other = [each for each in rows_without_time(tmp_path) if each["step"] == row["step"]]
        assert other and row.items() <= other[0].items()  # step 30 has an AP too


def test_the_number_of_threads_does_not_matter(whole, tmp_path):
    trainer = make_trainer(tmp_path)
    trainer.run(STEPS, **EVERY, workers=0)
    assert_same(trainer.state_dict(), whole.state_dict())


def test_ctrl_c_ends_after_the_step_and_loses_nothing(whole, tmp_path):
    class Interrupting(Line):
        def loss(self, output, batch):
            if trainer.step == 17:
                signal.raise_signal(signal.SIGINT)
            return super().loss(output, batch)

    before = signal.getsignal(signal.SIGINT)
    trainer = make_trainer(tmp_path, task=Interrupting())
    assert not trainer.run(STEPS, **EVERY) and trainer.step == 18
    assert signal.getsignal(signal.SIGINT) is before
    resumed = make_trainer(tmp_path)
    assert resumed.step == 18 and resumed.run(STEPS, **EVERY)
    assert_same(resumed.state_dict(), whole.state_dict())
    assert rows_without_time(tmp_path) == rows_without_time(whole.folder)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.skipif(config.BOUNDSCHECK, reason="each process would compile the engine anew")
def test_a_run_killed_at_twenty_random_events_equals_one_without_kills(whole, tmp_path):
    command = [sys.executable, __file__, str(tmp_path), "20", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    begun = [int(line[2]) for line in lines if line[0] == "began"]
    killed = [line[2] for line in lines if line[0] == "killed"]
    assert begun == sorted(begun)  # no checkpoint was lost
    assert len(begun) == 21 and len(killed) == 20 and len(set(begun)) > 10
    assert set(killed) == {name for _, name in EVENTS}
    ended = dict(load_npz(tmp_path / "checkpoint.npz"))
    for name, array in whole.state_dict().items():
        if not name.startswith("run."):
            np.testing.assert_array_equal(ended[name], array, err_msg=name)
    steps = [row["step"] for row in read_log(tmp_path / "log.csv")]
    assert steps == sorted(set(steps)) and steps[-1] == STEPS
    assert not list(tmp_path.glob(".npkpose-*.tmp"))


def test_a_loss_that_is_not_finite_stops_the_run_and_the_message_says_why(tmp_path):
    trainer = make_trainer(tmp_path, task=Line(bad_step=13))
    threads = threading.active_count()
    with pytest.raises(
        FloatingPointError, match=r"loss is nan at step 13 .*look at its targets"
    ) as e:
        trainer.run(STEPS, **EVERY)
    assert "is older" in str(e.value) and threading.active_count() <= threads
    resumed = make_trainer(tmp_path)
    assert resumed.step == 10
    assert all(np.isfinite(array).all() for array in resumed.model.state_dict().values())


def test_images_that_are_not_finite_are_blamed_first(tmp_path):
    class Broken(Line):
        def batch(self, step):
            batch = super().batch(step)
            return batch._replace(x=batch.x * np.float32(np.nan))

    with pytest.raises(FloatingPointError, match="its images hold values that are not finite"):
        make_trainer(tmp_path, task=Broken()).run(1)
    with pytest.raises(FloatingPointError, match="Checkpoint: there is none yet"):
        make_trainer(tmp_path, task=Broken()).run(1)


def test_a_checkpoint_of_another_network_is_refused(whole, tmp_path):
    trainer = make_trainer(tmp_path)
    state = whole.state_dict()
    with pytest.raises(ValueError, match="missing: 0.weight"):
        trainer.load_state_dict({k: v for k, v in state.items() if k != "model.0.weight"})
    with pytest.raises(ValueError, match="state: expected a checkpoint's names, got 'weights'"):
        trainer.load_state_dict({"weights": np.zeros(1)})


def test_a_run_that_is_done_is_done_again_and_one_of_fewer_steps_is_refused(tmp_path):
    make_trainer(tmp_path).run(3)
    trainer = make_trainer(tmp_path)
    assert trainer.run(3) and trainer.step == 3
    with pytest.raises(ValueError, match=r"steps: expected at least 3, the steps of the .*, got 2"):
        make_trainer(tmp_path).run(2)


def test_a_checkpoint_of_another_schedule_optimizer_seed_or_data_set_is_refused(tmp_path):
    class Task(Line):
        seed, dataset = 1, SyntheticPeople(5, 1)

    class OtherSeed(Task):
        seed = 2

    class OtherData(Task):
        dataset = SyntheticPeople(5, 2)

    make_trainer(tmp_path, task=Task()).run(1)
    assert make_trainer(tmp_path, task=Task()).step == 1
    where = re.escape(str(tmp_path / "checkpoint.npz"))
    for arguments, message in (
        ({"task": OtherSeed()}, "seed: expected 1, as in the checkpoint, got 2"),
        ({"task": OtherData()}, r"dataset: expected 'SyntheticPeople\(5, seed=1.*seed=2"),
        ({"task": Task(), "steps": 61}, "schedule: expected a learning rate of .* at step 32"),
        ({"task": Task(), "clip_norm": 2.0}, "clip_norm: expected 1.0, .*, got 2.0"),
        ({"task": Task(), "settings": {"steps": 7}}, None),  # the checkpoint does not have it
    ):
        if message is None:
            make_trainer(tmp_path, **arguments)
            continue
        with pytest.raises(ValueError, match=f"{where}: {message}"):
            make_trainer(tmp_path, **arguments)


def test_damaged_checkpoints_are_named(tmp_path):
    make_trainer(tmp_path).run(1)
    path = tmp_path / "checkpoint.npz"
    good, state = path.read_bytes(), dict(load_npz(path))
    damaged = {
        "half a file": good[: len(good) // 2],
        "no zip": b"hello",
        "empty": b"",
        "an array less": {k: v for k, v in state.items() if k != "average.0.weight"},
        "a number less": {k: v for k, v in state.items() if k != "run.step"},
        "another shape": state | {"run.sums": np.zeros(2)},
        "text": state | {"run.settings": np.frombuffer(b"{", np.uint8)},
        "a list": state | {"run.settings": np.frombuffer(b"[]", np.uint8)},
        "a generator": state | {"random.2._rng": np.frombuffer(b"{}", np.uint8)},
        "weights": {k[6:]: v for k, v in state.items() if k.startswith("model.")},
    }
    for content in damaged.values():
        path.unlink()  # the arrays of ``state`` are views of the file
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            save_npz(path, content)
        with pytest.raises(ValueError, match=re.escape(str(path))):
            make_trainer(tmp_path)
    path.write_bytes(good)
    assert make_trainer(tmp_path).step == 1


def test_a_damaged_log_is_named_and_stays(tmp_path):
    make_trainer(tmp_path).run(1)
    log = tmp_path / "log.csv"
    good = log.read_bytes()
    for content in (good + b"2,x,1,1,1,1,\n", good + b"2,1\n", b"\xff\xfe\n", b"a,b\n1,2\n", b""):
        log.write_bytes(content)
        with pytest.raises(ValueError, match=re.escape(str(log))):
            make_trainer(tmp_path).run(2)
        assert log.read_bytes() == content


def test_a_second_run_in_the_folder_is_refused_while_the_first_trains(tmp_path):
    class Task(Line):
        def evaluate(self, network):
            with pytest.raises(BlockingIOError, match="expected no other training in this folder"):
                make_trainer(tmp_path).run(STEPS)
            return super().evaluate(network)

    assert make_trainer(tmp_path, task=Task()).run(2, evaluate_every=1)
    make_trainer(tmp_path).run(3)


def test_a_checkpoint_that_another_run_wrote_in_the_meantime_is_not_overwritten(tmp_path):
    first, second = make_trainer(tmp_path), make_trainer(tmp_path)
    second.run(2)
    with pytest.raises(ValueError, match="expected the checkpoint that this run read"):
        first.run(1)
    assert make_trainer(tmp_path).step == 2


def test_curves_are_drawn(whole):
    pytest.importorskip("matplotlib", reason="plots need Matplotlib")
    whole.plot()
    assert (whole.folder / "curves.png").stat().st_size > 5000


def test_bad_numbers_are_named(tmp_path):
    with pytest.raises(ValueError, match="save_every: expected at least 1, got 0"):
        make_trainer(tmp_path).run(1, save_every=0)


if __name__ == "__main__":
    run_killed(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
