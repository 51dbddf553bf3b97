"""Over a Dask cluster of two processes, of which one is killed in the middle: the serial answer."""

import functools
import logging
import os
import sys
from typing import NamedTuple

import numpy as np
import pytest

from npkpose import decode_heatmaps, gaussian_heatmaps, nn
from npkpose.metrics import Detections, GroundTruth, evaluate_coco, join_shards, split_images
from npkpose.models.tiny import TinyKeypointNet
from npkpose.training.cluster import mean_gradients

IMAGES, BLOCK, SIZE = 48, 4, (16, 12)


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("dask.array", reason="needs Dask: the scale extra")
    distributed = pytest.importorskip("distributed", reason="needs Dask: the scale extra")
    cloudpickle = pytest.importorskip("cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        memory_limit=0, silence_logs=logging.CRITICAL,
    ) as cluster:  # fmt: skip
        yield cluster


@pytest.fixture
def client(cluster):
    """A client of two living workers; one of them must be gone when the test ends."""
    from distributed import Client

    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=120)
        before = set(client.run(os.getpid).values())
        yield client
        assert before - set(client.run(os.getpid).values()), "nobody was killed"


def die_once(marker):
    """Kill this process, the first time that any process is here."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), 9)  # SIGKILL


def draw_maps(keypoints):
    """Return maps (N, 17, H, W), noisy: the noise depends on the keypoints alone."""
    maps = gaussian_heatmaps(keypoints, SIZE, 1.5)
    rng = np.random.default_rng(int(1e6 * keypoints[0, 0, 0]))
    return maps + rng.normal(0, 0.1, maps.shape).astype(np.float32)


def decode(maps):
    """Return (N, 17, 3): x, y and score."""
    coords, scores = decode_heatmaps(maps, "dark")
    return np.concatenate([coords, scores[..., None]], axis=2)


def decode_and_die(maps, marker, block_info=None):
    if block_info[0]["chunk-location"][0] == 7:
        die_once(marker)
    return decode(maps)


def test_decoding_outlives_a_worker_to_the_bit(client, rng, tmp_path):
    import dask.array as da

    keypoints = rng.uniform(0, (11, 15), (IMAGES, 17, 2))
    blocks = da.from_array(keypoints, chunks=(BLOCK, 17, 2))
    maps = blocks.map_blocks(
        draw_maps, dtype=np.float32, drop_axis=2, new_axis=[2, 3],
        chunks=(blocks.chunks[0], (17,), (SIZE[0],), (SIZE[1],)),
    )  # fmt: skip
    decoded = maps.map_blocks(
        decode_and_die, str(tmp_path / "died"), dtype=np.float64, drop_axis=[2, 3], new_axis=2,
        chunks=(blocks.chunks[0], (17,), (3,)),
    )  # fmt: skip
    serial = [decode(draw_maps(part)) for part in np.split(keypoints, IMAGES // BLOCK)]
    np.testing.assert_array_equal(decoded.compute(), np.concatenate(serial))


def evaluate_and_die(truth, found, marker):
    if truth.images[0] >= IMAGES // 4:
        die_once(marker)
    return evaluate_coco(truth, found)


def test_coco_evaluation_outlives_a_worker_to_the_bit(client, rng, tmp_path):
    import dask

    keypoints = rng.uniform(0, (30, 40), (IMAGES, 17, 2))
    image, areas = np.arange(IMAGES) // 2, np.full(IMAGES, 1100.0)
    truth = GroundTruth(keypoints, np.ones((IMAGES, 17)), image, areas)
    found = keypoints + rng.normal(0, 3, keypoints.shape)
    found = Detections(found, rng.integers(0, 9, IMAGES) / 8, image)
    evaluate = dask.delayed(evaluate_and_die)
    shards = [evaluate(*pair, str(tmp_path / "died")) for pair in split_images(truth, found, 12)]
    joined, whole = join_shards(dask.compute(*shards)), evaluate_coco(truth, found)
    assert joined.stats == whole.stats and 0 < whole.stats.ap < 1
    for name in ("precision", "recall", "scores", "outcomes", "similarity"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    np.testing.assert_array_equal(joined.matches(), whole.matches())


class Batch(NamedTuple):
    x: np.ndarray
    target: np.ndarray
    weight: np.ndarray


def loss(output, batch):
    return nn.mse_loss(output, batch.target, batch.weight)


def loss_and_die(output, batch, marker):
    if batch.weight[0, 0, 0, 0] == 2:  # the middle of the third step
        die_once(marker)
    return loss(output, batch)


def train(gradients):
    """Return the losses of a few steps, and the weights they lead to."""
    net, losses = TinyKeypointNet(base=4).astype(np.float64).train(), []
    optimizer = nn.SGD(net, lr=0.1)
    for step in range(5):
        rng = np.random.default_rng(step)
        x, target = rng.random((8, 3, 8, 8)), rng.random((8, 4, 8, 8))
        weight = np.full((8, 1, 1, 1), float(step))
        losses.append(gradients(net, Batch(x, target, weight)))
        optimizer.step()
    return losses, net.state_dict()


def serial_gradients(net, batch):
    value, dy = loss(net(batch.x), batch)
    net.backward(dy)
    return value


def test_training_outlives_a_worker_and_equals_training_on_whole_batches(client, tmp_path):
    def gradients(net, batch, loss):
        parts = [Batch(*(array[i::4] for array in batch)) for i in range(4)]
        return mean_gradients(client, net, parts, loss)

    deadly = functools.partial(loss_and_die, marker=str(tmp_path / "died"))
    losses, weights = train(functools.partial(gradients, loss=deadly))
    undisturbed, same = train(functools.partial(gradients, loss=loss))
    serial, expected = train(serial_gradients)
    assert losses == undisturbed  # to the bit, whoever computed which part
    np.testing.assert_allclose(losses, serial, rtol=1e-12)
    for name, array in weights.items():
        np.testing.assert_array_equal(array, same[name])
        np.testing.assert_allclose(array, expected[name], rtol=0, atol=1e-12)
