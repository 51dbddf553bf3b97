"""Bottom-up: an image to poses. The network sees all people at once; then keypoints are grouped.

    image -> resized input -> heatmaps, and fields or tags -> grouping -> people

Part affinity fields are grouped by `group_paf` (Cao et al., CVPR 2017, arXiv:1611.08050), tags by
`group_tags`, after both maps are enlarged to the input's size (Cheng et al., "HigherHRNet", CVPR
2020, arXiv:1908.10357). Keypoints go back through two grids: from the map to the input (the
network's stride) and from the input to the image (pipeline/fit.py). Departure: sides are made
multiples of the network's ``size_multiple`` by stretching, by at most half a multiple, and not by
padding. So maps of several scales coincide, and the edge of a map is always the edge of the image.
Networks that `models.load_published` loads by name are used as their scores were measured.

Two options are more exact and take more time. With several scales, maps are averaged at the size of
the first. With the flip test, maps are averaged with those of the flipped image; its tags are not
averaged but are a second number per pixel, which `group_tags` compares too. Tags are taken from
the first scale only, since a person's tag depends on the scale.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from npkpose import nn
from npkpose._check import (
    MAX_SIDE,
    check_array,
    check_choice,
    check_flag,
    check_integer,
    check_kind,
    check_number,
)
from npkpose.codec.heatmap.blur import smooth_heatmaps
from npkpose.codec.paf.group import PAF_VARIANTS, group_paf
from npkpose.codec.tags.group import group_tags
from npkpose.grid import Grid
from npkpose.image.resize import resize
from npkpose.pipeline.fit import Stretched, can_pad, pad
from npkpose.pipeline.flip import flip, flip_fields, flip_maps
from npkpose.pipeline.run import run
from npkpose.pipeline.source import check_network, input_size, is_batch, load_image
from npkpose.poses import Poses

GROUPINGS = ("paf", "tags")
MAX_SCALE = 1000.0


class BottomUp:
    """Find all people in an image with a network of heatmaps and of fields or tags.

    Parameters
    ----------
    model : network such as `models.OpenPoseMobileNetV2` or `models.HigherHRNet`
        Has ``preprocess``, ``split``, ``skeleton``, ``stride`` and ``size_multiple``; may have
        ``thresholds`` (a dict as below, or a name in `PAF_VARIANTS`), ``blur`` (the sigma of
        `smooth_heatmaps`), and ``grouping``, "paf" or "tags". Without ``grouping``, a network
        with thresholds has fields and one without has tags. ``fit = "pad"`` keeps an image's
        shape, if there is one scale; ``convention = "corner"`` (of `Grid`) is for tags of a
        network that was trained with UDP. Switched to evaluation mode.
    height : int, optional
        Height of the network's input, rounded to a size that it accepts; the width keeps the aspect
        ratio. If the network has ``short_side``, this is the length of the shorter side. A larger
        input shows smaller people and takes longer. Default: the network's ``input_height``. An
        image longer than 16 times this is enlarged less: to 16 height^2 pixels.
    thresholds : dict, optional
        Arguments of `group_paf` or `group_tags` that replace the network's own.
    scales : sequence of float
        Heights of the inputs, in units of ``height``.
    flip : bool, optional
        Do the flip test. Default: the network's ``flip``, or else False.

    Raises
    ------
    ValueError
        A height below the network's ``size_multiple``, no scales, or one that is not positive.
    """

    watch = None  # if set, called with maps (1, K, h, w), their grid and the input's matrix

    def __init__(
        self, model: Any, height: int | None = None, thresholds: Any = None, *,
        scales: Sequence[float] = (1.0,), flip: bool | None = None,
    ) -> None:  # fmt: skip
        names = "preprocess", "split", "skeleton", "stride", "size_multiple"
        self.model = check_network(model, names)
        height = getattr(model, "input_height", 432) if height is None else height
        self.height = check_integer("height", height, model.size_multiple, MAX_SIDE)
        own = getattr(model, "thresholds", None)
        if isinstance(own, str):
            own = PAF_VARIANTS[check_choice("model.thresholds", own, PAF_VARIANTS)]
        grouping = getattr(model, "grouping", "tags" if own is None else "paf")
        self.grouping = check_choice("model.grouping", grouping, GROUPINGS)
        check_kind("thresholds", {} if thresholds is None else thresholds, dict)
        self.thresholds = {**(own or {}), **(thresholds or {})}
        scales = check_array("scales", scales, ("N",), largest=MAX_SCALE)
        self.scales = tuple(check_number("scales", scale, above=0.0) for scale in scales)
        if not self.scales:
            raise ValueError("scales: expected at least one, got none")
        self.flip = check_flag("flip", getattr(model, "flip", False) if flip is None else flip)
        self._convention = getattr(model, "convention", "centre")

    def __call__(self, image: Any) -> Any:
        """Return the `Poses` of one image, in its pixels, or a list of them for several.

        Parameters
        ----------
        image : path, or array_like of shape (H, W, 3), uint8 RGB
            Or several: a list of these, or an array (N, H, W, 3).

        Raises
        ------
        ValueError
            Not an image, or a threshold that the grouping refuses.
        """
        if is_batch(image):
            return [self._find(load_image(each)) for each in image]
        return self._find(load_image(image))

    def run(self, source: Any, failed: Any = None) -> Iterator[tuple[Any, Poses]]:
        """Yield (frame, poses) for each image of a source, such as a video or folder.

        The next image is read, and the last one's people are used, while the network runs.
        ``source`` and ``failed`` are those of `npkpose.sources.frames`, ``frame`` is its `Frame`.
        """
        return run((self._prepare, self._forward, self._finish), source, failed)

    def maps(self, image: Any) -> tuple[NDArray, NDArray]:
        """Return an image's heatmaps (C, h, w) and fields (2 L, h, w) or tags (K, h, w, T)."""
        return self._forward(self._prepare(image))

    def _prepare(self, image):
        """Return the network's inputs, one for each scale."""
        fits = [self._fit(image.shape, scale) for scale in self.scales]
        return [self.model.preprocess(fit.to_input(image)) for fit in fits]

    def _forward(self, inputs):
        """Return heatmaps (C, h, w) and fields (2 L, h, w) or tags (K, h, w, T)."""
        first, *others = [self._maps_of(x) for x in inputs]
        size = first[0].shape[2:]
        heatmaps = _mean([first[0][0]] + [_resize_maps(other[0][0], size) for other in others])
        if self.grouping == "tags":
            return heatmaps, np.moveaxis(first[1], 0, -1)
        fields = _mean([first[1][0]] + [_resize_maps(other[1][0], size) for other in others])
        return heatmaps, fields

    def _find(self, image):
        maps = self.maps(image)
        if self.watch is not None:
            self.watch(*self._shown(image.shape, maps[0]))
        return self._finish(image.shape, maps)

    def _shown(self, shape, heatmaps):
        """Return keypoints' maps (1, K, h, w), their grid, and the matrix of the input."""
        fit, convention = self._fit(shape, self.scales[0]), "centre"
        if self.grouping == "tags":
            convention = self._convention
        (h, w), (H, W) = heatmaps.shape[1:], fit.size
        start, end = fit.to_image(np.array([[0.0, 0.0], [1.0, 1.0]]))
        matrix = np.column_stack([np.diag(end - start), start])
        own = heatmaps[: self.model.skeleton.num_keypoints]
        return own[None], Grid((W / w, H / h), convention), matrix[None]

    def _finish(self, shape, maps):
        """Return the `Poses` in an image of this shape."""
        fit = self._fit(shape, self.scales[0])
        group = self._group_fields if self.grouping == "paf" else self._group_tags
        poses = group(*maps, fit.size)
        return poses.with_keypoints(fit.to_image(poses.keypoints))

    def _group_fields(self, heatmaps, fields, size):
        # Pixels of both are areas: the network was trained with targets reduced by areas.
        grid = Grid(self.model.stride, "centre")
        return group_paf(heatmaps, fields, self.model.skeleton, grid, **self.thresholds)

    def _group_tags(self, heatmaps, tags, size):
        enlarge = _resize_corners if self._convention == "corner" else _resize_maps
        heatmaps = enlarge(heatmaps, size)
        tags = np.stack([enlarge(tags[..., t], size) for t in range(tags.shape[-1])], axis=-1)
        return group_tags(heatmaps, tags, self.model.skeleton, **self.thresholds)

    def _maps_of(self, x):
        """Return heatmaps (1, C, h, w), and fields (1, 2 L, h, w) or tags (T, K, h, w)."""
        heatmaps, others = self._split(x)
        if not self.flip:
            return heatmaps, others
        skeleton = self.model.skeleton
        flipped, flipped_others = self._split(flip(x))
        heatmaps = (heatmaps + flip_maps(flipped, skeleton)) / 2
        if self.grouping == "paf":
            return heatmaps, (others + flip_fields(flipped_others, skeleton)) / 2
        return heatmaps, np.concatenate([others, flip_maps(flipped_others, skeleton)])

    def _split(self, x):
        """Return heatmaps and others of one input; tags, channels (1, T K), become (T, K, h, w)."""
        heatmaps, others = self.model.split(self.model(x))
        if hasattr(self.model, "blur"):
            heatmaps = smooth_heatmaps(heatmaps, self.model.blur)
        if self.grouping == "tags":
            others = others.reshape(-1, self.model.skeleton.num_keypoints, *others.shape[2:])
        return heatmaps, others

    def _fit(self, shape, scale):
        """Return how an image of this shape lies in the input."""
        shape = tuple(shape[:2])
        size = self._input_size(shape, scale)  # which refuses an image that is too large
        if getattr(self.model, "fit", "stretch") != "pad" or len(self.scales) > 1:
            return Stretched(shape, size)
        if not can_pad(shape):
            return Stretched(shape, size)
        return pad(shape, scale * self.height, self.model.size_multiple, self._convention)

    def _input_size(self, shape, scale):
        """Return height and width of the network's input, multiples of ``size_multiple``."""
        return input_size(self.model, shape, scale * self.height)


def _resize_maps(maps, size):
    """Return maps (C, h, w) at another size; unlike `Upsample`, in linear time for long images."""
    resized = resize(np.moveaxis(maps, 0, -1), size, "bilinear")
    return np.ascontiguousarray(np.moveaxis(resized, -1, 0))


def _resize_corners(maps, size):
    """Return the same where the corners' pixel centres coincide."""
    return nn.Upsample(size=size, mode="bilinear", align_corners=True)(maps[None])[0]


def _mean(maps):
    return sum(maps) / np.float32(len(maps))
