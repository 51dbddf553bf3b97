"""How fast `evaluate_wholebody` is at the size of val2017: ``python -m benchmarks.wholebody``.

The set is drawn with a fixed seed: 5,000 images, 11,004 people of 133 keypoints in half of them,
and 60,000 detections (``--share`` draws a part of that). Six evaluations, of the body, feet, face,
hands and all keypoints, are timed from two files to the sixty numbers, in one process: npkpose,
xtcocotools, npkpose again. All numbers must be equal to 1e-12.
"""

import argparse
import contextlib
import io
import json
import pathlib
import tempfile
import time
import warnings

import numpy as np

from benchmarks.timing import machine
from npkpose import skeletons
from npkpose.metrics import evaluate_wholebody
from npkpose.metrics.coco.protocols import PARTS

IMAGES, PEOPLE, FOUND, K = 5_000, 11_004, 60_000, 133


def draw_set(rng, share=1.0):
    """Return annotations and results, parsed JSON, ``share`` times the size of val2017's."""
    images = np.arange(1, int(share * IMAGES) + 1)
    people, found = int(share * PEOPLE), int(share * FOUND)
    image, height = rng.choice(images[::2], people), rng.uniform(20, 400, people)
    corner = rng.uniform(0, 300, (people, 2))
    points = corner[:, None] + height[:, None, None] * rng.uniform(0, (0.4, 1), (people, K, 2))
    visibility = rng.integers(0, 3, (people, K)) * (rng.random((people, 1)) < 0.9)
    points = np.where(visibility[..., None] > 0, points.round(1), 0)
    annotations = [
        {"id": n + 1, "image_id": int(image[n]), "category_id": 1, "iscrowd": 0,
         "area": round(0.2 * height[n] ** 2, 2),
         "bbox": [*corner[n].round(2), round(0.4 * height[n], 2), round(height[n], 2)],
         **_lists(points[n], visibility[n])}
        for n in range(people)
    ]  # fmt: skip
    near, stray = rng.integers(0, people, found), rng.random(found) < 1 / 6
    results = []
    for n, g in enumerate(near):
        noise = rng.normal(0, 0.02 * height[g], (K, 2))
        places = rng.uniform(0, 500, (K, 2)) if stray[n] else points[g] + noise
        where = rng.choice(images) if stray[n] else image[g]
        score = float(round(rng.random() * (0.5 if stray[n] else 1), 4))
        results.append({"image_id": int(where), "category_id": 1, "score": score,
                        **_lists(places.round(2), np.ones(K))})  # fmt: skip
    truth = {"images": [{"id": i} for i in images.tolist()], "annotations": annotations}
    return truth | {"categories": [{"id": 1, "name": "person"}]}, results


def _lists(points, third):
    """Return the five lists of keypoints of COCO-WholeBody by their names."""
    ends = np.cumsum([part.count for part in PARTS])[:-1]
    rows = np.split(np.c_[points, third], ends)
    return {part.field: row.ravel().tolist() for part, row in zip(PARTS, rows)}


def peer_stats(truth, results):
    """Return xtcocotools' ten numbers of each part, from two files."""
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    sigmas, start, stats = np.array(skeletons.COCO_WHOLEBODY_133.sigmas), 0, {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gt = COCO(str(truth))
        dt = gt.loadRes(str(results))
        for name, count in (*((part.name, part.count) for part in PARTS), ("wholebody", K)):
            start = 0 if name == "wholebody" else start
            own, start = sigmas[start : start + count], start + count
            peer = COCOeval(gt, dt, f"keypoints_{name}", sigmas=own)
            peer.evaluate()
            peer.accumulate()
            peer.summarize()
            stats[name] = peer.stats
    return stats


def main():
    """Print the seconds of both, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wholebody", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the size of val2017")
    options = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("truth.json", "results.json")]
        for path, data in zip(paths, draw_set(np.random.default_rng(0), options.share)):
            path.write_text(json.dumps(data), encoding="utf-8")
        evaluate_wholebody(*paths)  # compiles
        times, ours, peer = [], None, None
        for tool in (evaluate_wholebody, peer_stats, evaluate_wholebody):
            start = time.process_time()
            found = tool(*paths)
            times.append(time.process_time() - start)
            ours, peer = (found.stats, peer) if tool is evaluate_wholebody else (ours, found)
    for name, stats in peer.items():
        np.testing.assert_allclose(ours[name], stats, rtol=0, atol=1e-12)
    best = min(times[0], times[2])
    print(f"npkpose {best:.2f} s, xtcocotools {times[1]:.1f} s: {times[1] / best:.0f} x as fast")


if __name__ == "__main__":
    main()
