"""Valid arguments of `npkpose.io`."""

from types import SimpleNamespace

import numpy as np

from npkpose import COCO_17, OPENPOSE_18
from npkpose.io import ImageEntry, Labels


def images(d):
    """Return up to three images, with ids that are all numbers or all text."""
    kind = d.choice(int, str)
    return [ImageEntry(kind(i), f"{i}.png", *d.choice((), (32, 24))) for i in range(d.size(1, 3))]


def _labels(d):
    skeleton, listed, N = d.choice(COCO_17, OPENPOSE_18), images(d), d.size(0, 3)
    K = skeleton.num_keypoints
    keypoints = d.points((N, K))
    visibility = np.where(np.isnan(keypoints[..., 0]), 0, d.integers((N, K), 1, 2))
    return {
        "skeleton": skeleton, "images": listed, "keypoints": keypoints,
        "image_index": d.integers(N, 0, len(listed) - 1),
        "visibility": d.choice(None, visibility), "scores": d.choice(None, d.array((N, K), 0, 1)),
        "instance_scores": d.choice(None, d.array(N, 0, 1)),
        "boxes": d.choice(None, d.array((N, 4))),
        "areas": d.choice(None, d.array(N, 1, 4)), "ignored": d.choice(None, d.flags(N)),
        "categories": d.choice(None, {7: "dancer"}),
        "fields": d.choice(None, {"track_ids": d.integers(N, 0, 9)}),
        "image_fields": d.choice(None, {"crowdIndex": d.array(len(listed), 0, 1)}),
    }  # fmt: skip


def labels(d):
    return Labels(**_labels(d))


def _with_images(d):
    before = labels(d)
    return {"self": before, "images": [ImageEntry(i) for i in range(len(before.images))]}


def _key_points(d):
    N, K = d.size(0, 3), 17
    xy = np.nan_to_num(d.points((N, K))).astype(np.float32)
    return SimpleNamespace(xy=xy, class_id=d.choice(None, d.integers(N, 0, 2)),
                           confidence=d.choice(None, d.array((N, K), 0, 1)))  # fmt: skip


CALLS = {
    "Labels": _labels,
    "Labels.at": lambda d: {"self": labels(d), "rows": np.array([], int)},
    "Labels.of_image": lambda d: {"self": labels(d), "index": 0},
    "Labels.to_skeleton": lambda d: {"self": labels(d), "target": d.skeleton()},
    "Labels.with_images": _with_images,
    "formats": lambda d: {},
    "from_supervision": lambda d: {"keypoints": _key_points(d)},
    "to_supervision": lambda d: {"labels": labels(d), "index": 0},
}
