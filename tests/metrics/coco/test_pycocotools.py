"""The COCO evaluation against pycocotools, bit for bit, on random sets and on photographs."""

import contextlib
import copy
import io
import json
import warnings

import numpy as np
import pytest

from npkpose._numba import COMPILES
from npkpose.metrics import evaluate_coco
from npkpose.skeleton import Skeleton

SETS = 30 if not COMPILES else 520  # uncompiled, a set takes ten times as long


def pycocotools(truth, results, tenths=None, max_dets=(20,)):
    """Return pycocotools' evaluation, and what it prints at the end."""
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    coco = pytest.importorskip("pycocotools.coco")
    shown = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        gt = coco.COCO()
        gt.dataset = copy.deepcopy(truth)
        gt.createIndex()
        peer = cocoeval.COCOeval(gt, gt.loadRes(copy.deepcopy(results)), "keypoints")
        peer.params.maxDets = list(max_dets)
        if tenths is not None:
            peer.params.kpt_oks_sigmas = tenths / 10.0
        peer.evaluate()
        peer.accumulate()
        with contextlib.redirect_stdout(shown):
            peer.summarize()
    return peer, shown.getvalue()


def ours(*arguments, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluate_coco(*arguments, **settings)


def assert_same_bits(result, peer):
    for name in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(getattr(result, name), peer.eval[name], err_msg=name)
    np.testing.assert_array_equal(result.stats, peer.stats)


@pytest.mark.parametrize("tenth", range(10))
def test_random_sets_give_pycocotools_bits(random_set, tenth):
    for seed in range(tenth * SETS // 10, (tenth + 1) * SETS // 10):
        truth, results = random_set(seed)
        if results:
            peer, shown = pycocotools(truth, results)
            result = ours(truth, results, strict=True)
            assert_same_bits(result, peer)
            assert str(result) + "\n" == shown


def test_nan_and_other_max_dets_and_skeletons_give_pycocotools_bits(random_set):
    for seed in range(SETS // 5):
        parts = (1, 5, 17, 133)[seed % 4]
        tenths = np.round(np.random.default_rng(seed).uniform(0.2, 1.1, parts), 2)
        plan = Skeleton("PLAN", [str(k) for k in range(parts)], (), sigmas=tenths / 10)
        truth, results = random_set(1000 + seed, parts, nan=seed % 3 == 0)
        if results:
            peer, _ = pycocotools(truth, results, tenths, max_dets=(20, 1, 5))
            result = ours(truth, results, plan, max_dets=(20, 1, 5), strict=True)
            assert_same_bits(result, peer)


def test_the_default_differs_only_by_ids_and_nan(random_set):
    for seed in range(SETS // 5):
        truth, results = random_set(seed)
        for number, annotation in enumerate(truth["annotations"]):
            annotation["id"] = number + 1
        if results:
            assert_same_bits(ours(truth, results), pycocotools(truth, results)[0])


@pytest.mark.parametrize("strict", [False, True])
def test_photographs_give_pycocotools_bits(shared_data, rng, strict):
    path = shared_data / "photos" / "annotations.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    results = []
    for annotation in truth["annotations"]:
        for noise in (1, 4, 9):
            points = np.reshape(annotation["keypoints"], (-1, 3))[:, :2]
            points = np.c_[points + rng.normal(0, noise, points.shape), np.ones(17)]
            found = {"image_id": annotation["image_id"], "category_id": 1, "score": rng.random()}
            results.append({**found, "keypoints": points.ravel().tolist()})
    peer, shown = pycocotools(truth, results)
    result = evaluate_coco(path, results, strict=strict)
    assert_same_bits(result, peer)
    assert str(result) + "\n" == shown and 0.3 < result.stats.ap < 1
