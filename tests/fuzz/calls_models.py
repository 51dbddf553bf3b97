"""Valid arguments of `npkpose.models`: small networks, and "x" for a forward in evaluation mode."""

import numpy as np


def _evaluated(function, arguments):
    arguments = dict(arguments)
    x = arguments.pop("x")
    return function(**arguments).eval().forward(x)


def _images(d, multiple):
    return d.array((d.size(0, 2), 3, multiple * d.size(1, 2), multiple)).astype(np.float32)


def _poses(d, frames):
    return d.array((d.size(0, 2), frames, 4, 2))


def _video_pose(d):
    form = d.choice("dilated", "strided")
    return {"widths": (3, 1), "channels": d.size(), "joints": (4, 3), "form": form,
            "causal": d.chance(), "dropout": d.number(0, 1), "rng": d.generator(),
            "x": _poses(d, 3)}  # fmt: skip


def _mhformer(d):
    return {"frames": 9, "joints": 4, "layers": 1, "widths": (8, 8), "drop_path": d.number(0, 1),
            "depth": 1, "rng": d.generator(), "x": _poses(d, 9)}  # fmt: skip


CALLS = {
    "LightweightOpenPose": lambda d: {
        "num_refinement_stages": 0, "base": 1, "rng": d.generator(), "x": _images(d, 8),
    },
    "MHFormer": _mhformer,
    "OpenPoseBody25": lambda d: {
        "paf_stages": 1, "heatmap_stages": 1, "base": 2, "rng": d.generator(), "x": _images(d, 8),
    },
    "OpenPoseCOCO": lambda d: {
        "num_stages": 1, "base": 1, "rng": d.generator(), "x": _images(d, 8),
    },
    "ResNet": lambda d: {
        "blocks": (1, 1, 1, 1), "width": 1, "rng": d.generator(), "x": _images(d, 32),
    },
    "Simple3D": lambda d: {
        "joints": (4, 3), "features": d.size(), "stages": d.size(0, 2),
        "dropout": d.number(0, 1), "rng": d.generator(), "x": d.array((d.size(0, 2), 4, 2)),
    },
    "SmallDetector": lambda d: {"base": 2, "rng": d.generator(), "x": _images(d, 16)},
    "SmallPaf": lambda d: {"base": 2, "rng": d.generator(), "x": _images(d, 16)},
    "SmallTags": lambda d: {"base": 2, "rng": d.generator(), "x": _images(d, 16)},
    "SmallTopDown": lambda d: {
        "input_size": (32, 16), "base": 2, "rng": d.generator(), "x": _images(d, 16),
    },
    "TinyKeypointNet": lambda d: {
        "num_keypoints": d.size(), "base": d.size(), "rng": d.generator(), "x": _images(d, 4),
    },
    "TinyPafNet": lambda d: {
        "num_keypoints": d.size(), "num_paf_channels": d.size(), "base": d.size(),
        "rng": d.generator(), "x": _images(d, 4),
    },
    "VideoPose3D": _video_pose,
    "ViTPose": lambda d: {
        "size": (16, 1, 2), "decoder": d.choice("classic", "simple"),
        "num_keypoints": d.size(), "image_size": (32, 16), "drop_path": d.number(0, 1),
        "rng": d.generator(), "x": d.array((d.size(0, 2), 3, 32, 16)),
    },
}  # fmt: skip
WRAPPERS = dict.fromkeys(CALLS, _evaluated)
