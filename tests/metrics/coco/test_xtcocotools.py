"""The protocols of xtcocotools against xtcocotools, bit for bit, on random sets.

It has no wheels for NumPy 2: pip install --no-build-isolation --no-binary xtcocotools xtcocotools,
with cython, setuptools and numpy installed.
"""

import contextlib
import copy
import io
import json
import warnings

import numpy as np
import pytest

from npkpose import skeletons
from npkpose._numba import COMPILES
from npkpose.metrics import evaluate_coco, evaluate_wholebody
from npkpose.metrics.coco.protocols import PART_SCORES, PARTS, PROTOCOLS

SETS = 6 if not COMPILES else 100
SIGMAS = np.array(skeletons.COCO_WHOLEBODY_133.sigmas)
IOU_TYPES = {"crowdpose": "keypoints_crowd"}


@pytest.fixture(scope="module")
def xtcocotools(tmp_path_factory):
    """Return a function from a set, an iouType and sigmas to xtcocotools' evaluation."""
    try:
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval
    except Exception as error:  # not installed, or built for another NumPy: then it is a ValueError
        pytest.skip(f"xtcocotools: {error}")
    path = tmp_path_factory.mktemp("peer") / "truth.json"

    def evaluate(truth, results, iou_type, sigmas, use_area=True):
        path.write_text(json.dumps(truth), encoding="utf-8")  # its crowd levels read the file
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gt = COCO(str(path))
            dt = gt.loadRes(copy.deepcopy(results))
            peer = COCOeval(gt, dt, iou_type, sigmas=np.array(sigmas), use_area=use_area)
            peer.evaluate()
            peer.accumulate()
            peer.curves = {name: peer.eval[name].copy() for name in ("precision", "recall")}
            peer.summarize()
        return peer

    return evaluate


def ours(evaluate, truth, results, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluate(truth, results, strict=True, **settings)


def some_set(random_set, seed, parts):
    """Return a random set with results whose third numbers are 0, and crowd indices."""
    rng = np.random.default_rng(seed)
    truth, results = random_set(seed, parts)
    for number, annotation in enumerate(truth["annotations"]):
        annotation["id"] = number  # 0 is an id like any other
    for result in results:
        if rng.random() < 0.15:
            result["keypoints"][2::3] = [0] * parts
    for image in truth["images"]:
        image["crowdIndex"] = float(rng.choice([0.2, 0.8, rng.random()]))
    return truth, results


def in_parts(truth, results, seed):
    """Return a set of 133 keypoints in the fields of COCO-WholeBody, with scores of parts."""
    rng = np.random.default_rng(seed)
    ends = 3 * np.cumsum([part.count for part in PARTS])[:-1]
    for entry in truth["annotations"] + results:
        for part, row in zip(PARTS, np.split(np.array(entry["keypoints"]), ends)):
            if rng.random() < 0.2:
                row[2::3] = 0
            entry[part.field] = row.tolist()
    for result in results:
        for name in PART_SCORES:
            if rng.random() < 0.5:
                result[name] = float(rng.integers(0, 9) / 8)
    return truth, results


def assert_same(result, peer):
    for name, expected in peer.curves.items():
        np.testing.assert_array_equal(getattr(result, name), expected, err_msg=name)
    np.testing.assert_allclose(result.stats, peer.stats, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["xtcoco", "ap10k", "crowdpose"])
def test_random_sets_give_xtcocotools_numbers(name, random_set, xtcocotools):
    protocol = PROTOCOLS[name]
    skeleton = skeletons.find(protocol.skeleton or "COCO_17")
    iou_type = IOU_TYPES.get(name, "keypoints")
    for seed in range(SETS):
        truth, results = some_set(random_set, seed, skeleton.num_keypoints)
        peer = xtcocotools(truth, results, iou_type, skeleton.sigmas, protocol.use_area)
        assert_same(ours(evaluate_coco, truth, results, protocol=name), peer)


def test_random_sets_of_wholebody_give_xtcocotools_numbers(random_set, xtcocotools):
    starts = np.cumsum([0, *(part.count for part in PARTS)])
    sigmas = {part.name: SIGMAS[a:b] for part, a, b in zip(PARTS, starts, starts[1:])}
    for seed in range(SETS):
        truth, results = in_parts(*some_set(random_set, seed, 133), seed)
        found = ours(evaluate_wholebody, truth, results)
        for name, result in found.parts.items():
            peer = xtcocotools(truth, results, f"keypoints_{name}", sigmas.get(name, SIGMAS))
            assert_same(result, peer)
            if name != "wholebody":
                again = ours(evaluate_coco, truth, results, protocol=f"wholebody_{name}")
                np.testing.assert_array_equal(again.precision, result.precision)


def test_areas_of_boxes_give_xtcocotools_numbers(random_set, xtcocotools):
    """As AI Challenger's annotations, which have no area."""
    protocol = PROTOCOLS["xtcoco"]._replace(use_area=False)
    for seed in range(SETS // 5):
        truth, results = some_set(random_set, seed, 14)
        for annotation in truth["annotations"]:
            del annotation["area"], annotation["num_keypoints"]
        settings = {"protocol": protocol, "skeleton": "AIC_14"}
        peer = xtcocotools(truth, results, "keypoints", skeletons.AIC_14.sigmas, False)
        assert_same(ours(evaluate_coco, truth, results, **settings), peer)
