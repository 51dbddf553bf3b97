"""Valid arguments of `npkpose.metrics`."""

import numpy as np

from npkpose import COCO_17, evaluate_coco, skeletons
from npkpose.io import ImageEntry, Labels
from npkpose.metrics import split_images


def _pair(d, **more):
    shape = d.size(1, 3), d.size(2, 5)
    return {"keypoints": d.points(shape, **more), "true_keypoints": d.points(shape, missing=0)}


def _flags(d, arguments):
    return d.choice(None, d.flags(arguments["true_keypoints"].shape[:2]))


def _with_sizes(d, missing=0.2, **more):
    arguments = _pair(d, missing=missing)
    sizes = d.array(len(arguments["keypoints"]), 1, 4)
    return {**arguments, "sizes": sizes, "visibility": _flags(d, arguments), **more}


def _oks(d):
    D, G, K = d.size(0, 3), d.size(0, 3), d.size(1, 5)
    return {
        "keypoints": d.points((D, K), missing=0), "true_keypoints": d.points((G, K), missing=0),
        "areas": d.array(G, 1, 16), "sigmas": d.array(K, 0.0625, 1),
        "visibility": d.choice(None, d.flags((G, K))), "missing": "raise", "boxes": None,
    }  # fmt: skip


def _evaluate_boxes(d):
    truth, found = ([d.boxes(d.size(0, 3)) for _ in range(2)] for _ in range(2))
    scores = [d.array(len(boxes), 0, 1) for boxes in found]
    ignored = d.choice(None, [d.flags(len(boxes)) for boxes in truth])
    return {"truth": truth, "found": found, "scores": scores, "ignored": ignored}


def _head_boxes(d, people):
    return np.tile([0.0, 0.0, 3.0, 4.0], (people, 1))


def _pckh(d):
    arguments = _pair(d)
    boxes = _head_boxes(d, len(arguments["keypoints"]))
    return {**arguments, "head_boxes": boxes, "thresholds": d.choice((0.5,), (0.25, 0.5)),
            "visibility": _flags(d, arguments), "left_out": d.choice((), (0,))}  # fmt: skip


def _mpii(d):
    P = d.size(1, 3)
    return {
        "keypoints": d.points((P, 16)), "true_keypoints": d.points((P, 16), missing=0),
        "head_boxes": _head_boxes(d, P), "visibility": d.choice(None, d.flags((P, 16))),
        "offset": d.choice(0.0, 1.0), "low_threshold": 0.125,
    }  # fmt: skip


def _points(d, *last, name="points"):
    shape = d.size(1, 3), d.size(2, 5)
    return {name: d.points_3d(shape), f"true_{name}": d.points_3d(shape)}


def _rooted(d, **more):
    return {**_points(d), "root": d.choice(None, 0, 1), **more}


def _match(d):
    D, G = d.size(0, 4), d.size(0, 4)
    values = {"similarity": d.array((D, G), 0, 1), "scores": d.array(D, 0, 1)}
    return {**values, "threshold": d.number(0, 1)}


def _right_instance(d):
    D, G, K = d.size(0, 3), d.size(1, 3), d.size(1, 4)
    matched = d.integers(D, -1, G - 1)
    keypoints, truth = d.points((D, K)), d.points((G, K), missing=0)
    return {"keypoints": keypoints, "true_keypoints": truth, "matched": matched}


def _truth(d):
    G, K = d.size(0, 3), 4
    return {
        "keypoints": d.points((G, K), missing=0), "visibility": d.integers((G, K), 0, 2),
        "image_id": d.choice(np.arange(G), [f"i{n}" for n in range(G)]), "area": d.array(G, 1, 9),
        "bbox": d.choice(None, d.boxes(G)), "iscrowd": d.choice(None, np.zeros(G, bool)),
        "num_keypoints": None, "category_id": None, "id": None, "images": None,
        "categories": None,
    }  # fmt: skip


def _detections(d):
    D = d.size(0, 3)
    return {
        "keypoints": d.points((D, 4), missing=0), "score": d.array(D, 0, 1),
        "image_id": np.arange(D), "bbox": d.choice(None, d.boxes(D)), "category_id": None,
        "third": None,
    }  # fmt: skip


def _evaluate(d):
    truth, found = d.coco()
    return {
        "ground_truth": truth, "results": found, "skeleton": COCO_17, "max_dets": (20,),
        "thresholds": d.choice([0.5], np.linspace(0.5, 0.9, 3)), "areas": {"all": (0, 1e10)},
        "categories": d.choice(None, [1]), "strict": False,
        "protocol": d.choice("coco", "xtcoco"), "sigmas": d.choice(None, [0.05] * 17),
    }  # fmt: skip


def _wholebody(d):
    truth, found = d.coco()
    for entry in truth["annotations"] + found:
        entry["keypoints"] = (list(entry["keypoints"]) * 8)[:399]
    return {
        "ground_truth": truth, "results": found, "sigmas": None, "categories": d.choice(None, [1]),
        "strict": False, "use_valid": d.choice(True, False),
    }  # fmt: skip


def _people(d, skeleton):
    """Return Labels of three people, as ground truth and as results."""
    points = d.array((3, skeleton.num_keypoints, 2), 0, 16)
    fields = {"head_boxes": np.array([[0.0, 0, 3, 4]] * 3), "track_ids": np.arange(3)}
    images = [ImageEntry(1), ImageEntry(2)]
    return Labels(skeleton, images, [0, 0, 1], points, boxes=[[0, 0, 9, 9]] * 3, fields=fields)


def _distances(d):
    return {
        "ground_truth": _people(d, COCO_17), "results": _people(d, COCO_17),
        "protocol": d.choice("pck", "nme", "epe", "pckh"), "skeleton": None, "category": None,
        "size": d.choice(None, "box"), "thresholds": d.choice(None, [0.5]),
    }  # fmt: skip


def _posetrack(d):
    pair = {name: _people(d, skeletons.POSETRACK_17) for name in ("ground_truth", "results")}
    return {**pair, "skeleton": None, "category": None}


def _shards(d):
    truth, found = d.coco()
    return {"ground_truth": truth, "results": found, "num_shards": 2, "skeleton": COCO_17}


def _result(d):
    return evaluate_coco(*d.coco())


def _cell(d):
    return {"self": _result(d), "threshold": d.choice(0.5, 0.75), "area": d.choice("all", "large")}


def _joined(d):
    return {"results": [evaluate_coco(*shard) for shard in split_images(*d.coco(), 2)]}


def _tracking(d):
    frames = {name: [d.poses(4) for _ in range(2)] for name in ("truth", "found")}
    areas = [d.array(len(poses), 1, 9) for poses in frames["truth"]]
    sigmas = d.array(4, 0.0625, 1)
    return {**frames, "sigmas": sigmas, "areas": areas, "threshold": d.number(0.0625, 1)}


CALLS = {
    "CocoResult.ap_per_category": lambda d: {"self": _result(d)},
    "CocoResult.keypoint_errors": _cell,
    "CocoResult.matches": _cell,
    "CocoResult.per_image": _cell,
    "Detections": _detections,
    "GroundTruth": _truth,
    "analyse_errors": lambda d: {"result": _result(d)},
    "auc": lambda d: _with_sizes(d, high=d.number(), steps=d.choice(None, 5)),
    "auc_3d": lambda d: _rooted(d, thresholds=np.linspace(0, 16, 5)),
    "epe": lambda d: {**(pair := _pair(d, missing=0)), "visibility": _flags(d, pair)},
    "evaluate_boxes": _evaluate_boxes,
    "evaluate_coco": _evaluate,
    "evaluate_distances": _distances,
    "evaluate_posetrack": _posetrack,
    "evaluate_tracking": _tracking,
    "evaluate_wholebody": _wholebody,
    "examine": lambda d: {**dict(zip(("annotations", "results"), d.coco())), "skeleton": COCO_17},
    "join_shards": _joined,
    "match": _match,
    "mpii_protocol": _mpii,
    "mpjpe": _rooted,
    "mpjve": _rooted,
    "n_mpjpe": _rooted,
    "nme": lambda d: _with_sizes(d, missing=0),
    "oks": _oks,
    "pa_mpjpe": _points,
    "pck": lambda d: _with_sizes(d, thresholds=(0.5,), left_out=d.choice((), (0,))),
    "pck_3d": lambda d: _rooted(d, threshold=d.number()),
    "pckh": _pckh,
    "pve": lambda d: {**_points(d, name="vertices"), "roots": None},
    "right_instance": _right_instance,
    "split_images": _shards,
}
