"""A picture to people, bottom-up: one look at everybody, then who has which keypoint.

    picture -> resized input -> heatmaps, and fields or tags -> grouping -> people

Part affinity fields are grouped by `group_paf` (Cao et al., CVPR 2017, arXiv:1611.08050), tags by
`group_tags`, after both maps are enlarged to the input's size (Cheng et al., "HigherHRNet", CVPR
2020, arXiv:1908.10357). Two grids take a keypoint home: from the map to the input (the network's
stride) and from the input to the picture (the resize). A side becomes a whole multiple of what
the network takes by stretching, by at most half a multiple, where others pad: maps of several
scales then lie on one another, and no map has an edge that is not the picture's.

Two options trade time for exactness. With several scales the maps are averaged at the size of
the first. With the flip test those of the mirror image join in; its tags are no average but a
second opinion, which `group_tags` compares beside the first. Tags are the first scale's only:
what number a person gets depends on the scale.
"""

import numpy as np

from npkpose._check import check_choice, check_integer, check_number
from npkpose.codec.paf.group import group_paf
from npkpose.codec.tags.group import group_tags
from npkpose.grid import Grid
from npkpose.image.resize import resize
from npkpose.nn.upsample import Upsample
from npkpose.pipeline.flip import mirror, mirror_fields, mirror_maps
from npkpose.pipeline.source import is_batch, read_picture

GROUPINGS = ("paf", "tags")
MOST_PIXELS = 32_000_000  # of an input: a network takes some hundred bytes for each


class BottomUp:
    """Find everybody in a picture with a network of heatmaps and of fields or tags.

    Parameters
    ----------
    model : network such as `models.OpenPoseMobileNetV2` or `models.HigherHRNet`
        Has ``preprocess``, ``split``, ``skeleton``, ``stride`` and ``size_multiple``; may have
        ``thresholds``, and ``grouping``, "paf" or "tags". Without that, a network with thresholds
        has fields and one without has tags. Switched to evaluation mode.
    height : int, optional
        Height of the network's input, rounded to what the network takes; the width keeps the
        picture's shape. Where the network has ``short_side``, it is that of the shorter side.
        Larger finds smaller people and takes longer. Default: the network's ``input_height``.
    thresholds : dict, optional
        Arguments of `group_paf` or `group_tags` that replace the network's own.
    scales : sequence of float
        Heights of the inputs, in units of ``height``.
    flip : bool
        Look at the mirror image too.

    Raises
    ------
    ValueError
        A height below the network's ``size_multiple``, no scales, or one that is not positive.
    """

    def __init__(self, model, height=None, thresholds=None, *, scales=(1.0,), flip=False):
        self.model = model.eval()
        height = getattr(model, "input_height", 432) if height is None else height
        self.height = check_integer("height", height, at_least=model.size_multiple)
        own = getattr(model, "thresholds", None)
        grouping = getattr(model, "grouping", "tags" if own is None else "paf")
        self.grouping = check_choice("model.grouping", grouping, GROUPINGS)
        self.thresholds = {**(own or {}), **(thresholds or {})}
        self.scales = tuple(check_number("scales", scale, above=0.0) for scale in scales)
        if not self.scales:
            raise ValueError("scales: expected at least one, got none")
        self.flip = bool(flip)

    def __call__(self, image):
        """Return the `Poses` of one picture, in its own pixels, or a list of them for several.

        Parameters
        ----------
        image : path of a picture, or array_like of shape (H, W, 3), uint8 RGB
            Or several: a list of these, or an array (N, H, W, 3).

        Raises
        ------
        ValueError
            None of these, or a threshold that the grouping refuses.
        """
        if is_batch(image):
            return [self._find(read_picture(one)) for one in image]
        return self._find(read_picture(image))

    def maps(self, image):
        """Return a picture's heatmaps (C, h, w) and fields (2 L, h, w) or tags (K, h, w, T)."""
        heatmaps, others = self._look(image, self.scales[0])
        heatmaps, others = [heatmaps], [others]
        for scale in self.scales[1:]:
            more, more_others = self._look(image, scale)
            enlarge = Upsample(heatmaps[0].shape[2:], mode="bilinear").eval()
            heatmaps.append(enlarge(more))
            if self.grouping == "paf":
                others.append(enlarge(more_others))
        mean = sum(heatmaps) / np.float32(len(heatmaps))
        if self.grouping == "paf":
            return mean[0], sum(others)[0] / np.float32(len(others))
        return mean[0], np.moveaxis(others[0], 0, -1)

    def _find(self, image):
        heatmaps, others = self.maps(image)
        size = self._input_size(image.shape, self.scales[0])
        skeleton = self.model.skeleton
        if self.grouping == "paf":
            # Both steps are pictures of areas: the network was taught with shrunken targets.
            grid = Grid(self.model.stride, "centre")
            poses = group_paf(heatmaps, others, skeleton, grid, **self.thresholds)
        else:
            enlarge = Upsample(size, mode="bilinear").eval()
            heatmaps = enlarge(heatmaps[None])[0]
            tags = np.moveaxis(enlarge(np.moveaxis(others, -1, 0)), 0, -1)
            tags = np.ascontiguousarray(tags)  # (K, H, W, T), or each step of it copies them
            poses = group_tags(heatmaps, tags, skeleton, **self.thresholds)
        home = Grid((image.shape[1] / size[1], image.shape[0] / size[0]), "centre")
        return poses.with_keypoints(home.to_image(poses.keypoints))

    def _look(self, image, scale):
        """Return heatmaps (1, C, h, w), and fields (1, 2 L, h, w) or tags (T, K, h, w)."""
        x = self.model.preprocess(resize(image, self._input_size(image.shape, scale)))
        heatmaps, others = self._split(x)
        if not self.flip:
            return heatmaps, others
        skeleton = self.model.skeleton
        mirrored, mirrored_others = self._split(mirror(x))
        heatmaps = (heatmaps + mirror_maps(mirrored, skeleton)) / 2
        if self.grouping == "paf":
            return heatmaps, (others + mirror_fields(mirrored_others, skeleton)) / 2
        return heatmaps, np.concatenate([others, mirror_maps(mirrored_others, skeleton)])

    def _split(self, x):
        """Return the maps of one input; tags of T numbers, channels (1, T K), as (T, K, h, w)."""
        heatmaps, others = self.model.split(self.model(x))
        if self.grouping == "tags":
            others = others.reshape(-1, self.model.skeleton.num_keypoints, *others.shape[2:])
        return heatmaps, others

    def _input_size(self, shape, scale):
        """Height and width of the network's input, in whole multiples."""
        multiple = self.model.size_multiple
        whole = min(shape[:2]) if getattr(self.model, "short_side", False) else shape[0]
        sides = (scale * self.height / whole * side for side in shape[:2])
        size = tuple(max(round(side / multiple), 1) * multiple for side in sides)
        if size[0] * size[1] > MOST_PIXELS:
            raise ValueError(
                f"image: expected sides that give an input of at most {MOST_PIXELS:,} pixels, "
                f"got {shape[1]} x {shape[0]} and thus {size[1]} x {size[0]}"
            )
        return size
