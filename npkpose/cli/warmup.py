"""The command ``npkpose warmup``: call every kernel once, so that no later call compiles.

A kernel compiles on its first call. Numba caches the machine code in the package's ``__pycache__``
or, if that is read-only, in the user's cache folder; a later process reads it in milliseconds. A
second process compiles half of the kernels.

Layers and maps are compiled for float32, in which all networks compute. Those of float64 compile on
their first call: checks of gradients use such layers.
"""

import os
import subprocess
import time
from contextlib import nullcontext
from functools import partial

import numpy as np

from npkpose._numba import COMPILES, config
from npkpose.cli.compiling import rare_garbage_collection, second_process
from npkpose.codec.heatmap.decode import decode_heatmaps
from npkpose.codec.heatmap.gaussian import gaussian_heatmaps
from npkpose.codec.heatmap.peaks import find_peaks
from npkpose.codec.heatmap.simcc import decode_simcc
from npkpose.codec.nms import box_nms, oks_nms
from npkpose.codec.paf.fields import limb_scores, paf_fields
from npkpose.codec.paf.group import group_paf
from npkpose.codec.paf.limbs import MATCHINGS
from npkpose.codec.tags.group import group_tags
from npkpose.data.people import synthetic_scene
from npkpose.engine import (
    activations,
    attend,
    channels,
    convolve_in_evaluation,
    copies,
    elu,
    gelu,
    jobs,
    normalise_tokens,
    pointwise,
    rows,
    windows,
)
from npkpose.engine.program import Program
from npkpose.image.draw import draw_poses
from npkpose.image.warp import warp_affine
from npkpose.metrics import Detections, GroundTruth, evaluate_coco
from npkpose.metrics.coco.scanned import scan_ground_truth
from npkpose.nn import Adam, BatchNorm2d, Conv2d, ConvTranspose2d, ReLU, Sequential, engine
from npkpose.onnx.ops.nms import non_max_suppression
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton
from npkpose.space.camera import Camera
from npkpose.space.triangulate import triangulate
from npkpose.tracking.tracker import Tracker
from npkpose.training.fit import fit

_CHAIN = Skeleton("CHAIN", ("a", "b", "c"), ((0, 1), (1, 2)))
_PEOPLE = np.array([[(4, 4), (10, 4), (16, 4)], [(4, 15), (10, 15), (16, 15)]], dtype=float)


def warmup(report=None):
    """Compile and cache every kernel; return ``{name of the call: seconds}``.

    ``report(name, seconds)`` is called after each. The kernels of layers are compiled also if
    NPKPOSE_ENGINE is "plain".
    """
    seconds = {}

    def note(name, value):
        if name not in seconds:
            seconds[name] = value
            if report is not None:
                report(name, value)

    with rare_garbage_collection():
        if not COMPILES or config.BOUNDSCHECK or os.cpu_count() == 1:
            _call_all(_other_calls(), note)
        else:
            with second_process(_compile_for_maps, stdout=subprocess.PIPE) as process:
                _call_all(_other_calls(), note)
                for line in process.stdout:
                    value, name = line.decode().rstrip().split(" ", 1)
                    note(name, float(value))
        _call_all(_map_calls(), note)  # from the cache, unless there was no second process
    return seconds


def _compile_for_maps():
    """Do the second process's share, and print the seconds and the name of each call."""
    _call_all(_map_calls(), lambda name, seconds: print(f"{seconds} {name}", flush=True))


def _call_all(calls, note):
    """Make some calls, and give ``note`` the name and the seconds of each."""
    with engine("fast") if COMPILES else nullcontext():
        for name, call in calls:
            start = time.perf_counter()
            call()
            note(name, time.perf_counter() - start)


def _map_calls():
    """Yield (name, call) for every function with a kernel of maps, of images and of scores."""
    yield from _heatmap_calls()
    yield from _paf_calls()
    yield "warp_affine", partial(warp_affine, np.zeros((9, 9, 3), np.uint8), np.eye(2, 3), 5)
    yield "draw_poses", partial(draw_poses, np.zeros((9, 9, 3), np.uint8), Poses(_PEOPLE), _CHAIN)
    yield "synthetic_scene", partial(synthetic_scene, np.random.default_rng(0), 32)
    yield "oks_nms", partial(oks_nms, Poses(_PEOPLE), _CHAIN)
    yield "box_nms", partial(box_nms, [(0, 0, 2, 2), (1, 1, 3, 3)], [1, 2])
    yield "Tracker", _track
    data = np.frombuffer(bytearray(b'{"images":[],"annotations":[],"categories":[]}\0'), np.uint8)
    yield "scan COCO's JSON", partial(scan_ground_truth, "", data, 3)


def _other_calls():
    """Yield (name, call) for every other function with a kernel."""
    yield from _layer_calls()
    if COMPILES:
        yield from _token_calls()
        yield "3x3 convolution in evaluation", _evaluation
        yield "steps of a program", _program
        yield "jobs of several threads", partial(jobs._look_for_jobs, np.zeros(48, np.int64))
    yield "NonMaxSuppression", partial(
        non_max_suppression, np.ones((1, 1, 4)), np.ones((1, 1, 1)), 1
    )
    yield "triangulate", _triangulate
    yield "evaluate_coco", _evaluate


def _program():
    """Run a program with a step of each kind, in which every place is read and written."""
    x, row, taps = (np.zeros(n, np.float32) for n in ((1, 2, 4, 4), 4, (2, 4)))
    y, wide, places = np.zeros_like(x), np.zeros((1, 2, 8, 8), np.float32), np.zeros((2, 4), int)
    steps, window = Program(), ((1, 1), (1, 1), (0, 0), (1, 1))
    pointwise.add_activation(steps, activations.SILU, x, y)
    pointwise.add_binary(steps, pointwise.ADD, x, row, y)
    copies.add_copy(steps, x, y)
    copies.add_enlarged(steps, x, wide, (2, 2))
    rows.add_rows(steps, rows.SOFTMAX, x, y)
    windows.add_max_pool(steps, x, y, (1, 1), (1, 1), (0, 0))
    windows.add_max_pool(steps, wide, y, (2, 2), (2, 2), (0, 0))
    windows.add_interpolated(steps, x, y, (places, taps), (places, taps))
    weight = np.ones((2, 1, 1, 1), np.float32)
    channels.add_channels(steps, x, weight, None, y, window)
    steps.run()


def _heatmap_calls():
    heatmaps = gaussian_heatmaps(_PEOPLE, 20).max(axis=0)
    tags = np.zeros((*heatmaps.shape, 1), np.float32)
    for refine in ("log_parabola", "dark"):
        yield f"decode_heatmaps {refine}", partial(decode_heatmaps, heatmaps[None], refine)
    yield "find_peaks", partial(find_peaks, heatmaps, min_distance=1.0)
    heatmaps = heatmaps.copy()
    heatmaps[2] = 0  # every person misses it
    yield "group_tags", partial(
        group_tags, heatmaps, tags, _CHAIN, min_keypoints=2, fill_missing=True
    )
    logits = np.ones((1, 3, 8), np.float32)
    yield "decode_simcc", partial(decode_simcc, logits, logits)


def _layer_calls():
    image = np.ones((1, 2, 14, 14), np.float32)
    for groups in (1, 2):  # 2: depthwise
        yield f"Conv2d, groups {groups}", partial(Conv2d(2, 2, 3, groups=groups), image)
    yield "folded BatchNorm2d", partial(BatchNorm2d(2).affine, np.float32)
    many_windows = Conv2d(2, 2, 3), BatchNorm2d(2), ReLU()
    few_windows = Conv2d(2, 2, 2, stride=2), ConvTranspose2d(2, 2, 2, 2)
    layers = Sequential(*many_windows, *few_windows)
    batch = [(image, np.zeros((1, 2, 12, 12), np.float32), None)]
    yield "training step", partial(fit, layers, batch, Adam(layers))
    many_pixels = np.ones((1, 2, 64, 64), np.float32)
    yield "ConvTranspose2d of many pixels", partial(ConvTranspose2d(2, 2, 2, 2), many_pixels)


def _evaluation():
    """Call a 3x3 convolution that is large enough for its own method."""
    x, weight = np.ones((1, 48, 64, 64), np.float32), np.ones((48, 48, 3, 3), np.float32)
    return convolve_in_evaluation(x, weight, ((3, 3), (1, 1), (1, 1), (1, 1)))


def _token_calls():
    tokens, ones = np.ones((2, 1, 3), np.float32), np.ones(2, np.float32)
    yield "attention", partial(attend, *np.ones((3, 1, 1, 2, 3), np.float32))
    yield "normalised tokens", partial(normalise_tokens, tokens, ones, ones, 1e-6)
    yield "GELU", partial(gelu, tokens)
    yield "ELU", partial(elu, tokens, 1.0, True)


def _paf_calls():
    heatmaps = gaussian_heatmaps(_PEOPLE, 20).max(axis=0)
    heatmaps[2] = 0  # every person misses it
    fields = paf_fields(_PEOPLE, _CHAIN, 20)
    for matching in MATCHINGS:
        options = {"matching": matching, "min_keypoints": 2, "fill_missing": True}
        yield f"group_paf {matching}", partial(group_paf, heatmaps, fields, _CHAIN, **options)
    yield "limb_scores", partial(limb_scores, fields[:2], _PEOPLE[:, 0], _PEOPLE[:, 1])


def _evaluate():
    truth = GroundTruth(_PEOPLE, np.ones((2, 3)), [1, 1], [9, 9])
    found = Detections(_PEOPLE, [2, 1], [1, 1])
    return evaluate_coco(truth, found, _CHAIN)


def _triangulate():
    lens = (0.1, 0, 0, 0, 0)
    cameras = [Camera(np.eye(3), (x, 0, 0), (9, 9), (0, 0), lens) for x in (-1.0, 0.0, 1.0)]
    pixels = [camera.project(np.array([[0.1, 0.2, 4.0]])) for camera in cameras]
    return triangulate(pixels, cameras, robust=True)


def _track():
    """Track two people through two frames."""
    tracker = Tracker(_CHAIN)
    for _ in range(2):
        tracker.update(Poses(_PEOPLE))
