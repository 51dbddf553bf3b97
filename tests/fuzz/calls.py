"""Valid arguments of every public function: ``{name: function of a Draw that returns them}``.

A method takes its object as "self". Everything public is in one of these tables, or in `LEFT_OUT`
with the reason.
"""

import numpy as np

from npkpose import BODY_25, COCO_17, DrawStyle, Grid, Poses
from tests.fuzz import (
    calls_io,
    calls_metrics,
    calls_models,
    calls_nn,
    calls_space,
    calls_tracking,
    calls_training,
)
from tests.fuzz.draw import CHAIN

LEFT_OUT = {
    "a record that checks nothing": """Body BodyData CocoResult ConversionTable ErrorAnalysis
        Finding ImageEntry IUVLabels IUVTerms Lens MeshLabels MeshTerms MpiiScores Node Pck
        Peaks Scene SemiSupervisedTerms Similarity Triangulation Diagnosis
        Mended DistanceScores PoseTrackScores TrackingScores Crowd Protocol WholeBodyResult Graph
        Value Frame""",
    "a method of a result": "CocoResult.plot",
    "reads files, see formats.py": """CocoDataset diagnose from_onnx load load_npz load_pytorch
        load_safetensors load_tensorflow load_trained read_cameras read_graph read_image read_json
        read_keypoints read_log is_tflite load_model load_tflite
        open_session Session read_people read_photo read_smpl read SMPL.from_file""",
    "writes files": """plot_log save write save_npz save_safetensors write_arrays write_coco
        write_image""",
    "downloads files": "fetch load_published",
    "needs a network, files or threads": """BottomUp TopDown Trainer Video frames
        match_images prefetch random_crop engine""",
    "makes figures, too slow to call so often; tests/explain calls them": """explain_page
        plot_fields plot_heatmaps plot_input plot_integral plot_matching plot_peak plot_peaks
        plot_people plot_tags trace_image""",
    "a network too large to build so often": "HRNet HigherHRNet OpenPoseMobileNetV2 PyMAF",
    "a record of boxes that checks nothing": "BoxScores BoxTargets Boxes",
    "needs a network": "Detector",
    "a base class": "Module Optimizer Schedule",
    "takes whatever a file lists as names": "normal_name skeleton_of",
    "compares numbers, given to it by the package only": "warp_pixels",
}  # fmt: skip


def left_out():
    return {name for names in LEFT_OUT.values() for name in names.split()}


def _gaussian_heatmaps(d):
    shape = d.size(0, 2), d.size()
    flags = d.choice(None, d.flags(shape))
    size = d.choice(8, (6, 9))
    return {
        "keypoints": d.points(shape), "size": size, "sigma": d.number(), "visibility": flags,
        "grid": d.grid(), "dtype": d.choice(np.float32, np.float64), "round_centres": d.chance(),
    }  # fmt: skip


def _group_paf(d):
    skeleton, side = CHAIN, (6, 12)
    maps = d.maps(4, side=side)
    return {
        "heatmaps": maps, "pafs": d.array((6, *maps.shape[1:]), -1, 1), "skeleton": skeleton,
        "grid": d.grid(), "threshold": 0.5, "separate": d.chance(), "num_samples": d.size(2, 5),
        "sample_threshold": d.number(0, 1), "sample_fraction": d.number(0, 1),
        "max_length_ratio": d.number(1, 8), "matching": d.choice("greedy", "optimal"),
        "min_keypoints": d.size(), "min_score": d.number(0, 1), "fill_missing": d.chance(),
    }  # fmt: skip


def _group_tags(d):
    maps = d.maps(4, side=(6, 12))
    return {
        "heatmaps": maps, "tags": d.array(maps.shape), "skeleton": CHAIN, "grid": d.grid(),
        "threshold": 0.5, "tag_threshold": d.number(), "max_people": d.size(),
        "order": d.choice(None, [3, 1, 0, 2]), "adjust": d.chance(), "min_keypoints": d.size(),
        "min_score": d.number(0, 1), "nms_threshold": d.number(0.0625, 1),
        "fill_missing": d.chance(), "separate_left_right": d.chance(),
    }  # fmt: skip


def _separate_peaks(d):
    maps = d.maps(d.size(0, 3))
    return {"heatmaps": maps, "peaks": d.peaks(maps), "threshold": d.number(0.0625, 1)}


def _limb_scores(d):
    paf = d.array((2, d.size(2, 8), d.size(2, 8)), -1, 1)
    high, count = np.array(paf.shape[:0:-1]) - 1, d.size(0, 3)
    starts, ends = (np.minimum(d.array((count, 2), 0, 8), high) for _ in range(2))
    return {"paf": paf, "starts": starts, "ends": ends, "num_samples": d.size(2, 6)}


def _tag_loss(d):
    maps = d.array((d.size(), d.size(), d.size(), *d.choice((), (2,))))
    pixels = d.integers((d.size(0, 3), len(maps)), -1, maps.shape[1] * maps.shape[2] - 1)
    weights = {"pull_weight": d.number(0), "push_weight": d.number(0)}
    return {"tags": maps, "pixels": pixels, **weights}


def _oks_nms(d):
    skeleton = d.choice(CHAIN, COCO_17)
    poses = d.poses(skeleton.num_keypoints)
    areas = d.choice(None, d.array((len(poses),), 1, 4))
    return {"poses": poses, "skeleton": skeleton, "areas": areas, "threshold": d.number(0, 1)}


def _decode_boxes(d):
    heatmap = d.maps()
    return {
        "heatmap": heatmap, "sizes": d.array((2, *heatmap.shape), 0, 4),
        "offsets": d.array((2, *heatmap.shape), -1, 1), "threshold": d.number(0.0625, 1),
        "max_boxes": d.size(), "grid": d.grid(),
    }  # fmt: skip


def _box_nms(d):
    n = d.size(0, 4)
    return {"boxes": d.boxes(n), "scores": d.array(n, 0, 1), "threshold": d.number(0, 1)}


def _simcc(d):
    N, K = d.size(0, 2), d.size()
    refine = d.choice("argmax", "quarter", "parabola", "log_parabola")
    return {
        "x_logits": d.array((N, K, d.size(1, 9))), "y_logits": d.array((N, K, d.size(1, 9))),
        "split_ratio": d.number(), "refine": refine, "score": d.choice("min", "mean"),
    }  # fmt: skip


def _poses(d):
    poses = d.poses(d.size(1, 5))
    ids = d.choice(None, np.arange(len(poses)) + 3)
    scores = d.choice(None, poses.scores.copy())
    return {"keypoints": poses.keypoints.copy(), "scores": scores, "person_scores": None,
            "ids": ids}  # fmt: skip


def _warp_affine(d):
    matrix = np.eye(2, 3) + d.array((2, 3), -0.25, 0.25)
    size = d.size(1, 9), d.size(1, 9)
    return {"image": d.image(), "matrix": matrix, "size": size, "opencv4": d.chance()}


SKELETONS = {
    "aliases": lambda d: {},
    "conversion_table": lambda d: {
        "source": d.skeleton(), "target": d.choice(COCO_17, BODY_25),
        "derive": d.choice(True, False, ()),
    },
    "estimate_sigmas": lambda d: {
        "repeated_labels": d.points((d.size(1, 3), 4, d.size(1, 3))), "areas": d.array(4, 1, 4),
    },
    "find": lambda d: {"name": d.choice("COCO_17", "hand-21", "whole body 133")},
    "find_skeletons": lambda d: {"num_keypoints": d.size(0, 30)},
    "skeleton_names": lambda d: {"group": d.choice(None, "body", "hand")},
}  # fmt: skip

CODEC = {
    "boxes_around": lambda d: {"poses": d.poses(4), "margin": d.number(0, 1)},
    "assign": lambda d: {
        "cost": d.array((d.size(0, 4), d.size(0, 4))), "unassigned": d.choice(None, d.number()),
    },
    "box_nms": _box_nms,
    "box_targets": lambda d: {
        "boxes": d.boxes(d.size(0, 3)), "size": d.choice(8, (6, 9)), "grid": d.grid(),
        "overlap": d.number(0.0625, 1),
    },
    "decode_boxes": _decode_boxes,
    "decode_heatmaps": lambda d: {
        "heatmaps": d.maps(d.size(0, 2), d.size()),
        "refine": d.choice("argmax", "quarter", "parabola", "log_parabola", "dark"),
        "grid": d.grid(), "blur_kernel": d.choice(3, 5),
    },
    "decode_simcc": _simcc,
    "expected_oks": lambda d: {
        "heatmaps": d.maps(3), "sigmas": d.array(3, 0.0625, 1), "scale": d.number(),
    },
    "find_peaks": lambda d: {
        "heatmaps": d.maps(d.size(0, 3)), "threshold": d.number(0.0625, 1),
        "refine": d.choice("argmax", "quarter", "parabola", "log_parabola"),
        "min_distance": d.number(0, 2), "max_peaks": d.choice(None, 2),
    },
    "gaussian_heatmap": lambda d: {
        "size": d.choice(5, (4, 7)), "cx": d.number(), "cy": d.number(), "sigma": d.number(),
        "dtype": d.choice(np.float32, np.float64),
    },
    "gaussian_heatmaps": _gaussian_heatmaps,
    "group_paf": _group_paf,
    "group_tags": _group_tags,
    "heatmap_to_coords": lambda d: {"heatmaps": d.maps(d.size(0, 2), d.size())},
    "limb_scores": _limb_scores,
    "oks_nms": _oks_nms,
    "paf_fields": lambda d: {
        "poses": d.poses(4), "skeleton": CHAIN, "size": d.choice(8, (6, 9)), "width": d.number(),
        "grid": d.grid(), "dtype": d.choice(np.float32, np.float64),
    },
    "separate_peaks": _separate_peaks,
    "simcc_targets": lambda d: {
        "keypoints": d.points((d.size(0, 3), d.size()), 7), "size": (8, 10),
        "split_ratio": d.choice(1.0, 2.0), "sigma": d.choice(None, d.number()), "visibility": None,
    },
    "smooth_heatmaps": lambda d: {"heatmaps": d.maps(d.size(0, 3)), "sigma": d.number(0, 2)},
    "tag_loss": _tag_loss,
    "tag_targets": lambda d: {
        "poses": d.poses(4), "size": d.choice(8, (6, 9)), "visibility": None, "grid": d.grid(),
    },
}  # fmt: skip

DATA = {
    "SyntheticPeople": lambda d: {
        "num_images": d.size(0, 3), "seed": d.size(0, 9), "size": d.choice(32, (24, 40)),
        "people": d.choice(1, (0, 2)),
    },
    "change_colours": lambda d: {"image": d.image(4), "rng": d.generator()},
    "flip_scene": lambda d: {"scene": d.scene(4), "skeleton": CHAIN},
    "four_markers": lambda d: {
        "num_images": d.size(0, 2), "rng": d.generator(), "size": d.choice(48, 64),
        "style": d.choice("distinct", "identical", "classic"),
    },
    "hide_patches": lambda d: {"scene": d.scene(4), "rng": d.generator(), "most": d.size(0, 3)},
    "moving_crowd": lambda d: {
        "rng": d.generator(), "people": d.size(0, 3), "frames": d.size(1, 4),
    },
    "random_view": lambda d: {
        "image_size": (9, 12), "size": d.choice(8, (7, 9)), "rng": d.generator(),
        "strength": d.number(0, 1),
    },
    "synthetic_scene": lambda d: {
        "rng": d.generator(), "size": d.choice(32, (24, 40)), "num_people": d.size(0, 2),
    },
    "two_figures": lambda d: {"num_images": d.size(0, 2), "rng": d.generator(), "size": 64},
    "warp_scene": lambda d: {
        "scene": d.scene(4), "view": np.eye(2, 3) + d.array((2, 3), -0.25, 0.25),
        "size": d.choice(8, (6, 9)),
    },
}  # fmt: skip

IMAGE = {
    "check_image": lambda d: {"name": "image", "image": d.image()},
    "DrawStyle": lambda d: {
        "colours": d.choice("skeleton", "person", "keypoint", "side"),
        "width": d.choice(None, d.number()), "points": d.number(0, 3), "opacity": d.number(0, 1),
        "opacity_by_score": d.chance(), "min_score": d.choice(None, d.number(0, 1)),
        "labels": d.choice("none", "names", "numbers"), "boxes": d.chance(), "ids": d.chance(),
        "scores": d.chance(), "background": d.choice("image", "transparent"),
    },
    "draw_fields": lambda d: {
        "image": d.image(), "fields": d.array((6, 3, 4), -1, 1), "skeleton": CHAIN,
        "grid": d.grid(), "opacity": d.number(0, 1),
    },
    "draw_heatmaps": lambda d: {
        "image": d.image(), "heatmaps": d.maps(2), "opacity": d.number(0, 1),
        **d.choice({"grid": d.grid()}, {"grid": Grid(2), "matrix": [[2, 0, 0.5], [0, 3, 1]]}),
    },
    "draw_poses": lambda d: {
        "image": d.image(), "poses": d.poses(4), "skeleton": CHAIN,
        "width": d.choice(None, d.number()), "opacity": d.number(0, 1),
        "style": d.choice(None, DrawStyle("person", boxes=True, opacity_by_score=True)),
    },
    "draw_trails": lambda d: {
        "image": d.image(), "frames": [d.poses(4), d.poses(4)], "keypoint": d.choice(None, 1),
        "width": d.choice(None, d.number()), "opacity": d.number(0, 1),
    },
    "id_colours": lambda d: {"ids": d.integers(3, -9, 99)},
    "keypoint_colours": lambda d: {"skeleton": d.skeleton()},
    "map_colours": lambda d: {"values": d.array(3)},
    "show": lambda d: {"array": d.choice(d.image(), d.maps(2), d.maps())},
    "side_colours": lambda d: {"skeleton": d.skeleton()},
    "resize": lambda d: {
        "image": d.image(), "size": d.choice(5, (4, 9)),
        "method": d.choice("auto", "nearest", "bilinear", "area"),
    },
    "resize_matrix": lambda d: {
        "n_in": d.size(1, 9), "n_out": d.size(1, 9), "method": d.choice("nearest", "bilinear"),
        "scale": d.choice(None, d.number()),
    },
    "resize_weights": lambda d: {
        "n_in": d.size(1, 9), "n_out": d.size(1, 9), "method": d.choice("area", "bicubic"),
        "scale": d.choice(None, d.number()),
    },
    "warp_affine": _warp_affine,
}  # fmt: skip

OBJECTS = {
    "Grid": lambda d: {
        "stride": d.choice(2.0, (1.0, 4.0)), "convention": d.choice("index", "centre", "corner"),
    },
    "Grid.flip_shift": lambda d: {"self": d.grid() or Grid()},
    "Grid.to_image": lambda d: {"self": d.grid() or Grid(), "points": d.points(3), "map_size": 8},
    "Grid.to_map": lambda d: {"self": d.grid() or Grid(), "points": d.points(3), "map_size": 8},
    "Poses": _poses,
    "Poses.convert": lambda d: {
        "self": d.poses(17), "source": COCO_17, "target": d.choice(COCO_17, BODY_25),
        "derive": d.choice(True, False, ()),
    },
    "Poses.empty": lambda d: {"num_keypoints": d.size(0, 5)},
    "Poses.to_coco": lambda d: {
        "self": d.poses(4), "image_id": d.choice(3, "a"), "category_id": d.size(),
    },
    "Poses.to_dict": lambda d: {"self": d.poses(4), "skeleton": CHAIN},
    "Poses.with_keypoints": lambda d: {
        "self": Poses(np.ones((2, 4, 2))), "keypoints": d.points((2, 4)),
    },
    "Skeleton": lambda d: {
        "name": "s", "keypoints": ("a", "b", "c"), "limbs": d.choice((), ((0, 1), (1, 2))),
        "pairs": d.choice((), ((0, 2),)), "sigmas": d.choice(0.5, (0.5, 1.0, np.nan)),
        "paf_channels": None, "redundant_limbs": (), "group_order": d.choice(None, (2, 0, 1)),
        "group": d.choice("", "body"), "source": "a paper", "note": "",
    },
    "Skeleton.columns_of": lambda d: {"self": d.skeleton(), "other": d.skeleton()},
}  # fmt: skip

CALLS = {
    **CODEC, **DATA, **IMAGE, **OBJECTS, **SKELETONS,
    **calls_metrics.CALLS, **calls_nn.CALLS, **calls_space.CALLS, **calls_training.CALLS,
    **calls_models.CALLS, **calls_io.CALLS, **calls_tracking.CALLS,
}  # fmt: skip


def invoke(name, function, arguments):
    """Call the function; a layer is built, then run forward and backward on "x"."""
    wrappers = {**calls_nn.WRAPPERS, **calls_training.WRAPPERS, **calls_models.WRAPPERS}
    return wrappers.get(name, calls_nn.run)(function, arguments)
