"""All steps from an image to people, kept: the arrays that the figures show."""

from dataclasses import dataclass, field

import numpy as np

from npkpose._check import check_array, check_kind
from npkpose.codec.heatmap.decode import decode_heatmaps
from npkpose.codec.heatmap.merged_peaks import separate_peaks
from npkpose.codec.heatmap.peaks import Peaks, find_peaks
from npkpose.codec.paf.candidates import Limits, candidate_limbs
from npkpose.codec.paf.group import group_paf
from npkpose.codec.paf.limbs import connect_limbs
from npkpose.grid import Grid
from npkpose.image.files import check_image
from npkpose.image.resize import resize
from npkpose.pipeline import BottomUp, TopDown
from npkpose.poses import Poses
from npkpose.skeleton import Skeleton


@dataclass
class Trace:
    """What a pipeline made of one image, step after step.

    ``kind`` is "fields", "tags" or "crop". Points of maps become those of ``input`` by ``grid``;
    ``poses`` are in pixels of ``image``. ``candidates`` are as `candidate_limbs` returns them,
    ``tags`` are the numbers of each keypoint's tag.
    """

    kind: str
    skeleton: Skeleton
    image: np.ndarray  # (H, W, 3)
    input: np.ndarray  # (h, w, 3): what the network sees
    heatmaps: np.ndarray  # (K, h / stride, w / stride)
    grid: Grid
    peaks: Peaks
    poses: Poses
    fields: np.ndarray | None = None  # (C, h / stride, w / stride)
    candidates: tuple = ()
    connections: tuple = ()
    tags: np.ndarray | None = None  # (P, K, T)
    settings: dict = field(default_factory=dict)  # arguments of `group_paf`


def trace_image(pipeline, image, box=None):
    """Return the `Trace` of one image.

    Parameters
    ----------
    pipeline : BottomUp, or TopDown with a network of heatmaps
    image : array_like, shape (H, W, 3), uint8 RGB
    box : array_like, shape (4,), optional
        Of the person, for `TopDown`; default the whole image.

    Raises
    ------
    ValueError
        Another pipeline, or not an image.
    """
    image = check_image("image", image)
    if isinstance(pipeline, TopDown):
        return _trace_crop(pipeline, image, box)
    check_kind("pipeline", pipeline, BottomUp)
    if box is not None:
        raise ValueError("box: expected none, since the network sees the whole image")
    heatmaps, others = pipeline.maps(image)
    seen = resize(image, pipeline._input_size(image.shape, pipeline.scales[0]))
    steps = _trace_fields if pipeline.grouping == "paf" else _trace_tags
    return steps(pipeline, image, seen, heatmaps, others)


def _trace_fields(pipeline, image, seen, heatmaps, fields):
    skeleton = pipeline.model.skeleton
    settings = group_paf.__kwdefaults__ | pipeline.thresholds
    heatmaps = heatmaps[: skeleton.num_keypoints].astype(np.float32)
    peaks = find_peaks(heatmaps, settings["threshold"])
    if settings["separate"]:
        peaks = separate_peaks(heatmaps, peaks, settings["threshold"])
    limits = Limits(*(settings[name] for name in Limits._fields))
    fields = fields.astype(np.float32)
    arguments = peaks, fields, skeleton, settings["num_samples"], limits
    return Trace(
        "fields", skeleton, image, seen, heatmaps, Grid(pipeline.model.stride, "centre"), peaks,
        pipeline(image), fields, candidate_limbs(*arguments),
        connect_limbs(*arguments, settings["matching"]), settings=settings,
    )  # fmt: skip


def _trace_tags(pipeline, image, seen, heatmaps, tags):
    skeleton, poses = pipeline.model.skeleton, pipeline(image)
    heatmaps = heatmaps[: skeleton.num_keypoints]
    peaks = find_peaks(heatmaps, pipeline.thresholds.get("threshold", 0.1))
    scale = np.array(heatmaps.shape[:0:-1]) / image.shape[1::-1]  # image to map
    places = np.nan_to_num((poses.keypoints + 0.5) * scale - 0.5)
    x, y = np.rint(places).astype(int).clip(0, np.array(heatmaps.shape[:0:-1]) - 1).T
    own = tags[np.arange(skeleton.num_keypoints)[:, None], y, x].swapaxes(0, 1)
    own = np.where(poses.present[..., None], own, np.nan)
    grid = Grid(tuple(seen.shape[1::-1] / np.array(heatmaps.shape[:0:-1])), "centre")
    return Trace("tags", skeleton, image, seen, heatmaps, grid, peaks, poses, tags=own)


def _trace_crop(pipeline, image, box):
    """Return the steps of the person in a box."""
    if pipeline._locates:
        raise ValueError("pipeline: expected a network of heatmaps, got one that gives keypoints")
    box = (0, 0, *image.shape[1::-1]) if box is None else box
    boxes = check_array("box", box, (4,))[None]
    crop = pipeline._crop(image, pipeline._matrices(boxes, None, pipeline.padding)[0])
    heatmaps = pipeline.heatmaps(crop[None])[0]
    points, scores = decode_heatmaps(heatmaps[None], pipeline.refine)
    found = scores[0] > 0
    first = np.concatenate([[0], found.cumsum()])
    peaks = Peaks(points[0][found], scores[0][found], first)
    return Trace(
        "crop", pipeline.model.skeleton, image, crop, heatmaps, pipeline.grid, peaks,
        pipeline(image, boxes),
    )  # fmt: skip
