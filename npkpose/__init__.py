"""Keypoint detection and pose estimation you can read, in NumPy and Numba.

A reading order: `codec.heatmap` (a keypoint as a heatmap, and back), `nn` (layers with hand-written
gradients), `models.tiny` and `exercises` (learning keypoints), `codec.paf` (several people),
`pipeline` (a photograph).

A name is imported when it is first used, so that ``import npkpose`` takes no time; `__init__.pyi`
says the same to type checkers and editors.
"""

import importlib

__version__ = "0.2.0"

_ROOMS = (
    "data", "io", "metrics", "models", "nn", "skeletons", "sources", "space", "tracking", "weights",
)  # fmt: skip
_OTHER_ROOMS = (
    "codec", "doctor", "engine", "explain", "image", "onnx", "pipeline", "results", "tflite",
    "training",
)  # fmt: skip
_NAMES = {  # module: its public names
    "codec.assignment": "assign",
    "codec.heatmap.decode": "decode_heatmaps heatmap_to_coords",
    "codec.heatmap.gaussian": "gaussian_heatmap gaussian_heatmaps",
    "codec.heatmap.merged_peaks": "separate_peaks",
    "codec.heatmap.peaks": "Peaks find_peaks",
    "codec.heatmap.simcc": "decode_simcc simcc_targets",
    "codec.nms": "box_nms oks_nms",
    "codec.paf.fields": "limb_scores paf_fields",
    "codec.paf.group": "PAF_VARIANTS group_paf",
    "codec.tags.group": "group_tags",
    "codec.tags.loss": "tag_loss tag_targets",
    "grid": "Grid",
    "image": "draw",
    "image.draw": "draw_poses",
    "image.draw_maps": "draw_fields draw_heatmaps",
    "image.draw_style": "DrawStyle",
    "image.draw_trails": "draw_trails",
    "image.shown": "show",
    "image.warp": "warp_affine",
    "metrics": "CocoResult evaluate_coco mpii_protocol oks pck pckh",
    "metrics.pose3d": "mpjpe mpjve n_mpjpe pa_mpjpe",
    "pipeline": "BottomUp Detector TopDown",
    "poses": "Poses",
    "skeleton": "Skeleton",
    "skeletons": (
        "AP10K_17 BODY_25 COCO_17 COCO_WHOLEBODY_133 FACE_68 H36M_17 "
        "HALPE_26 HAND_21 MPII_16 OPENPOSE_18 PANOPTIC_19 SMPL_24"
    ),
    "space.triangulate": "triangulate",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted([*_ROOMS, *_HOMES])


def __getattr__(name):
    """Import a public name, a folder of the package, or a plan of `npkpose.skeletons`."""
    if name in _HOMES:
        value = getattr(__import__(f"npkpose.{_HOMES[name]}", fromlist=[name]), name)
    elif name in _ROOMS or name in _OTHER_ROOMS:
        value = importlib.import_module(f"npkpose.{name}")
    else:  # perhaps a plan, such as WFLW_98
        plans = importlib.import_module("npkpose.skeletons") if name.isupper() else None
        if not hasattr(plans, name):
            raise AttributeError(f"module 'npkpose' has no attribute {name!r}")
        value = getattr(plans, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
