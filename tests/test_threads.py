"""Kernels release the interpreter lock; many threads at once give the serial answer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from npkpose import (
    Skeleton,
    decode_heatmaps,
    find_peaks,
    gaussian_heatmaps,
    group_paf,
    group_tags,
    oks_nms,
    paf_fields,
)

CHAIN = Skeleton("CHAIN", tuple("abcd"), ((0, 1), (1, 2), (2, 3)))
THREADS = 8


def scene(seed):
    """Heatmaps (4, 40, 40), fields, tags and noise of five people."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(3, 36, (5, 1, 2)) + rng.uniform(-6, 6, (5, 4, 2))
    heatmaps = gaussian_heatmaps(people, 40, 1.0).max(axis=0)
    heatmaps += rng.normal(0, 0.01, heatmaps.shape).astype(np.float32)
    return heatmaps, paf_fields(people, CHAIN, 40), rng.normal(0, 3, heatmaps.shape)


def everything(seed):
    """What all decoders make of a scene, as a list of arrays."""
    heatmaps, fields, tags = scene(seed)
    poses = group_paf(heatmaps, fields, CHAIN, min_keypoints=2)
    tagged = group_tags(heatmaps, tags, CHAIN, min_keypoints=1, fill_missing=True)
    return [
        *decode_heatmaps(heatmaps[None], "dark"), *find_peaks(heatmaps), poses.keypoints,
        poses.scores, tagged.keypoints, oks_nms(poses, CHAIN, threshold=0.1),
    ]  # fmt: skip


def test_eight_threads_at_once_give_the_serial_answer():
    seeds = range(5 * THREADS)
    serial = [everything(seed) for seed in seeds]
    with ThreadPoolExecutor(THREADS) as pool:
        threaded = list(pool.map(everything, seeds))
    for one, other in zip(serial, threaded):
        for expected, got in zip(one, other, strict=True):
            np.testing.assert_array_equal(got, expected)
