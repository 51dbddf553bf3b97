"""How fast `evaluate_coco` is on a set as large as COCO's val2017: ``python -m benchmarks.coco``.

The set is drawn with a fixed seed: 5,000 images, 11,004 people in half of them, and 60,000
detections, of which five in six are near a person. All tools must give the same ten numbers, to
1e-12, before any is timed. Three kinds of input are timed: tables of arrays (for the peers,
evaluate and accumulate, which start from their own tables), parsed JSON, and two files
(``json.load`` of both has its own row). Times are of the processor, all threads added up. Peak
memory is measured in a fresh process, less the memory of its imports.
"""

import argparse
import contextlib
import copy
import functools
import importlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from benchmarks.timing import Row, first_call, machine, peak_mib, print_rows
from benchmarks.timing import smallest_ms as smallest_wall_ms
from npkpose import COCO_17
from npkpose.metrics import Detections, GroundTruth, evaluate_coco

IMAGES, PEOPLE, FOUND = 5_000, 11_004, 60_000
smallest_ms = functools.partial(smallest_wall_ms, clock=time.process_time)
PEERS = ("pycocotools", "faster_coco_eval", "ultrafast_pycocotools", "hotcoco")


def draw_set(rng, scale=1):
    """Return a GroundTruth and Detections, ``scale`` times the size of val2017's."""
    images = np.arange(1, scale * IMAGES + 1)
    people, count = scale * PEOPLE, scale * FOUND
    image = rng.choice(images[::2], people)
    height = rng.uniform(20, 400, people)
    corner = rng.uniform(0, 300, (people, 2))
    points = corner[:, None] + height[:, None, None] * rng.uniform(0, (0.4, 1), (people, 17, 2))
    visibility = rng.integers(0, 3, (people, 17)) * (rng.random((people, 1)) < 0.6)
    points = np.rint(points * (visibility > 0)[..., None])
    box = np.c_[corner, 0.4 * height, height].round(2)
    crowd = rng.random(people) < 0.03
    truth = GroundTruth(
        points, visibility, image, (0.2 * height**2).round(2), box, crowd, images=images
    )

    near = rng.integers(0, people, count)
    stray = rng.random(count) < 1 / 6
    found = points[near] + rng.normal(0, 0.03, (count, 17, 2)) * height[near, None, None]
    found[stray] = rng.uniform(0, 500, (stray.sum(), 17, 2))
    where = np.where(stray, rng.choice(images, count), image[near])
    order = rng.permutation(count)
    score = rng.random(count) * np.where(stray, 0.5, 1)
    return truth, Detections(found[order].round(3), score[order].round(4), where[order])


def as_json(truth, found):
    """Return both tables as parsed JSON."""
    annotations = [
        {"id": id, "image_id": image, "category_id": 1, "area": area, "bbox": box,
         "iscrowd": int(crowd), "num_keypoints": int(count), "keypoints": points}
        for id, image, area, box, crowd, count, points in zip(
            truth.id.tolist(), truth.image_id.tolist(), truth.area.tolist(), truth.bbox.tolist(),
            truth.iscrowd, truth.num_keypoints, _triples(truth.keypoints, truth.visibility, int))
    ]  # fmt: skip
    images = [{"id": id, "width": 640, "height": 480} for id in truth.images.tolist()]
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO_17.keypoints)}]
    results = [
        {"image_id": image, "category_id": 1, "keypoints": points, "score": score}
        for image, points, score in zip(
            found.image_id.tolist(), _triples(found.keypoints, 1.0, float), found.score.tolist())
    ]  # fmt: skip
    return {"images": images, "annotations": annotations, "categories": categories}, results


def _triples(points, last, kind):
    last = np.broadcast_to(last, points.shape[:2])[..., None]
    return np.concatenate([points, last], axis=2).astype(kind).reshape(len(points), -1).tolist()


class Peer:
    """A package with pycocotools' interface, its printing suppressed."""

    def __init__(self, package):
        if package == "pycocotools":
            from pycocotools.coco import COCO
            from pycocotools.cocoeval import COCOeval

            self.coco, self.evaluator = COCO, COCOeval
        else:
            module = importlib.import_module(package)
            name = "COCOeval_faster" if package == "faster_coco_eval" else "COCOeval"
            self.coco, self.evaluator = module.COCO, getattr(module, name)

    def load(self, truth, results):
        """Return a function that evaluates and accumulates; both are paths or parsed JSON."""
        with contextlib.redirect_stdout(io.StringIO()):
            gt = self.coco(str(truth)) if isinstance(truth, pathlib.Path) else self.coco()
            if isinstance(truth, dict):
                gt.dataset = truth
                gt.createIndex()
            dt = gt.loadRes(str(results) if isinstance(results, pathlib.Path) else results)
        return lambda: self.evaluate(gt, dt)

    def evaluate(self, gt, dt):
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = self.evaluator(gt, dt, "keypoints")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return evaluation.stats[:10]


def rows(repeats=3):
    """Yield a `timing.Row` for each input and peer, for memory, and for a larger set."""
    tables = draw_set(np.random.default_rng(0))
    size = f"{len(tables[0].images)}/{len(tables[0])}/{len(tables[1])}"
    stats = evaluate_coco(*tables).stats
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("truth.json", "results.json")]
        for path, data in zip(paths, as_json(*tables)):
            path.write_text(json.dumps(data), encoding="utf-8")
        yield from _load_row(paths, size, repeats)
        for package in PEERS:
            yield from _peer_rows(package, tables, paths, size, stats, repeats)
        for tool in ("npkpose", *PEERS):
            yield _memory_row(tool, paths, size)
    larger = draw_set(np.random.default_rng(0), scale=10)
    times = smallest_ms(
        lambda: evaluate_coco(*tables), lambda: evaluate_coco(*larger), runs=repeats
    )
    yield Row("tables, 10 x the size", size, np.nan, times[1], "the size itself, 10 times",
              10 * times[0], "ratio 1: growth is linear")  # fmt: skip


def _load_row(paths, size, repeats):
    def files():
        return evaluate_coco(*paths)

    first = first_call(files)
    ours, peer = smallest_ms(
        files, lambda: [json.loads(p.read_text(encoding="utf-8")) for p in paths], runs=repeats
    )
    yield Row("files", size, first, ours, "json.load of both", peer)


def _peer_rows(package, tables, paths, size, stats, repeats):
    try:
        peer = Peer(package)
    except ImportError:
        yield Row("tables", size, np.nan, np.nan, f"{package} is not installed", np.nan)
        return
    yield from _parsed_rows(package, peer, tables, paths, size, stats, repeats)
    times = smallest_ms(lambda: evaluate_coco(*paths), lambda: peer.load(*paths)(), runs=repeats)
    yield Row("files", size, np.nan, times[0], f"{package}, files", times[1])


def _parsed_rows(package, peer, tables, paths, size, stats, repeats):
    """Yield rows for tables and parsed JSON; its millions of lists would slow down other rows."""
    parsed = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    fresh = [copy.deepcopy(parsed) for _ in range(repeats + 1)]  # peers change their input
    evaluate = peer.load(*fresh.pop())
    np.testing.assert_allclose(stats, evaluate(), rtol=0, atol=1e-12)
    times = smallest_ms(lambda: evaluate_coco(*tables), evaluate, runs=repeats)
    yield Row("tables", size, np.nan, times[0], f"{package}, evaluate", times[1])
    times = smallest_ms(
        lambda: evaluate_coco(*parsed), lambda: peer.load(*fresh.pop())(), runs=repeats
    )
    yield Row("parsed JSON", size, np.nan, times[0], f"{package}, parsed JSON", times[1])


def _memory_row(tool, paths, size):
    """Return a row whose note is the peak memory above that of the imports, in MiB."""
    run = [sys.executable, "-m", "benchmarks.coco", "--memory", tool, *map(str, paths)]
    done = subprocess.run(run, capture_output=True, text=True)
    note = done.stderr.splitlines()[-1] if done.returncode else f"{done.stdout.strip()} MiB"
    return Row("files, memory", size, np.nan, np.nan, tool, np.nan, note)


def _memory(tool, *paths):
    """Print by how many MiB evaluating two files raises this process's peak memory."""
    paths = [pathlib.Path(path) for path in paths]
    peer = None if tool == "npkpose" else Peer(tool)
    before = peak_mib()
    evaluate_coco(*paths) if peer is None else peer.load(*paths)()
    print(f"{peak_mib() - before:.0f}")


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="runs of each row; default 3")
    parser.add_argument("--memory", nargs=3, metavar=("TOOL", "TRUTH", "RESULTS"),
        help="only print the memory in MiB that a tool needs for two files")  # fmt: skip
    options = parser.parse_args(argv)
    if options.memory:
        return _memory(*options.memory)
    print(machine())
    print_rows(rows(options.repeats))


if __name__ == "__main__":
    main()
